"""The colours of maps from least to most, with what they stand for."""

from __future__ import annotations

import streamlit as st

from dashboard.widgets.thumbnails import url
from lam_core.render import ramp
from lam_core.render.pictures import png


def colour_bar(low: float, least: str, most: str, *, high: float = 1.0) -> None:
    """`low`, `high`: the values of the ends, from 0 for maps and −1 for differences; `least`, `most`: their words."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(least, width="content")
        st.image(url(png(ramp(low, high=high))), width=110, alt=f"Colours from {least} to {most}")
        st.caption(most, width="content")
