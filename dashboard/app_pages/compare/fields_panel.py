"""How far the networks of a comparison look on average: their receptive fields on one scale."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard.presentation.model_options import Offer
from dashboard.runtime.compute import at_hand
from dashboard.state import user_models, visitor
from dashboard.state.target import AttributionTarget
from dashboard.widgets import fields_view, run_panel
from lam_core.fields.network_fields import NetworkFields
from lam_core.fields.request import FieldsRequest, standard_request


def show(target: AttributionTarget) -> None:
    """The panel, for all selected networks."""
    st.markdown(
        "A trait of each network, not of this window: what the middle of its output draws on over "
        "other images. A cross or a wide disc may be the architecture's alone, so the same architecture with "
        "weights that were never trained stands beside it."
    )
    able = [offer for offer in target.selected if not offer.only_shipped]
    questions = {offer.label: partial(_request, offer) for offer in able}
    about = tuple(offer.key for offer in able)
    answered = run_panel.answers("Compute receptive fields", None, about, questions)
    found: dict[str, NetworkFields] = {}
    for offer in target.selected:
        outcome = answered.get(offer.label)
        if offer.only_shipped:
            _, outcome = at_hand(visitor.service(), partial(_request, offer))
        if outcome is not None and outcome.result is not None:
            found[offer.key] = outcome.result
        elif offer.only_shipped:
            st.caption(f"{offer.label}: its weights are not here, and its field was not computed beforehand.")
    if found:
        fields_view.show(found)


def _request(offer: Offer) -> FieldsRequest:
    return standard_request(user_models.network(offer.key))
