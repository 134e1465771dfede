"""Analyses for a design: those that ship, those in the store, and those that are computed while the visitor watches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st

from dashboard.app_pages.semantics.images_form import Material
from dashboard.app_pages.semantics.networks import Examined, full_name
from dashboard.gallery.semantics import shipped
from dashboard.presentation.formatting import sentence
from dashboard.presentation.model_options import Offer
from dashboard.runtime.compute import computed, reason
from dashboard.state import user_models, visitor
from dashboard.widgets.progress import share_fetched, waiting_for
from lam_core.semantics.requests import AnalysisRequest
from lam_core.service.request import Request
from lam_core.service.service import Status

R = TypeVar("R")


@dataclass(frozen=True, eq=False)
class Missing:
    """A network that is not analysed yet."""

    offer: Offer
    request: AnalysisRequest


@dataclass(frozen=True, eq=False)
class Gathered:
    """What there is of the networks asked for."""

    examined: tuple[Examined, ...]
    missing: tuple[Missing, ...]
    without_weights: tuple[Offer, ...]
    """Networks whose shipped results are all that is here, asked about other pictures."""
    failures: tuple[str, ...]
    """A sentence for every network of which nothing can be had for another reason."""


def gather(offers: Sequence[Offer], material: Material) -> Gathered:
    """Everything that needs no computing."""
    examined, missing, without_weights, failures = [], [], [], []
    for offer in offers:
        if material.is_standard and shipped.is_answered("analysis", offer.key):
            examined.append(Examined(offer, shipped.analysis(offer.key), "shipped result"))
            continue
        if offer.only_shipped:
            without_weights.append(offer)
            continue
        try:
            request = AnalysisRequest(user_models.looked_into(offer.key), material.design)
            found = visitor.service(private=material.is_own).find(request)
        except Exception as error:
            failures.append(f"{full_name(offer)}: {sentence(reason(error, 'looking for an analysis'))}")
            continue
        if found is None:
            missing.append(Missing(offer, request))
        else:
            examined.append(Examined(offer, found, "from the store"))
    return Gathered(tuple(examined), tuple(missing), tuple(without_weights), tuple(failures))


def explain(without_weights: Sequence[Offer], instead: Sequence[str]) -> None:
    """Says that some networks cannot be asked about these pictures, and offers others, by key, in all their places."""
    names = ", ".join(full_name(offer) for offer in without_weights)
    st.warning(
        f"{names}: only results on the project's own images are here, not the weights to ask about others. "
        "`lam zoo fetch` takes those.",
        icon=":material/error:",
    )
    if instead:
        st.button("Ask compact networks instead", key="instead", on_click=_take, args=(tuple(instead),))


def _take(keys: tuple[str, ...]) -> None:
    st.session_state["nets"] = list(keys)


def compute(missing: Sequence[Missing], slot: Any, *, own: bool) -> tuple[list[Examined], list[str]]:
    """Computes what is missing, one network after the other, and says in `slot` how far it is."""
    done, failures = [], []
    for turn, one in enumerate(missing, 1):
        title = f"{full_name(one.offer)}, {turn} of {len(missing)}"
        result = watched(one.request, title, slot, key=f"cancel-{turn}", own=own)
        if isinstance(result, str):
            failures.append(f"{full_name(one.offer)}: {result}")
        else:
            done.append(Examined(one.offer, result, "computed now"))
    return done, failures


def watched(request: Request[R], title: str, slot: Any, *, key: str, own: bool) -> R | str:
    """The result of a request while a bar shows how far it is; one sentence if there is none. Cancel ends it.

    `own`: it is about pictures of the visitor's own.
    """
    with slot.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, f"{title}: starting", width="stretch")
        st.button("Cancel", key=key, on_click=give_up)

    def tell(status: Status) -> None:
        if status.progress is None:
            bar.progress(share_fetched(status), f"{title}: {waiting_for(status)}")
        else:
            words = waiting_for(status) if status.stage == "queue" else status.progress.task
            bar.progress(min(status.progress.share, 1.0), f"{title}: {words}")

    outcome = computed(visitor.service(private=own), request, tell)
    slot.empty()
    return outcome.result if outcome.result is not None else sentence(outcome.failure)


def ask(question: str) -> None:
    """Wants the answer to a question of this page computed."""
    st.session_state.semantics_asked = question


def is_asked(question: str) -> bool:
    """Whether a question is to be answered."""
    return st.session_state.get("semantics_asked") == question


def give_up() -> None:
    """Wants nothing computed any more."""
    st.session_state.semantics_asked = ""
