"""What stands further down a page: drawn once the visitor comes near it, so that the first things come first."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.components.nearness import is_near


@st.fragment
def deferred(key: str, height: int, draw: Callable[[], None]) -> None:
    """Calls `draw` once the visitor is near; until then a place of that height, in pixels, is kept free."""
    if is_near(f"near-{key}", height):
        draw()
