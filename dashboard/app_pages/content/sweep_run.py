"""A sweep while a visitor watches: progress, time left, the figures so far; what is done stays when they leave."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from dashboard.presentation.formatting import sentence
from dashboard.runtime.compute import reason
from lam_core.studies.sweeps.progress import Listener, Progress
from lam_core.studies.sweeps.sweep import Swept

REDRAW, REDRAW_ROWS = 0.3, 4.0
"""Seconds between two drawings of the progress bar, and of what is made of the rows."""
MOST_FAULTS = 50

Row = dict[str, Any]


def wants(name: str) -> bool:
    """Whether the sweep of that name was started and neither finished nor cancelled."""
    return name in st.session_state.setdefault("sweeping", set())


def start(name: str) -> None:
    """Wants a sweep done."""
    st.session_state.setdefault("sweeping", set()).add(name)


def stop(name: str) -> None:
    """Wants it no more; what is done is kept."""
    st.session_state.setdefault("sweeping", set()).discard(name)


def watched(
    name: str, do: Callable[[Listener], Swept], draw: Callable[[Sequence[Row]], None] = lambda rows: None
) -> Swept | None:
    """Does a sweep with a progress bar and a cancel button; None, and a sentence, if it cannot be done.

    `draw` is given the rows so far every few seconds. A visitor who cancels or leaves ends the run; started again, it
    goes on where it was.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, "Looking for what is at hand")
        st.button("Cancel", key=f"cancel-{name}", on_click=stop, args=(name,), help="What is done is kept.")
    place = st.empty()
    rows: list[Row] = []
    drawn = {"bar": 0.0, "rows": time.monotonic()}

    def tell(progress: Progress) -> None:
        now = time.monotonic()
        if progress.row is not None:
            rows.append(progress.row)
        if now - drawn["bar"] >= REDRAW:
            drawn["bar"] = now
            bar.progress(progress.done / max(progress.total, 1), progress.text)
        if rows and now - drawn["rows"] >= REDRAW_ROWS:
            with place.container():
                draw(rows)
            drawn["rows"] = time.monotonic()

    try:
        swept = do(tell)
    except Exception as error:
        stop(name)
        st.error(sentence(reason(error, "a sweep")), icon=":material/error:")
        return None
    stop(name)
    place.empty()
    return swept


def show_faults(swept: Swept) -> None:
    """What came to nothing, and what a reader should know."""
    if swept.faults:
        with st.expander(f"{len(swept.faults)} could not be done; the rest is shown", icon=":material/error:"):
            for fault in swept.faults[:MOST_FAULTS]:
                st.markdown(f"- {fault}")
            if len(swept.faults) > MOST_FAULTS:
                st.caption(f"And {len(swept.faults) - MOST_FAULTS} more.")
    for note in swept.notes[:MOST_FAULTS]:
        st.caption(f":material/info: {note}")
