"""From a request to its result: the store first, one computation for equal requests, one turn on the device each."""

from __future__ import annotations

import copy
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from lam_core.device import out_of_memory
from lam_core.errors import LamError
from lam_core.lru import Lru
from lam_core.service.device_queue import Turnstile
from lam_core.service.locks import Claims
from lam_core.service.network_facts import facts_kept_in
from lam_core.service.owner import Owner
from lam_core.service.progress import Progress, Stage
from lam_core.service.request import Request
from lam_core.service.store import OWNER, Store, Stored, StoreWriteError, key_of

log = logging.getLogger("lam")

R = TypeVar("R")

RECENT_BYTES = 128 * 1024**2
"""Bytes of arrays of the results that are held in memory beside the store."""


class Cancelled(Exception):
    """Raised by a listener to give a computation up."""


class TooLongError(LamError):
    """A computation that held the device for longer than anyone may."""


class Asked(Protocol):
    """What can be asked for, as far as its key needs it."""

    def identity(self, device: str) -> dict[str, Any]:
        """What the result depends on and nothing else, as plain values."""
        ...


@dataclass(frozen=True, eq=False)
class Answer(Generic[R]):
    """A result and where it came from."""

    result: R
    from_store: bool
    note: str = ""
    """One sentence if the result could not be kept, else empty."""


@dataclass(frozen=True, eq=False)
class Status:
    """What is going on while one waits."""

    stage: Stage
    ahead: int = 0
    """How many come first, in the queue."""
    progress: Progress | None = None
    """How far the work is; in the queue, of one that has begun and lets others go first."""
    fetched: tuple[int, int | None] | None = None
    """Bytes of the model's weights that are here, and of how many if that is known, while they are fetched."""


Listener = Callable[[Status], None]
"""Called at least every quarter of a second while waiting and at every step; an exception it raises cancels it."""


def ignore(status: Status) -> None:
    """A listener that does not care."""


@dataclass(frozen=True, eq=False)
class Held:
    """A result in memory."""

    stored: Stored
    owner: str
    """Whose alone it is; empty if it is everybody's."""
    used: float
    """`time.monotonic()` of the last use."""

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(array.nbytes for array in self.stored.arrays.values())


