"""How maps are drawn, for every page that shows some: as they are or as densities, on which scale, how close."""

from __future__ import annotations

import streamlit as st

from dashboard.components.linked_picture import Frame
from dashboard.components.zoom_bar import zoom_bar
from dashboard.presentation.map_colours import SCALES, MapColours
from dashboard.presentation.view import View
from dashboard.state import session
from dashboard.widgets.colour_bar import colour_bar


def map_display(view: View, colours: MapColours, frame: Frame) -> None:
    """Shows the switches, the zoom and the colour bar of maps that are there."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.session_state["density"] = "KDE" if view.density else "Map"
        st.segmented_control(
            "Shown as",
            ["Map", "KDE"],
            key="density",
            required=True,
            on_change=_take_density,
            help="The map as it is, pixel by pixel; or a kernel density estimate of it, which is easier to see from "
            "afar.",
            label_visibility="collapsed",
            width="content",
        )
        st.session_state["colours"] = view.map_scale
        st.segmented_control(
            "Colours",
            list(SCALES),
            format_func=SCALES.__getitem__,
            key="colours",
            required=True,
            on_change=_take_scale,
            help="Own maximum: every map by its own, as published. One scale: every map as shares of its network's "
            "attribution, in the same colours; logarithmic, it shows narrow and wide maps at once.",
            label_visibility="collapsed",
            width="content",
        )
        zoom_bar(frame, key="zoom")
    colour_bar(0, colours.least, colours.most)


def _take_density() -> None:
    session.change(density=st.session_state["density"] == "KDE")


def _take_scale() -> None:
    session.change(map_scale=st.session_state["colours"])
