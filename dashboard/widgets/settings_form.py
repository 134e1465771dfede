"""Widgets for the settings of an attribution and for how its map is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import streamlit as st

from dashboard.presentation.formatting import DETECTORS, PATHS, RULES, sentence
from dashboard.presentation.view import View
from dashboard.state import session
from lam_core.attribution.settings import AttributionSettings, Precision, SettingsError

HELP = {
    "rule": "Error-controlled: as many gradients as the tolerance takes, with an error estimate. Reference: evenly "
    "spaced steps, as in the published code.",
    "nodes": "Gradients along the path. The error-controlled rule stops earlier once the tolerance is met.",
    "tolerance": "Relative error of the map at which the rule stops; 0 uses all nodes.",
    "detector": "What is asked of the window: its edges, its brightness, or its response to Gabor filters.",
    "path": "From which baseline to the image, and on which way. LAM restores detail by less and less blur.",
    "field": "Side of the LR square around the window that is attributed; DI depends on it.",
    "sigma": "Standard deviation of the baseline's Gaussian blur: how much detail the path starts without.",
    "kernel": "Side of the square over which the blur is computed; odd.",
    "dtype": "float32 is quicker; float64 for networks whose gradients lose digits.",
}
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
            _choice("rule", now, list(RULES), RULES, "Integration rule")
            _number("nodes", "Nodes, at most" if now.rule == "default" else "Steps", now, 2, 1000, 10)
            if now.rule == "default":
                _number("tolerance", "Tolerance of the map error", now, 0.0, 0.9, 0.01)
        with columns[1]:
            _choice("detector", now, list(DETECTORS), DETECTORS, "Detector")
            _choice("path", now, ["blur"] if now.rule == "reference" else list(PATHS), PATHS, "Path")
            _choice("field", now, FIELDS, {"full": "whole image"}, "Field, LR pixels")
        with columns[2]:
            _number("sigma", "σ of the blur, LR pixels", now, 0.1, 10.0, 0.1)
            _number("kernel", "Kernel, LR pixels", now, 3, 61, 2)
            _choice("dtype", now, get_args(Precision), {"tf32": "tf32, on a GPU alone"}, "Precision")
        st.button(
            "Reset to defaults",
            icon=":material/restart_alt:",
            key="reset_settings",
            disabled=now == AttributionSettings(),
            on_click=_reset,
        )


def _reset() -> None:
    session.change(settings=AttributionSettings())


def _choice(name: str, now: AttributionSettings, options: Sequence, words: dict, label: str) -> None:
    key, value = f"set_{name}", getattr(now, name)
    st.session_state[key] = value
    st.selectbox(
        label,
        options if value in options else [*options, value],
        format_func=lambda option: words.get(option, str(option)),
        key=key,
        on_change=_take_setting,
        args=(name,),
        help=HELP[name],
    )


def _number(name: str, label: str, now: AttributionSettings, low: float, high: float, step: float) -> None:
    key = f"set_{name}"
    st.session_state[key] = getattr(now, name)
    st.number_input(
        label,
        min_value=low,
        max_value=high,
        step=step,
        key=key,
        on_change=_take_setting,
        args=(name,),
        help=HELP[name],
    )


def _take_setting(name: str) -> None:
    value = st.session_state[f"set_{name}"]
    changes = {name: round(value, 6) if isinstance(value, float) else value}
    if changes == {"rule": "reference"}:
        changes["path"] = "blur"
    try:
        session.change(settings=replace(st.session_state.view.settings, **changes))
    except SettingsError as error:
        st.session_state.faults = (sentence(str(error)),)
