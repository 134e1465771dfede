"""One device, many people: turns in order of arrival, one's place shown, the queue left at any moment."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lam_core.errors import LamError

POLL = 0.25
"""Seconds between two reports to someone who waits."""


class QueueFullError(LamError):
    """So many wait already that one more would wait too long."""


class Turnstile:
    """Admits one thread at a time, in order of arrival; those with a lower `priority` value go first."""

    def __init__(self, limit: int = 64) -> None:
        self._limit = limit
        self._waiting: deque[tuple[int, object]] = deque()
        self._admitted: object | None = None
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, waiting: Callable[[int], None], *, priority: int = 0) -> Iterator[None]:
        """Holds the device; `waiting(ahead)` is called while others come first and may raise to give up.

        `priority` 0 is for a click, 1 for a long study. Raises `QueueFullError` when the queue is at its limit.
        """
        me = object()
        with self._changed:
            if len(self) >= self._limit:
                raise QueueFullError(f"{len(self)} computations are waiting already; please try again in a minute")
            place = sum(1 for other, _ in self._waiting if other <= priority)
            self._waiting.insert(place, (priority, me))
        try:
            while True:
                with self._changed:
                    if self._admitted is None and self._waiting[0][1] is me:
                        self._waiting.popleft()
                        self._admitted = me
                        break
                    ahead = [ticket for _, ticket in self._waiting].index(me) + (self._admitted is not None)
                    self._changed.wait(timeout=POLL)
                waiting(ahead)
            yield
        finally:
            with self._changed:
                if self._admitted is me:
                    self._admitted = None
                else:
                    self._waiting = deque(entry for entry in self._waiting if entry[1] is not me)
                self._changed.notify_all()

    def __len__(self) -> int:
        """How many wait or hold the device."""
        return len(self._waiting) + (self._admitted is not None)
