"""Work beside the page: it goes on while its visitor looks elsewhere, tells how far it is, and can be given up."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.presentation.formatting import megabytes
from dashboard.runtime.compute import reason
from dashboard.state import visitor
from dashboard.widgets import run_panel
from lam_core.service.progress import Step
from lam_core.service.service import Listener, Status

log = logging.getLogger("lam")

T = TypeVar("T")
Tell = Callable[[str, float | None], None]
"""Called by the work with what it does and how much of it is done, where that is known."""

REDRAW = 0.2
"""Seconds between two looks at a task."""
AT_ONCE = threading.BoundedSemaphore(4)
"""So many tasks of all visitors go on together; the others wait."""


class GivenUp(Exception):
    """Raised within the work once its visitor has cancelled it."""


class Task(Generic[T]):
    """One piece of work in a thread of its own."""

    def __init__(self, work: Callable[[Tell], T]) -> None:
        self._work = work
        self._given_up = False
        self._ended = threading.Event()
        self.is_shown = False
        """Whether a page was drawn from its beginning after the end."""
        self.progress = Step(0.0, "Waits for the others to finish")
        self.outcome: T | None = None
        self.failure = ""
        """One sentence, if there is no outcome."""
        threading.Thread(target=self._run, daemon=True).start()

    @property
    def is_done(self) -> bool:
        """Whether there is an outcome or a failure."""
        return self._ended.is_set()

    def give_up(self) -> None:
        """Ends the work at its next sign of life; the page need not wait for that."""
        self._given_up = True

    def _tell(self, words: str, share: float | None = None) -> None:
        if self._given_up:
            raise GivenUp
        self.progress = Step(share or 0.0, words)

    def _run(self) -> None:
        try:
            with AT_ONCE:
                self._tell("Starting")
                self.outcome = self._work(self._tell)
        except GivenUp:
            self.failure = "given up"
        except Exception as error:
            self.failure = reason(error, "a task")
        finally:
            self._ended.set()


def watch(name: str, slot: DeltaGenerator) -> None:
    """Shows how far this session's task of that name is, with a way to cancel it, and reruns the page at its end.

    To be called last: while it watches, nothing below it is drawn.
    """
    task = started(name)
    if task is None or task.is_shown:
        return

    def follow(listener: Listener) -> None:
        while not task.is_done:
            listener(Status("work", progress=task.progress))
            time.sleep(REDRAW)

    if not task.is_done:
        run_panel.run([run_panel.Work("", follow)], key=name, give_up=partial(forget, name), slot=slot)
    # Also when it ended while the page above was drawn, which may have taken it for running.
    task.is_shown = True
    st.rerun()


def fetching(tell: Tell) -> Callable[[int, int | None], None]:
    """Tells of a download, as `zoo` reports it."""

    def progress(here: int, total: int | None) -> None:
        tell(f"Fetching: {megabytes(here, total)}", here / total if total else None)

    return progress


def started(name: str) -> Task | None:
    """This session's task of that name, running or ended, if there is one."""
    return st.session_state.setdefault("tasks", {}).get(name)


def start(name: str, work: Callable[[Tell], object]) -> None:
    """Begins a task of this session, in place of an earlier one of that name."""
    forget(name)
    task = st.session_state.tasks[name] = Task(work)
    # A closed tab gives up what was begun in it.
    weakref.finalize(visitor.visitor(), task.give_up)


def forget(name: str) -> None:
    """Gives a task up if it runs, and drops it."""
    if task := started(name):
        task.give_up()
        del st.session_state.tasks[name]
