"""A sweep while a visitor watches: progress, time left, the figures so far; what is done stays when they leave."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from dashboard.presentation.formatting import sentence
from dashboard.runtime.compute import reason, throttled
from dashboard.state import session
from dashboard.widgets import run_panel
from lam_core.service.service import Listener, Status
from lam_core.studies.sweeps.progress import Progress
from lam_core.studies.sweeps.sweep import Swept

REDRAW_ROWS = 4.0
"""Seconds between two drawings of what is made of the rows."""
MOST_FAULTS = 50

Row = dict[str, Any]
Tell = Callable[[Progress], None]
Draw = Callable[[Sequence[Row]], None]


def watched(name: str, do: Callable[[Tell], Swept], draw: Draw = lambda rows: None) -> Swept | None:
    """Does the sweep of that name under a panel; None, and a sentence, if it cannot be done. Wanted no more at its end.

    `draw` is given the rows so far every few seconds. A visitor who cancels or leaves ends the run; started again, it
    goes on where it was.
    """
    panel, place = st.empty(), st.empty()
    rows: list[Row] = []
    drawn = time.monotonic()

    def sweep(listener: Listener) -> Swept | str:
        heard = throttled(listener)

        def tell(progress: Progress) -> None:
            nonlocal drawn
            if progress.row is not None:
                rows.append(progress.row)
            heard(Status("work", progress=progress))
            if rows and time.monotonic() - drawn >= REDRAW_ROWS:
                with place.container():
                    draw(rows)
                drawn = time.monotonic()

        try:
            return do(tell)
        except Exception as error:
            return sentence(reason(error, "a sweep"))

    give_up = partial(session.give_up, key_of(name))
    (swept,) = run_panel.run([run_panel.Work("Sweep", sweep)], key=name, give_up=give_up, slot=panel)
    give_up()
    place.empty()
    if isinstance(swept, str):
        st.error(swept, icon=":material/error:")
        return None
    return swept


def key_of(name: str) -> tuple[str, str]:
    """Under which a sweep is wanted."""
    return "sweep", name


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
