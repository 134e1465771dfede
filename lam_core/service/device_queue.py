"""Queue for one compute device: fair among visitors, with priorities, a position for each caller, and cancellation."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lam_core.errors import LamError

POLL = 0.25
"""Seconds between two reports to someone who waits."""
TURN = 5.0
"""Seconds after which whoever computes lets those go first who have come meanwhile."""


class QueueFullError(LamError):
    """So many wait already that one more would wait too long."""


@dataclass(eq=False)
class Ticket:
    """Someone's place."""

    priority: int
    """0 for a click, 1 for a long study."""
    since: float
    """When they came; later, when they last stepped aside."""
    who: str = ""
    held: float = 0.0
    """Seconds of its turn that were used before clicks were let through."""
    visitor: str = ""
    """Whose it is, however many tabs they have open; nobody else's if empty."""

    def is_of_same_visitor(self, other: Ticket) -> bool:
        """Whether another ticket is of the same visitor."""
        return bool(self.visitor) and self.visitor == other.visitor


class Line:
    """Who waits for a device and who has it: the rules, with no clock and no threads of its own.

    Whoever came first goes first, and clicks go before studies. A computation longer than a turn goes behind those who
    wait at its end: one that takes minutes keeps nobody waiting for minutes. Of one visitor only the first computation
    counts as having come; the next ones come when that one ends, and while a visitor has several, others go first after
    every step.
    """

    def __init__(self, limit: int = 64, *, each: int = 64) -> None:
        """`limit`: how many may wait or hold the device; `each`: how many of one and the same person."""
        self._limit, self._each = limit, each
        self._waiting: list[Ticket] = []
        self._admitted: Ticket | None = None
        self._admitted_at = 0.0

    @property
    def is_full(self) -> bool:
        """Whether nobody more may join."""
        return len(self) >= self._limit

    def join(self, ticket: Ticket) -> None:
        """Takes a place. Raises `QueueFullError` at a limit."""
        if self.is_full:
            raise QueueFullError(f"{len(self)} computations are waiting already; please try again in a minute")
        people = (*self._waiting, *([self._admitted] if self._admitted else []))
        own = sum(1 for other in people if ticket.who and other.who == ticket.who)
        if own >= self._each:
            raise QueueFullError(
                f"{own} computations of yours are waiting or running already; let one finish, or cancel it, first"
            )
        self._waiting.append(ticket)

    def admit(self, ticket: Ticket, now: float) -> bool:
        """Gives the device to a ticket if it is free and nobody comes first."""
        if self._admitted is not None or self._in_order()[0] is not ticket:
            return False
        self._waiting.remove(ticket)
        self._admitted, self._admitted_at = ticket, now
        return True

    def ahead(self, ticket: Ticket) -> int:
        """How many come before someone who waits."""
        return self._in_order().index(ticket) + (self._admitted is not None)

    def step_aside(self, ticket: Ticket, now: float) -> bool:
        """Between two steps of whoever has the device: whether others go first now; then the device is free."""
        first = next(iter(self._in_order()), None)
        if first is None or first.priority > ticket.priority:
            return False
        held = ticket.held + now - self._admitted_at
        if first.priority == ticket.priority:
            several = ticket.visitor != first.visitor and any(map(ticket.is_of_same_visitor, self._waiting))
            if held < TURN and not several:
                return False
            held, ticket.since = 0.0, now
            self._come_again(ticket, now)
        ticket.held = held
        self._admitted = None
        self._waiting.append(ticket)
        return True

    def leave(self, ticket: Ticket, now: float = 0.0) -> None:
        """Gives up a place, or the device; a visitor's further computations come `now`."""
        if self._admitted is ticket:
            self._admitted = None
            self._come_again(ticket, now)
        else:
            self._waiting.remove(ticket)

    def _come_again(self, ticket: Ticket, now: float) -> None:
        for other in filter(ticket.is_of_same_visitor, self._waiting):
            other.since = max(other.since, now)

    def _in_order(self) -> list[Ticket]:
        """Who waits, next first: clicks before studies, then every visitor's first before anybody's second."""
        place: dict[str, int] = {}
        if self._admitted is not None and self._admitted.visitor:
            place[self._admitted.visitor] = 1
        ranks: dict[int, int] = {}
        for ticket in sorted(self._waiting, key=lambda one: (one.priority, one.since)):
            ranks[id(ticket)] = place.get(ticket.visitor, 0) if ticket.visitor else 0
            place[ticket.visitor] = ranks[id(ticket)] + 1
        return sorted(self._waiting, key=lambda one: (one.priority, ranks[id(one)], one.since))

    def __len__(self) -> int:
        """How many wait or hold the device."""
        return len(self._waiting) + (self._admitted is not None)


class Turnstile:
    """Admits one thread at a time by the rules of a `Line`."""

    def __init__(self, limit: int = 64, *, each: int = 64) -> None:
        """`limit`, `each`: as of `Line`."""
        self._line = Line(limit, each=each)
        self._changed = threading.Condition()

    @contextmanager
    def turn(
        self,
        waiting: Callable[[int], None],
        *,
        priority: int = 0,
        who: str = "",
        visitor: str = "",
        arrived: float | None = None,
    ) -> Iterator[Callable[[], None]]:
        """Holds the device; `waiting(ahead)` is called while others come first and may raise to give up.

        `priority` 0 is for a click, 1 for a long study. `who` names the session, for the limit on each; `visitor` the
        person, for turns in rotation; `arrived` is the `time.monotonic()` of their coming, if they waited elsewhere.
        What is given is to be called between two steps: it lets others go first whose turn it is, and returns when it
        is one's own again.
        Raises `QueueFullError` when the queue is at a limit.
        """
        ticket = Ticket(priority, time.monotonic() if arrived is None else arrived, who, visitor=visitor)
        with self._changed:
            self._line.join(ticket)
        try:
            self._wait(ticket, waiting)
            yield lambda: self._give_way(ticket, waiting)
        finally:
            with self._changed:
                self._line.leave(ticket, time.monotonic())
                self._changed.notify_all()

    def _wait(self, ticket: Ticket, waiting: Callable[[int], None]) -> None:
        while True:
            with self._changed:
                if self._line.admit(ticket, time.monotonic()):
                    return
                ahead = self._line.ahead(ticket)
                self._changed.wait(timeout=POLL)
            waiting(ahead)

    def _give_way(self, ticket: Ticket, waiting: Callable[[int], None]) -> None:
        with self._changed:
            if not self._line.step_aside(ticket, time.monotonic()):
                return
            self._changed.notify_all()
        self._wait(ticket, waiting)

    @property
    def is_full(self) -> bool:
        """Whether nobody more may join."""
        return self._line.is_full

    def __len__(self) -> int:
        """How many wait or hold the device."""
        return len(self._line)
