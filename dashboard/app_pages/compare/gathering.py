"""The results of several networks on one window: at hand at once, or computed one by one while the visitor watches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.presentation.formatting import sentence
from dashboard.presentation.model_options import Offer
from dashboard.runtime.compute import Outcome, at_hand, computed
from dashboard.state import session, visitor
from dashboard.state.target import Place
from dashboard.widgets import thumbnails
from dashboard.widgets.progress import how_far
from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.result import Attribution, displayed
from lam_core.service.service import Status

Answered = tuple[Offer, AttributionRequest | None, Outcome[Attribution]]


def gather(place: Place, selected: Sequence[Offer]) -> list[Answered]:
    """What every selected network gives for the place. What is missing is computed if the view was asked for."""
    answers: list[Answered] = []
    for offer in selected:
        request, outcome = at_hand(visitor.service(place.picture), partial(place.request, offer.key))
        answers.append((offer, request, outcome))
    missing = [k for k, (_, request, outcome) in enumerate(answers) if request and not _is_settled(outcome)]
    now = [k for k in missing if session.wanted(place.view) or answers[k][0].is_quick]
    slot = st.empty()
    for turn, k in enumerate(now, 1):
        offer, request, _ = answers[k]
        assert request is not None
        answers[k] = offer, request, _watched(place, request, f"{offer.label}, {turn} of {len(now)}", slot)
    slot.empty()
    if len(now) < len(missing):
        names = ", ".join(answers[k][0].label for k in missing if k not in now)
        st.info(f"Press Compute, or Enter, for what is not computed yet here: {names}.", icon=":material/touch_app:")
    settled = [outcome for _, _, outcome in answers if _is_settled(outcome)]
    if len(settled) == len(answers) and sum(outcome.result is not None for outcome in settled) < 2:
        st.info("A comparison needs the maps of at least two networks: switch on another.", icon=":material/info:")
    for offer, _, outcome in answers:
        if outcome.failure:
            st.warning(f"{offer.label}: {sentence(outcome.failure)}", icon=":material/error:")
        if outcome.note:
            st.caption(f":material/info: {outcome.note}")
    return answers


def _is_settled(outcome: Outcome) -> bool:
    return outcome.result is not None or bool(outcome.failure)


def _watched(place: Place, request: AttributionRequest, title: str, slot: DeltaGenerator) -> Outcome[Attribution]:
    lr, _ = place.picture.part(place.field)
    with slot.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"Computing the map of **{title}**", width="stretch")
            st.button("Cancel", on_click=session.give_up, key=f"cancel-{title}")
        bar, preview = st.empty(), st.empty()

    def draw(status: Status) -> None:
        now = status.progress
        values = displayed(now.signed) if now is not None and now.signed.any() else np.zeros(lr.shape[:2])
        preview.image(
            thumbnails.preview(lr, values, place.local, place.picture.scale),
            width=320,
            output_format="PNG",
            alt=f"Preview of the map of {title}",
        )
        bar.progress(*how_far(status))

    draw(Status("model"))
    return computed(visitor.service(place.picture), request, draw)
