"""The widgets of the semantics page that say which networks are compared, and how they are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from dashboard.app_pages.semantics.networks import full_name
from dashboard.app_pages.semantics.presets import MOST, PRESETS, Preset
from dashboard.app_pages.semantics.scatter import PLANES
from dashboard.presentation.model_options import Offer

DEPTHS = ("first", "2", "3", "4", "5", "last")
BY_NETWORK, BY_LAYER = "Networks", "Layers of one"
HUES = ("Degradation", "Content")


@dataclass(frozen=True)
class Choice:
    """How the scatters are laid out."""

    networks: tuple[Offer, ...]
    by_layer: bool
    position: float
    """Of the layer shown, 0 the first and 1 the last stage."""
    by_content: bool
    plane: str
    preset: Preset | None


def presets(offers: dict[str, Offer]) -> None:
    """Comparisons to start from."""
    st.pills(
        "Comparisons",
        [preset.id for preset in PRESETS],
        format_func=lambda key: next(preset.title for preset in PRESETS if preset.id == key),
        key="preset",
        on_change=_take_preset,
        args=(tuple(offers),),
        label_visibility="collapsed",
        wrap=True,
    )


def _take_preset(available: tuple[str, ...]) -> None:
    chosen = next((preset for preset in PRESETS if preset.id == st.session_state["preset"]), None)
    if chosen is not None:
        if networks := chosen.networks(available):
            st.session_state["nets"] = list(networks)
        st.session_state["panels"] = BY_LAYER if chosen.by_layer else BY_NETWORK
        st.session_state["depth"] = DEPTHS[-1]


def layout(offers: dict[str, Offer]) -> Choice:
    """Networks, layer, colours and plane."""
    standard = PRESETS[0].networks(offers) or tuple(offers)[:MOST]
    networks = st.multiselect(
        "Networks, up to four",
        list(offers),
        default=list(standard),
        format_func=lambda key: _label(offers[key]),
        max_selections=MOST,
        select_all=False,
        key="nets",
        bind="query-params",
        placeholder="Choose up to four networks",
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        panels = st.segmented_control(
            "Side by side", [BY_NETWORK, BY_LAYER], default=BY_NETWORK, required=True, key="panels", bind="query-params"
        )
        hue = st.segmented_control(
            "Colour", HUES, default=HUES[0], required=True, key="hue", bind="query-params",
            help="The other one is told by the shape.",
        )  # fmt: skip
        plane = st.segmented_control(
            "Plane", PLANES, default=PLANES[0], required=True, key="plane", bind="query-params",
            help="t-SNE keeps neighbours together and lets distances go; PCA shows the directions of largest variance.",
        )  # fmt: skip
        depth = DEPTHS[-1]
        if panels != BY_LAYER:
            depth = st.select_slider(
                "Stage of the trunk", DEPTHS, value=DEPTHS[-1], key="depth", bind="query-params", width=320,
                help="Networks have different numbers of layers: the slider goes from the first stage to the last "
                "before the upsampler.",
            )  # fmt: skip
    preset = next(
        (p for p in PRESETS if p.networks(offers) == tuple(networks) and p.by_layer == (panels == BY_LAYER)), None
    )
    return Choice(
        tuple(offers[key] for key in networks),
        panels == BY_LAYER,
        DEPTHS.index(depth) / (len(DEPTHS) - 1),
        hue == HUES[1],
        str(plane),
        preset or _asked(offers),
    )


def _asked(offers: dict[str, Offer]) -> Preset | None:
    """The preset that was pressed though nothing of it is here."""
    chosen = next((preset for preset in PRESETS if preset.id == st.session_state.get("preset")), None)
    return chosen if chosen is not None and not chosen.networks(offers) else None


def _label(offer: Offer) -> str:
    return full_name(offer) + (" · yours" if offer.tag == "yours" else "")
