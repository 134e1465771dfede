"""Questions about a map that are put by a button: answered at once where the answer is at hand, else computed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from dashboard.presentation.decoded_image import Picture
from dashboard.presentation.formatting import duration, percent, sentence
from dashboard.runtime.compute import Outcome, at_hand, computed
from dashboard.state import session, visitor
from dashboard.widgets.progress import share_fetched, waiting_for
from lam_core.service.request import Request
from lam_core.service.service import Service, Status

Questions = Mapping[str, Callable[[], Request[Any]]]
"""What makes each request, by a name for it."""


def answers(
    title: str, picture: Picture, about: tuple[Any, ...], questions: Questions, *, able: bool = True
) -> dict[str, Outcome[Any]]:
    """The outcomes at hand; a button for the others, and once it is pressed their progress and Cancel.

    `picture`: what the questions are about; `about`: what else the answers depend on besides the questions' names;
    `able`: whether anything can be computed.
    """
    found: dict[str, Outcome[Any]] = {}
    requests: dict[str, Request[Any]] = {}
    for name, make in questions.items():
        request, outcome = at_hand(visitor.service(picture), make)
        if outcome.result is None and not outcome.failure and request is not None:
            requests[name] = request
        else:
            found[name] = outcome
    key = (title, *about)
    if requests and not able:
        st.caption("Not computed beforehand.")
    elif requests and session.inquired(key):
        found |= _computed(title, visitor.service(picture), key, requests)
    elif requests:
        st.button(
            title, icon=":material/play_arrow:", key=f"ask-{title}", on_click=session.inquire, args=(key,), width=260
        )
    for name, outcome in found.items():
        if outcome.failure:
            st.warning(f"{name}: {sentence(outcome.failure)}", icon=":material/error:")
    return {name: outcome for name, outcome in found.items() if outcome.result is not None}


def _computed(
    title: str, service: Service, key: tuple[Any, ...], requests: Mapping[str, Request[Any]]
) -> dict[str, Outcome[Any]]:
    found: dict[str, Outcome[Any]] = {}
    slot = st.empty()
    with slot.container(horizontal=True, vertical_alignment="center"):
        bar = st.empty()
        st.button("Cancel", key=f"cancel-{title}", on_click=session.give_up_inquiry, args=(key,))
    for turn, (name, request) in enumerate(requests.items(), 1):
        began = time.monotonic()
        several = f"{name}, {turn} of {len(requests)}: " if len(requests) > 1 else ""

        def draw(status: Status, several: str = several, began: float = began) -> None:
            share = _share(status.progress)
            if status.stage == "queue" or not share:
                words = waiting_for(status) if status.stage != "work" else "Started"
                bar.progress(share or share_fetched(status), f"{several}{words}")
                return
            left = (time.monotonic() - began) * (1 - share) / share
            bar.progress(share, f"{several}{percent(share)} done, about {duration(left)} left")

        draw(Status("model"))
        found[name] = computed(service, request, draw)
    slot.empty()
    return found


def _share(progress: Any) -> float:
    """How much is done: checks say so themselves, a map has so many nodes of its budget."""
    if progress is None or isinstance(progress, float):
        return min(progress or 0.0, 1.0)
    return min(progress.nodes / progress.budget, 1.0)
