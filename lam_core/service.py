"""From a request to its result: the store first, one computation for equal requests, one turn on the device each."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from lam_core.device import POLL, Turnstile
from lam_core.request import Request
from lam_core.store import Store, Stored, StoreWriteError, key_of

log = logging.getLogger("lam")

R = TypeVar("R")


class Cancelled(Exception):
    """Raised by a listener to give a computation up."""


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

    stage: str
    """`queue`, `model` or `work`."""
    ahead: int = 0
    """How many come first, in the queue."""
    progress: Any = None
    """How far the work is, in the request's own terms: an attribution's `Progress` for a map."""


Listener = Callable[[Status], None]
"""Called at least every quarter of a second while waiting and at every step; what it raises gives the request up."""


def ignore(status: Status) -> None:
    """A listener that does not care."""


class Recent:
    """The latest results in memory: what a page redraws must not depend on a disk that may be full."""

    def __init__(self, limit: int = 128 * 1024**2) -> None:
        """`limit`: bytes of arrays after which the results used longest ago are let go."""
        self._limit, self._held = limit, 0
        self._results: OrderedDict[str, Stored] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Stored | None:
        """The result of a key, if it is still held."""
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
            return self._results.get(key)

    def put(self, key: str, stored: Stored) -> None:
        """Holds a result, letting older ones go."""
        with self._lock:
            self._forget(key)
            self._results[key] = stored
            self._held += _size(stored)
            while self._held > self._limit and len(self._results) > 1:
                self._forget(next(iter(self._results)))

    def _forget(self, key: str) -> None:
        if key in self._results:
            self._held -= _size(self._results.pop(key))


def _size(stored: Stored) -> int:
    return sum(array.nbytes for array in stored.arrays.values())


class Service:
    """Answers requests for many people at once on one device."""

    def __init__(self, store: Store | None, *, device: str = "cpu", turnstile: Turnstile | None = None) -> None:
        self.store, self.device = store, device
        self.turnstile = turnstile or Turnstile()
        self._recent = Recent()
        self._running: set[str] = set()
        self._finished = threading.Condition()

    def find(self, request: Request[R]) -> R | None:
        """The result of a request if it is at hand; loads no model and no PyTorch."""
        identity = request.identity(self.device)
        key = key_of(identity)
        stored = self._recent.get(key)
        if stored is None and self.store is not None:
            stored = self.store.get(identity)
        if stored is None:
            return None
        with suppress(KeyError, TypeError, ValueError):
            result = request.restore(stored)
            self._recent.put(key, stored)
            return result
        return None

    def answer(self, request: Request[R], listener: Listener = ignore, *, priority: int = 0) -> Answer[R]:
        """The result of a request: from the store, from someone who is computing it right now, or computed in turn.

        Raises what the computation raises, `QueueFullError`, and whatever `listener` raises to give up.
        """
        identity = request.identity(self.device)
        key = key_of(identity)
        began = time.perf_counter()
        with self._only_one(key, listener):
            found = self.find(request)
            if found is not None:
                self._log(identity, request, began, "store")
                return Answer(found, from_store=True)
            try:
                with self.turnstile.turn(lambda n: listener(Status("queue", ahead=n)), priority=priority):
                    result = self._compute(request, listener)
            except Exception as error:
                self._log(identity, request, began, type(error).__name__)
                raise
            self._log(identity, request, began, "computed")
            stored = request.pack(result)
            self._recent.put(key, stored)
            return Answer(result, from_store=False, note=self._keep(identity, stored))

    def _compute(self, request: Request[R], listener: Listener) -> R:
        listener(Status("model"))
        model = request.model.load().on(self.device)
        return request.compute(model, lambda progress: listener(Status("work", progress=progress)))

    def _keep(self, identity: dict[str, Any], stored: Stored) -> str:
        if self.store is None:
            return ""
        try:
            self.store.put(identity, stored.summary, stored.arrays)
        except StoreWriteError as error:
            log.warning("store: %s", error)
            return str(error)
        return ""

    @contextmanager
    def _only_one(self, key: str, listener: Listener) -> Iterator[None]:
        """Lets one thread at a time work on a key; the others wait and then find its result at hand."""
        while True:
            with self._finished:
                if key not in self._running:
                    self._running.add(key)
                    break
                self._finished.wait(timeout=POLL)
            listener(Status("queue", ahead=1))
        try:
            yield
        finally:
            with self._finished:
                self._running.discard(key)
                self._finished.notify_all()

    def _log(self, identity: dict[str, Any], request: Request[Any], began: float, outcome: str) -> None:
        log.info(
            "%s model=%s seconds=%.3f outcome=%s",
            identity["kind"],
            request.model.name,
            time.perf_counter() - began,
            outcome,
        )
