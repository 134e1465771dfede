"""Widgets for the settings of an attribution and for how its map is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from dashboard.presentation.formatting import DETECTORS, PATHS, RULES, sentence
from dashboard.presentation.view import View
from dashboard.state import session
from lam_core.attribution.settings import AttributionSettings, SettingsError

FIELDS = (48, 64, 96, 128, "full")


def density_switch(view: View) -> None:
    """Maps as they are, or as kernel densities."""
    st.session_state["density"] = "KDE" if view.density else "Map"
    st.segmented_control(
        "Shown as",
        ["Map", "KDE"],
        key="density",
        required=True,
        on_change=_take_density,
        help="The map as it is, pixel by pixel; or a kernel density estimate of it, which is easier to see from afar.",
        label_visibility="collapsed",
    )


def _take_density() -> None:
    session.change(density=st.session_state["density"] == "KDE")


def attribution_settings(view: View) -> None:
    """Everything else that decides a map, folded away and made only once it is unfolded."""
    now = view.settings
    folded = st.expander("Settings of the attribution", icon=":material/tune:", key="settings", on_change="rerun")
    if not folded.open:
        return
    with folded:
        columns = st.columns(3)
        with columns[0]:
            _choice("rule", now, list(RULES), RULES)
            _number("nodes", "nodes, at most" if now.rule == "default" else "steps", now, 2, 1000, 10)
            if now.rule == "default":
                _number("tolerance", "tolerance of the map error", now, 0.0, 0.9, 0.01)
        with columns[1]:
            _choice("detector", now, list(DETECTORS), DETECTORS)
            _choice("path", now, ["blur"] if now.rule == "reference" else list(PATHS), PATHS)
            _choice("field", now, FIELDS, {"full": "whole image"}, "field, LR pixels")
        with columns[2]:
            _number("sigma", "σ of the blur, LR pixels", now, 0.1, 10.0, 0.1)
            _number("kernel", "kernel, LR pixels", now, 3, 61, 2)
            _choice("dtype", now, ["float32", "float64"], {}, "precision")


def _choice(name: str, now: AttributionSettings, options: Sequence, words: dict, label: str = "") -> None:
    key, value = f"set_{name}", getattr(now, name)
    st.session_state[key] = value
    st.selectbox(
        label or name,
        options if value in options else [*options, value],
        format_func=lambda option: words.get(option, str(option)),
        key=key,
        on_change=_take_setting,
        args=(name,),
    )


def _number(name: str, label: str, now: AttributionSettings, low: float, high: float, step: float) -> None:
    key = f"set_{name}"
    st.session_state[key] = getattr(now, name)
    st.number_input(label, min_value=low, max_value=high, step=step, key=key, on_change=_take_setting, args=(name,))


def _take_setting(name: str) -> None:
    value = st.session_state[f"set_{name}"]
    changes = {name: round(value, 6) if isinstance(value, float) else value}
    if changes == {"rule": "reference"}:
        changes["path"] = "blur"
    try:
        session.change(settings=replace(st.session_state.view.settings, **changes))
    except SettingsError as error:
        st.session_state.faults = (sentence(str(error)),)
