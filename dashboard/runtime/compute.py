"""Results for a view: stored ones at once, the others computed one by one while the visitor watches."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from dashboard.gallery import shipped
from lam_core.errors import LamError
from lam_core.service.request import Request
from lam_core.service.service import Listener, Service, Status

log = logging.getLogger("lam")

R = TypeVar("R")
Q = TypeVar("Q", bound=Request[Any])

REDRAW, RELOOK = 0.3, 1.0
"""Seconds between two drawings of a card that is being computed, and of one that waits; both notice a closed tab."""
UNFORESEEN = "Something went wrong that should not have; the server's log has the details. Try another place or network"


@dataclass(frozen=True, eq=False)
class Outcome(Generic[R]):
    """What became of one request."""

    result: R | None = None
    from_store: bool = False
    shipped: bool = False
    """The result came with the project."""
    failure: str = ""
    """One sentence, if there is no result."""
    note: str = ""


def at_hand(service: Service, prepare: Callable[[], Q]) -> tuple[Q | None, Outcome[Any]]:
    """The request, and its result if it needs no computing; a failure if the request itself cannot be made."""
    try:
        request = prepare()
        result = service.find(request)
        found = None if result is not None else shipped.find(request)
    except Exception as error:
        return None, Outcome(failure=reason(error, "looking for a result"))
    return request, Outcome(found, shipped=True) if found is not None else Outcome(result, from_store=True)


def computed(service: Service, request: Request[R], listener: Listener) -> Outcome[R]:
    """The outcome of computing. What `listener` raises to give up passes through if it is no `Exception`."""
    try:
        answer = service.answer(request, throttled(listener))
    except Exception as error:
        return Outcome(failure=reason(error, type(request).__name__))
    return Outcome(answer.result, answer.from_store, note=answer.note)


def throttled(listener: Listener, pause: float = REDRAW) -> Listener:
    """A listener that hears of every change of stage, and otherwise only now and then."""
    last: tuple[str, float] = ("", 0.0)

    def hear(status: Status) -> None:
        nonlocal last
        now = time.monotonic()
        due = pause if status.stage == "work" else max(pause, RELOOK)
        if status.stage != last[0] or now - last[1] >= due:
            last = (status.stage, now)
            listener(status)

    return hear


def reason(error: Exception, task: str) -> str:
    """One sentence for a visitor; the trace goes to the log, which names the task that failed."""
    if isinstance(error, LamError):
        return str(error)
    log.error("%s failed", task, exc_info=error)
    return UNFORESEEN
