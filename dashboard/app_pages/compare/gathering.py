"""The results of several networks on one window: stored ones, or computed one by one while the visitor watches."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.app_pages.compare.comparison import Answered
from dashboard.presentation.formatting import sentence
from dashboard.runtime.compute import Outcome, at_hand
from dashboard.state import session, visitor
from dashboard.state.target import AttributionTarget
from dashboard.widgets import run_panel, thumbnails
from lam_core.attribution.result import Attribution
from lam_core.service.service import Status


def gather(target: AttributionTarget) -> list[Answered]:
    """What every selected network gives there. What is missing is computed if the view was asked for."""
    answers: list[Answered] = []
    for offer in target.selected:
        request, outcome = at_hand(visitor.service(target.picture), partial(target.request, offer.key))
        answers.append((offer, request, outcome))
    missing = [k for k, (_, request, outcome) in enumerate(answers) if request and not _is_settled(outcome)]
    now = [k for k in missing if session.is_to_compute(target.view, answers[k][0])]
    if now:
        slot, preview = st.empty(), st.empty()
        works = [_work(target, answers[k], preview) for k in now]
        outcomes = run_panel.run(works, key="maps", give_up=partial(session.give_up, target.view.question), slot=slot)
        preview.empty()
        for k, outcome in zip(now, outcomes, strict=True):
            answers[k] = (*answers[k][:2], outcome)
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


def _work(target: AttributionTarget, asked: Answered, preview: DeltaGenerator) -> run_panel.Work[Outcome[Attribution]]:
    offer, request, _ = asked
    assert request is not None
    lr, _ = target.picture.part(target.field)

    def show(status: Status) -> None:
        known = status.progress.preview if status.progress else None
        values = np.zeros(lr.shape[:2]) if known is None else known
        preview.image(
            thumbnails.preview(lr, values, target.local, target.picture.scale),
            width=320,
            output_format="PNG",
            alt=f"Preview of the map of {offer.label}",
        )

    return run_panel.request_work(offer.label, visitor.service(target.picture), request, show=show)
