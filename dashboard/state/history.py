"""The windows whose maps a visitor has seen in this session, the last one first; pinned ones stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from dashboard.presentation.view import View
from lam_core.region import Region

MOST = 24
"""Windows that are kept; of those that are not pinned the oldest goes first."""


def record(view: View, window: Region, models: Sequence[str]) -> None:
    """Keeps a window of a view with the networks whose maps were seen there."""
    visits = _visits()
    place = replace(view.question, window=window, models=())
    visits.pop(place, None)
    visits[place] = tuple(models)
    free = [one for one in visits if one not in _pins()]
    for one in free[: max(len(visits) - MOST, 0)]:
        del visits[one]


def visits() -> list[View]:
    """What was seen, the last one first."""
    return [replace(place, models=models) for place, models in reversed(_visits().items())]


def is_pinned(view: View) -> bool:
    """Whether a visit stands beside the others that were pinned."""
    return replace(view, models=()) in _pins()


def pin(view: View) -> None:
    """Pins a visit, or lets it go again."""
    _pins().symmetric_difference_update({replace(view, models=())})


def forget_uploads() -> None:
    """Lets go what was seen of the visitor's own images."""
    for place in [place for place in _visits() if place.upload]:
        del _visits()[place]
        _pins().discard(place)


def _visits() -> dict[View, tuple[str, ...]]:
    return st.session_state.setdefault("visits", {})


def _pins() -> set[View]:
    return st.session_state.setdefault("pins", set())
