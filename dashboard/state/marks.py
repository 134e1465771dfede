"""Each network's mark in charts, the same one throughout a visitor's session."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from dashboard.presentation.plot_theme import Mark, marks_of


def marks(names: Iterable[str]) -> dict[str, Mark]:
    """The marks of the networks of one chart; new networks get the next free ones."""
    return marks_of(names, st.session_state.setdefault("marks", {}))
