"""The terms of a page in one line, their meaning one hover away."""

from __future__ import annotations

import streamlit as st

from dashboard.presentation.glossary import explained


def terms(*names: str) -> None:
    """Shows the line."""
    st.caption(f"Terms: {', '.join(names)}", help=explained(names))