class Running:
    """The computations of all threads: counted, and cancelled together when the process is to end."""

    def __init__(self) -> None:
        self._count = 0
        self._stopping = False
        self._changed = threading.Condition()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Counts a computation while it runs."""
        with self._changed:
            self._count += 1
        try:
            yield
        finally:
            with self._changed:
                self._count -= 1
                self._changed.notify_all()

    def heeded(self, listener: Listener) -> Listener:
        """A listener that raises `Cancelled` once the process is to end."""

        def listen(status: Status) -> None:
            if self._stopping:
                raise Cancelled("the server is stopping")
            listener(status)

        return listen

    def stop(self, patience: float) -> None:
        """Cancels all; returns when none is left or after `patience` seconds."""
        self._stopping = True
        with self._changed:
            self._changed.wait_for(lambda: self._count == 0, timeout=patience)


class Service:
    """Answers requests for many people at once on one device."""

    def __init__(
        self,
        store: Store | None,
        *,
        device: str = "cpu",
        turnstile: Turnstile | None = None,
        seconds: float = float("inf"),
    ) -> None:
        """`seconds`: the longest that one computation may hold the device."""
        self.store, self.device = store, device
        self.turnstile = turnstile or Turnstile()
        self._seconds = seconds
        # What a page redraws must not depend on a disk that may be full.
        self._recent = Lru[Held](RECENT_BYTES, size=lambda held: held.size)
        self._claims = Claims(store and store.locks)
        self._owner: Owner | None = None
        self._private = False
        self._running = Running()

    def of(self, owner: Owner, *, private: bool) -> Service:
        """The same service as one person meets it: their share of the queue is limited.

        `private`: what they ask is about something of theirs; it is found by them alone and never lies among the
        results of all.
        """
        theirs = copy.copy(self)
        theirs._owner, theirs._private = owner, private
        return theirs

    def forget(self, owner: Owner) -> None:
        """Removes everything that is one person's, and keeps nothing for them from now on."""
        owner.gone = True
        self.remove(owner.name)

    def remove(self, name: str) -> None:
        """Removes everything that is kept for the owner of a name."""
        self._recent.drop(lambda held: held.owner == name)
        if self.store is not None:
            self.store.forget(name)

    def expire(self, seconds: float) -> None:
        """Removes whatever is one person's and was not used for so long."""
        oldest = time.monotonic() - seconds
        self._recent.drop(lambda held: bool(held.owner) and held.used < oldest)
        if self.store is not None:
            self.store.expire(seconds)

    def stop(self, patience: float) -> None:
        """Cancels every computation, waits at most `patience` seconds for them to end, and releases their locks.

        From now on every request raises `Cancelled`.
        """
        self._running.stop(patience)
        self._claims.release_all()

    def identity(self, request: Asked) -> dict[str, Any]:
        """What the result depends on, and whose it is if it is one person's alone: what it is stored under."""
        identity = request.identity(self.device)
        return {**identity, OWNER: self._owner.name} if self._private and self._owner else identity

    def find(self, request: Request[R]) -> R | None:
        """The stored result of a request, None if there is none; loads no model and no PyTorch."""
        identity = self.identity(request)
        key = key_of(identity)
        held = self._recent.get(key)
        stored = held and held.stored
        if self.store is not None:
            if stored is None:
                stored = self.store.get(identity)
            elif OWNER in identity:
                # What is in use must not expire by the time of a file that is not read.
                self.store.touch(identity)
        if stored is None:
            return None
        with suppress(KeyError, TypeError, ValueError):
            result = request.restore(stored)
            self._recent.put(key, Held(stored, identity.get(OWNER, ""), time.monotonic()))
            return result
        return None

    def answer(self, request: Request[R], listener: Listener = ignore, *, priority: int = 0) -> Answer[R]:
        """The result of a request: from the store, from someone who is computing it right now, or computed in turn.

        Someone may be another process that shares the store. Raises what the computation raises, `QueueFullError`,
        `TooLongError`, `OutOfMemoryError`, and whatever `listener` raises to give up.
        """
        identity = self.identity(request)
        began = time.monotonic()
        listener = self._running.heeded(listener)
        with self._running.one(), self._claims.claim(key_of(identity), lambda: listener(Status("shared"))):
            found = self.find(request)
            if found is not None:
                self._log(identity, request, began, store="hit")
                return Answer(found, from_store=True)
            try:
                result, waited = self._in_turn(request, listener, priority, began)
            except BaseException as error:
                self._log(identity, request, began, store="miss", error=type(error).__name__)
                raise
            self._log(identity, request, began, store="miss", waited=round(waited, 3))
            return Answer(result, from_store=False, note=self._keep(identity, request.pack(result)))

    def keep(self, request: Request[R], stored: Stored) -> str:
        """Keeps the packed result of a request that was computed elsewhere; one sentence if it could not be kept."""
        return self._keep(self.identity(request), stored)

    def _in_turn(self, request: Request[R], listener: Listener, priority: int, arrived: float) -> tuple[R, float]:
        """The result, and the seconds that went by before its computation began."""
        who, visitor = (self._owner.name, self._owner.visitor) if self._owner else ("", "")

        so_far: Progress | None = None

        def wait(ahead: int) -> None:
            listener(Status("queue", ahead=ahead, progress=so_far))

        def work(progress: Progress) -> None:
            nonlocal so_far
            so_far = progress
            listener(Status("work", progress=progress))

        with out_of_memory(self.device):
            # Weights may have to be fetched for minutes: nobody else waits for that.
            listener(Status("model"))
            loaded = request.model.load(lambda here, total: listener(Status("model", fetched=(here, total))))
            with self.turnstile.turn(wait, priority=priority, who=who, visitor=visitor, arrived=arrived) as give_way:
                began = time.monotonic()
                return self._computed(request, loaded.on(self.device), work, give_way), began - arrived

    def _computed(
        self, request: Request[R], model: Any, work: Callable[[Progress], None], give_way: Callable[[], None]
    ) -> R:
        until = time.monotonic() + self._seconds

        def report(progress: Progress) -> None:
            nonlocal until
            work(progress)
            if (now := time.monotonic()) > until:
                raise TooLongError(
                    f"{request.model.name} took longer than the {self._seconds:g} s that one computation may take "
                    "here; choose a smaller field, fewer nodes or a smaller network"
                )
            give_way()
            until += time.monotonic() - now

        with facts_kept_in(None if self._private else self.store):
            return request.compute(model, report)

    def _keep(self, identity: dict[str, Any], stored: Stored) -> str:
        if self._private and self._owner and self._owner.gone:
            return ""
        self._recent.put(key_of(identity), Held(stored, identity.get(OWNER, ""), time.monotonic()))
        if self.store is None or not stored.lasting:
            return ""
        try:
            self.store.put(identity, stored.summary, stored.arrays)
        except StoreWriteError as error:
            log.warning("store", extra={"fields": {"error": type(error).__name__, "reason": str(error)}})
            return str(error)
        return ""

    def _log(self, identity: dict[str, Any], request: Request[Any], began: float, **more: Any) -> None:
        fields = {
            "request": identity["kind"],
            "model": request.model.name,
            "seconds": round(time.monotonic() - began, 3),
            **more,
        }
        log.info("request", extra={"fields": fields})
