"""One device, many people: turns in order of arrival, one's place shown, the queue left at any moment."""

from __future__ import annotations

import threading
import time
from bisect import insort
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lam_core.errors import LamError

POLL = 0.25
"""Seconds between two reports to someone who waits."""


class DeviceError(LamError):
    """A device that is not there."""


def check_device(name: str) -> None:
    """Raises `DeviceError` unless networks can run on a device. Imports PyTorch for any but the CPU."""
    if name == "cpu":
        return
    import torch

    try:
        torch.zeros(1, device=name).add(1).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise DeviceError(
            f"nothing can be computed on {name!r} here ({reason}); set LAM_DEVICE to cpu, or to a device that is there"
        ) from error


class OutOfMemoryError(LamError):
    """A computation that needs more memory than there is."""


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there is no memory left, in whichever way PyTorch or Python puts it.

    >>> ran_out_of_memory(RuntimeError("CUDA out of memory. Tried to …")), ran_out_of_memory(RuntimeError("bad shape"))
    (True, False)
    """
    # PyTorch has a class of its own for a GPU, and on a CPU nothing but the words.
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and ("out of memory" in str(error) or "allocate memory" in str(error))
    )


@contextmanager
def out_of_memory(device: str) -> Iterator[None]:
    """Gives every way in which memory can run out the one name `OutOfMemoryError`, and frees what is cached."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not ran_out_of_memory(error):
            raise
        if device.startswith("cuda"):
            import torch

            torch.cuda.empty_cache()
        raise OutOfMemoryError(
            f"the computation needs more memory than {device!r} has free; choose a smaller field or a smaller network"
        ) from error


class QueueFullError(LamError):
    """So many wait already that one more would wait too long."""


@dataclass(frozen=True, eq=False)
class Ticket:
    """Someone's place."""

    priority: int
    arrived: float
    who: str

    @property
    def order(self) -> tuple[int, float]:
        """The lowest goes first."""
        return self.priority, self.arrived


class Turnstile:
    """Admits one thread at a time, in order of arrival; those with a lower `priority` value go first."""

    def __init__(self, limit: int = 64, *, each: int = 64) -> None:
        """`limit`: how many may wait or hold the device; `each`: how many of one and the same person."""
        self._limit, self._each = limit, each
        self._waiting: list[Ticket] = []
        self._admitted: Ticket | None = None
        self._changed = threading.Condition()

    @contextmanager
    def turn(
        self, waiting: Callable[[int], None], *, priority: int = 0, who: str = "", arrived: float | None = None
    ) -> Iterator[Callable[[], None]]:
        """Holds the device; `waiting(ahead)` is called while others come first and may raise to give up.

        `priority` 0 is for a click, 1 for a long study. `who` names the person, for the limit on each; `arrived` is
        the `time.monotonic()` of their coming, if they waited elsewhere before. What is given is to be called between
        two steps: it lets those of a lower priority value go first, and returns when it is one's turn again.
        Raises `QueueFullError` when the queue is at a limit.
        """
        ticket = Ticket(priority, time.monotonic() if arrived is None else arrived, who)
        with self._changed:
            self._check_room(who)
            insort(self._waiting, ticket, key=lambda other: other.order)
        try:
            self._wait(ticket, waiting)
            yield lambda: self._give_way(ticket, waiting)
        finally:
            with self._changed:
                if self._admitted is ticket:
                    self._admitted = None
                else:
                    self._waiting = [other for other in self._waiting if other is not ticket]
                self._changed.notify_all()

    def _check_room(self, who: str) -> None:
        if len(self) >= self._limit:
            raise QueueFullError(f"{len(self)} computations are waiting already; please try again in a minute")
        own = sum(1 for other in (*self._waiting, self._admitted) if who and other and other.who == who)
        if own >= self._each:
            raise QueueFullError(
                f"{own} computations of yours are waiting or running already; let one finish, or cancel it, first"
            )

    def _wait(self, ticket: Ticket, waiting: Callable[[int], None]) -> None:
        while True:
            with self._changed:
                if self._admitted is None and self._waiting[0] is ticket:
                    self._admitted = self._waiting.pop(0)
                    return
                ahead = self._waiting.index(ticket) + (self._admitted is not None)
                self._changed.wait(timeout=POLL)
            waiting(ahead)

    def _give_way(self, ticket: Ticket, waiting: Callable[[int], None]) -> None:
        with self._changed:
            if not self._waiting or self._waiting[0].priority >= ticket.priority:
                return
            self._admitted = None
            insort(self._waiting, ticket, key=lambda other: other.order)
            self._changed.notify_all()
        self._wait(ticket, waiting)

    def __len__(self) -> int:
        """How many wait or hold the device."""
        return len(self._waiting) + (self._admitted is not None)
