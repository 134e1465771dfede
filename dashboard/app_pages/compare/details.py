"""What folds open below a comparison: methods and checks of one network's map, and receptive fields of all."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.app_pages.compare import checks_panel, degraded_panel, fields_panel, methods_panel
from dashboard.app_pages.compare.comparison import Lineup
from dashboard.gallery.shipped import first_visit
from dashboard.presentation.formatting import sentence
from dashboard.presentation.model_options import Offer
from dashboard.runtime.compute import at_hand
from dashboard.state import session, visitor
from dashboard.state.target import AttributionTarget
from lam_core.attribution.checks.map_checks import Subject


def show(target: AttributionTarget, lineup: Lineup | None) -> None:
    """The panels, folded; what is in them is looked up when they are opened."""
    fields = st.expander(
        "Receptive fields of these networks", icon=":material/hub:", on_change="rerun", key="fields_open"
    )
    if fields.open:
        with fields:
            fields_panel.show(target)
    degraded = st.expander(
        "Clean beside degraded input", icon=":material/blur_on:", on_change="rerun", key="degraded_open"
    )
    if degraded.open:
        with degraded:
            degraded_panel.show(target)
    offer = _subject(target, lineup)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**More about the map of**", width="content")
        names = {one.key: one.label for one in target.selected}
        st.session_state["subject"] = offer.key
        st.selectbox(
            "Network",
            list(names),
            format_func=names.__getitem__,
            key="subject",
            on_change=_take_subject,
            args=(list(names),),
            label_visibility="collapsed",
            width=260,
        )
    methods = st.expander("Methods side by side", icon=":material/stacks:", on_change="rerun", key="methods_open")
    trust = st.expander("How far to trust this map", icon=":material/verified:", on_change="rerun", key="trust_open")
    if not (methods.open or trust.open):
        return
    request, outcome = at_hand(visitor.service(target.picture), lambda: target.request(offer.key))
    if request is None:
        st.warning(sentence(outcome.failure), icon=":material/error:")
        return
    able = not offer.only_shipped
    if methods.open:
        with methods:
            methods_panel.show(target, offer, request, able=able)
            _say(offer)
    if trust.open:
        with trust:
            checks_panel.show(
                target, offer, Subject(request, outcome.result, target.picture.hr, target.picture.id), able=able
            )
            _say(offer)


def _say(offer: Offer) -> None:
    if offer.only_shipped:
        st.caption(
            f"The weights of {offer.label} are not on this computer, so there is what was computed beforehand alone. "
            "Choose another network, or bring its weights by `lam zoo fetch`."
        )


def _subject(target: AttributionTarget, lineup: Lineup | None) -> Offer:
    offers = {one.key: one for one in target.selected}
    if chosen := offers.get(target.view.comparison.subject):
        return chosen
    examined = offers.get(first_visit().examined)
    if examined is not None and examined.only_shipped:
        return examined
    return lineup.subject.offer if lineup else target.selected[-1]


def _take_subject(keys: Sequence[str]) -> None:
    session.compare(keys, subject=st.session_state["subject"])
