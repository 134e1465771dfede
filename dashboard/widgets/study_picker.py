"""Which images a study page is about: the shipped samples, or pictures of the visitor's own."""

from __future__ import annotations

import streamlit as st

from dashboard.presentation import study as studies
from dashboard.presentation.study import Study


def held() -> Study | None:
    """The visitor's own study, if there is one."""
    return st.session_state.get("own_study")


def hold(study: Study) -> None:
    """Makes a study the visitor's own; both study pages show it."""
    st.session_state.own_study = study
    st.session_state.images_of = "own"


def choose() -> Study:
    """The study to show; a choice where the visitor has one of their own."""
    own, shipped = held(), studies.shipped()
    if own is None:
        return shipped
    titles = {"own": own.title, "shipped": shipped.title}
    chosen = st.segmented_control(
        "Images",
        list(titles),
        format_func=lambda name: titles[name],
        required=True,
        key="images_of",
        label_visibility="collapsed",
        persist_state="session",
    )
    return shipped if chosen == "shipped" else own
