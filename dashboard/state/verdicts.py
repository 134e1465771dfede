"""Verdicts on maps that a visitor asked for in this session, so that cards can show them without checking again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from lam_core.attribution.result import Attribution

if TYPE_CHECKING:
    from lam_core.attribution.checks.verdict import Verdict

MOST = 200
"""Maps whose verdicts are kept; the oldest goes first."""


def keep(result: Attribution, name: str, verdict: Verdict) -> bool:
    """Keeps what a check said of a map; whether that is new."""
    held = st.session_state.setdefault("verdicts", {})
    of_map = held.setdefault(_key(result), {})
    while len(held) > MOST:
        del held[next(iter(held))]
    before = of_map.get(name)
    of_map[name] = verdict
    return before is None or before.sentence != verdict.sentence


def known(result: Attribution) -> Mapping[str, Verdict]:
    """What checks said of a map, by their titles."""
    return st.session_state.get("verdicts", {}).get(_key(result), {})


def _key(result: Attribution) -> tuple[object, ...]:
    return result.fingerprint, result.image, result.region, result.settings
