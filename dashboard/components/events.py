"""What goes to a component, and what it reports: each report carries a stamp and is handled once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st


def fresh(key: str, name: str) -> Mapping[str, Any] | None:
    """The report `name` of the component `key`, if it is one that this session has not handled yet."""
    report = (st.session_state.get(key) or {}).get(name)
    if not isinstance(report, Mapping) or "stamp" not in report:
        return None
    handled = st.session_state.setdefault("handled", {})
    if handled.get((key, name)) == report["stamp"]:
        return None
    handled[key, name] = report["stamp"]
    return report


def as_text(data: Mapping[str, Any]) -> dict[str, str]:
    """Data for a component as one text of JSON under `json`.

    Lists as they are would be searched for data frames, for which Streamlit imports pandas: half a second of the first
    page.
    """
    return {"json": json.dumps(data)}


def nothing() -> None:
    """A callback for reports that are read with `fresh`."""
