"""Analyses for a design: those that ship, those in the store, and those that are computed while the visitor watches."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from dashboard.app_pages.semantics.images_form import Material
from dashboard.app_pages.semantics.networks import Examined, full_name
from dashboard.gallery.semantics import shipped
from dashboard.presentation.formatting import sentence
from dashboard.presentation.model_options import Offer
from dashboard.runtime.compute import reason
from dashboard.state import session, user_models, visitor
from dashboard.widgets import run_panel
from lam_core.semantics.requests import AnalysisRequest


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


def compute(missing: Sequence[Missing], slot: Any, key: Hashable, *, own: bool) -> tuple[list[Examined], list[str]]:
    """Computes what is missing, one network after the other, and says in `slot` how far it is; Cancel gives up `key`.

    `own`: it is about pictures of the visitor's own.
    """
    service = visitor.service(private=own)
    works = [run_panel.request_work(full_name(one.offer), service, one.request) for one in missing]
    done, failures = [], []
    outcomes = run_panel.run(works, key="semantics", give_up=partial(session.give_up, key), slot=slot)
    for one, outcome in zip(missing, outcomes, strict=True):
        if outcome.result is None:
            failures.append(f"{full_name(one.offer)}: {sentence(outcome.failure)}")
        else:
            done.append(Examined(one.offer, outcome.result, "computed now"))
    return done, failures
