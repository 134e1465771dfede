"""From a request to its result: the store first, one computation for equal requests, one turn on the device each."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lam_core.attribution.result import Attribution
from lam_core.attribution.settings import METHOD_VERSION, AttributionSettings
from lam_core.device import POLL, Turnstile
from lam_core.images import Pixels, digest
from lam_core.reference import ModelReference
from lam_core.region import Region, field_around
from lam_core.store import Store, StoreWriteError, key_of

if TYPE_CHECKING:
    from lam_core.attribution.attribute import Progress

log = logging.getLogger("lam")


class Cancelled(Exception):
    """Raised by a progress callback to give a computation up."""


@dataclass(frozen=True, eq=False)
class AttributionRequest:
    """One map asked for."""

    model: ModelReference
    image: Pixels
    """The LR picture, [h, w, 3]."""
    region: Region
    """The window, in SR pixels."""
    settings: AttributionSettings = field(default_factory=AttributionSettings)

    def identity(self, device: str) -> dict[str, Any]:
        """What the result depends on and nothing else, as plain values. Raises `RegionError`."""
        height, width = self.image.shape[:2]
        cut = field_around(self.region, height, width, self.model.scale, self.settings.field)
        return {
            "kind": "attribution",
            "version": METHOD_VERSION,
            "fingerprint": self.model.fingerprint,
            "image": digest(self.image),
            "field": [cut.x, cut.y, cut.width, cut.height],
            "window": [self.region.x, self.region.y, self.region.size],
            "settings": self.settings.as_dict(),
            "device": device,
        }


@dataclass(frozen=True, eq=False)
class Answer:
    """A result and where it came from."""

    result: Attribution
    from_store: bool
    note: str = ""
    """One sentence if the result could not be kept, else empty."""


@dataclass(frozen=True, eq=False)
class Status:
    """What is going on while one waits."""

    stage: str
    """`queue`, `model` or `map`."""
    ahead: int = 0
    """How many come first, in the queue."""
    progress: Progress | None = None
    """How far the map is."""


Listener = Callable[[Status], None]
"""Called at least every quarter of a second while waiting and at every node; what it raises gives the request up."""


def ignore(status: Status) -> None:
    """A listener that does not care."""


class Recent:
    """The latest results in memory: what a page redraws must not depend on a disk that may be full."""

    def __init__(self, limit: int = 128 * 1024**2) -> None:
        """`limit`: bytes of arrays after which the results used longest ago are let go."""
        self._limit, self._held = limit, 0
        self._results: OrderedDict[str, Attribution] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Attribution | None:
        """The result of a key, if it is still held."""
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
            return self._results.get(key)

    def put(self, key: str, result: Attribution) -> None:
        """Holds a result, letting older ones go."""
        with self._lock:
            self._forget(key)
            self._results[key] = result
            self._held += _size(result)
            while self._held > self._limit and len(self._results) > 1:
                self._forget(next(iter(self._results)))

    def _forget(self, key: str) -> None:
        if key in self._results:
            self._held -= _size(self._results.pop(key))


def _size(result: Attribution) -> int:
    return result.signed.nbytes + result.sr.nbytes


class Service:
    """Answers requests for many people at once on one device."""

    def __init__(self, store: Store | None, *, device: str = "cpu", turnstile: Turnstile | None = None) -> None:
        self.store, self.device = store, device
        self.turnstile = turnstile or Turnstile()
        self._recent = Recent()
        self._running: set[str] = set()
        self._finished = threading.Condition()

    def find(self, request: AttributionRequest) -> Attribution | None:
        """The result of a request if it is at hand; loads no model and no PyTorch."""
        identity = request.identity(self.device)
        key = key_of(identity)
        result = self._recent.get(key)
        if result is None and self.store is not None:
            stored = self.store.get(identity)
            if stored is not None:
                with suppress(KeyError, TypeError, ValueError):
                    result = Attribution.restore(stored.summary, stored.arrays)
                    self._recent.put(key, result)
        return result and replace(result, model=request.model.name)

    def attribute(self, request: AttributionRequest, listener: Listener = ignore, *, priority: int = 0) -> Answer:
        """The result of a request: from the store, from someone who is computing it right now, or computed in turn.

        Raises what `lam_core.attribute` raises, `QueueFullError`, and whatever `listener` raises to give up.
        """
        key = key_of(request.identity(self.device))
        began = time.perf_counter()
        with self._only_one(key, listener):
            found = self.find(request)
            if found is not None:
                self._log(request, began, "store")
                return Answer(found, from_store=True)
            try:
                with self.turnstile.turn(lambda n: listener(Status("queue", ahead=n)), priority=priority):
                    result = self._compute(request, listener)
            except Exception as error:
                self._log(request, began, type(error).__name__)
                raise
            self._log(request, began, "computed")
            self._recent.put(key, result)
            return Answer(result, from_store=False, note=self._keep(request, result))

    def _compute(self, request: AttributionRequest, listener: Listener) -> Attribution:
        from lam_core.attribution.attribute import attribute

        listener(Status("model"))
        model = request.model.load()
        if model.device.type != self.device.partition(":")[0]:
            model = model.to(device=self.device)
        result = attribute(
            model,
            request.image,
            request.region,
            request.settings,
            on_progress=lambda progress: listener(Status("map", progress=progress)),
        )
        return replace(result, model=request.model.name)

    def _keep(self, request: AttributionRequest, result: Attribution) -> str:
        if self.store is None:
            return ""
        try:
            self.store.put(request.identity(self.device), result.summary(), result.arrays())
        except StoreWriteError as error:
            log.warning("store: %s", error)
            return str(error)
        return ""

    @contextmanager
    def _only_one(self, key: str, listener: Listener):
        """Lets one thread at a time work on a key; the others wait and then find its result in the store."""
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

    def _log(self, request: AttributionRequest, began: float, outcome: str) -> None:
        log.info(
            "attribution model=%s seconds=%.3f outcome=%s",
            request.model.name,
            time.perf_counter() - began,
            outcome,
        )
