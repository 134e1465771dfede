"""What a component reports, handled once: each report carries a stamp, and a stamp seen before is old news."""

from __future__ import annotations

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


def nothing() -> None:
    """A callback for reports that are read with `fresh`."""
