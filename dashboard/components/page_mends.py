"""What the pages' own elements lack for those who see or steer them otherwise: contrast, roles, one step of Back."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

_HERE = Path(__file__)
_mends = component("lam_page_mends", html="<i></i>", js=_HERE.with_suffix(".js").read_text(encoding="utf-8"))
_STYLE = """<style>
.st-key-page-mends.st-key-page-mends { position: absolute; width: 0; min-width: 0; overflow: hidden; }
/* At Streamlit's own 0.6, links and code in captions are too faint. */
[data-testid="stCaptionContainer"] { opacity: 0.8; }
/* On the primary colour stands the page's own: white in light, near-black in dark, where white would be too faint. */
[data-testid^="stBaseButton-primary"], [data-testid="stMultiSelect"] [data-baseweb="tag"],
[data-testid="stMultiSelect"] span[title] { color: Canvas; }
</style>"""


def page_mends() -> None:
    """Mends the page; once, above everything on it."""
    st.html(_STYLE)
    with st.container(key="page-mends"):
        _mends(key="mends")
