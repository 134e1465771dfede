"""Widgets for the settings of an attribution."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from dashboard.presentation.formatting import sentence
from dashboard.presentation.view import View
from dashboard.state import session
from lam_core.attribution.settings import AttributionSettings, SettingsError
from lam_core.attribution.settings_table import SETTINGS, Setting

COLUMNS = 3


def attribution_settings(view: View) -> None:
    """Everything that decides a map, folded away and made only once it is unfolded."""
    now = view.settings
    folded = st.expander("Settings of the attribution", icon=":material/tune:", key="settings", on_change="rerun")
    if not folded.open:
        return
    with folded:
        columns = st.columns(COLUMNS)
        for number, setting in enumerate(SETTINGS.values()):
            if _counts(setting.name, now):
                with columns[number * COLUMNS // len(SETTINGS)]:
                    _widget(setting, now)
        st.button(
            "Reset to defaults",
            icon=":material/restart_alt:",
            key="reset_settings",
            disabled=now == AttributionSettings(),
            on_click=_reset,
        )


def _counts(name: str, now: AttributionSettings) -> bool:
    """Whether a setting changes anything beside the others."""
    return not (name == "tolerance" and now.rule == "reference") and (name != "damage" or name in now.as_dict())


def _reset() -> None:
    session.change(settings=AttributionSettings())


def _widget(setting: Setting, now: AttributionSettings) -> None:
    """A number or a choice, as the setting is; the reference rule takes steps, and the blur path alone."""
    key, value, words = f"set_{setting.name}", getattr(now, setting.name), setting.words
    is_reference = now.rule == "reference"
    st.session_state[key] = value
    taken: dict[str, Any] = {"on_change": _take_setting, "args": (setting.name,), "help": words.help}
    if words.span is not None:
        low, high, step = words.span
        label = "Steps" if setting.name == "nodes" and is_reference else words.label
        # A link may bring any value that the settings take.
        st.number_input(label, min_value=min(low, value), max_value=max(high, value), step=step, key=key, **taken)
        return
    options = ("blur",) if setting.name == "path" and is_reference else setting.choices or words.suggested
    st.selectbox(
        words.label,
        options if value in options else (*options, value),
        format_func=lambda option: words.names.get(option, str(option)),
        key=key,
        **taken,
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
