"""One panel for everything that is computed while the visitor watches: a bar that says how far it is, and Cancel."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.presentation.decoded_image import Picture
from dashboard.presentation.formatting import duration, sentence
from dashboard.runtime.compute import Outcome, at_hand, computed
from dashboard.state import session, visitor
from dashboard.widgets.progress import how_far
from lam_core.service.request import Request
from lam_core.service.service import Listener, Service, Status

T = TypeVar("T")
R = TypeVar("R")

ENOUGH = 0.05
"""Share of a piece of work that is watched before it is told how long the rest takes."""

Questions = Mapping[str, Callable[[], Request[Any]]]
"""What makes each request, by a name for it."""


@dataclass(frozen=True, eq=False)
class Work(Generic[T]):
    """One piece of work under the panel."""

    name: str
    do: Callable[[Listener], T]
    """Does it; what the listener raises to give up passes through."""
    show: Callable[[Status], None] | None = None
    """Draws more of how far it is, such as a preview, at every step of the work."""
    finished: Callable[[T], None] | None = None
    """Draws what came of it, before the next piece begins."""
    is_steady: bool = False
    """Whether equal shares take equal times, so that the time left can be told."""


def request_work(name: str, service: Service, request: Request[R], **more: Any) -> Work[Outcome[R]]:
    """A request as work; `more` as of `Work`."""

    def do(listener: Listener) -> Outcome[R]:
        # Before the computation's first word: a file may have to be read first.
        listener(Status("model"))
        return computed(service, request, listener)

    return Work(name, do, **more)


def run(
    works: Sequence[Work[T]], *, key: str, give_up: Callable[[], None], slot: DeltaGenerator | None = None
) -> list[T]:
    """Does one piece after the other in `slot`, or here, and leaves it empty. Cancel, a button of `key`, gives up."""
    slot = slot or st.empty()
    with slot.container(horizontal=True, vertical_alignment="center"):
        bar = st.empty()
        st.button("Cancel", key=f"cancel-{key}", on_click=give_up)
    done = []
    for turn, work in enumerate(works, 1):
        several = f", {turn} of {len(works)}" if len(works) > 1 else ""
        done.append(work.do(_drawing(bar, f"{work.name}{several}".strip(", "), work)))
        if work.finished is not None:
            work.finished(done[-1])
    slot.empty()
    return done


def _drawing(bar: DeltaGenerator, title: str, work: Work[Any]) -> Listener:
    first: tuple[float, float] | None = None
    is_shown = False

    def draw(status: Status) -> None:
        nonlocal first, is_shown
        share, words = how_far(status)
        if status.stage == "work" and share:
            now = time.monotonic()
            first = first or (now, share)
            # What came before the first step, such as the first pass through a network, says little of the others.
            if work.is_steady and share - first[1] >= ENOUGH:
                words = f"{words}, about {duration((now - first[0]) * (1 - share) / (share - first[1]))} left"
        bar.progress(share, f"{title}: {words}" if title else words)
        # Making a preview takes a hundred times as long as moving the bar: those who wait need none.
        if work.show is not None and (status.stage == "work" or not is_shown):
            is_shown = True
            work.show(status)

    return draw


def answers(
    title: str, picture: Picture | None, about: tuple[Any, ...], questions: Questions, *, able: bool = True
) -> dict[str, Outcome[Any]]:
    """The stored outcomes; a button for the others, and once it is pressed their progress and Cancel.

    `picture`: what the questions are about, none where that is networks alone; `about`: what else the answers depend on
    besides the questions' names; `able`: whether anything can be computed.
    """
    service = visitor.service(picture)
    found: dict[str, Outcome[Any]] = {}
    requests: dict[str, Request[Any]] = {}
    for name, make in questions.items():
        request, outcome = at_hand(service, make)
        if outcome.result is None and not outcome.failure and request is not None:
            requests[name] = request
        else:
            found[name] = outcome
    key = (title, *about)
    if requests and not able:
        st.caption("Not computed beforehand.")
    elif requests and session.wanted(key):
        works = [request_work(name, service, request, is_steady=True) for name, request in requests.items()]
        done = run(works, key=title, give_up=lambda: session.give_up(key))
        found |= dict(zip(requests, done, strict=True))
    elif requests:
        st.button(
            title, icon=":material/play_arrow:", key=f"ask-{title}", on_click=session.want, args=(key,), width=260
        )
    for name, outcome in found.items():
        if outcome.failure:
            st.warning(f"{name}: {sentence(outcome.failure)}", icon=":material/error:")
    return {name: outcome for name, outcome in found.items() if outcome.result is not None}
