"""Loaded models on their device, kept as long as memory allows; importing this does not import torch."""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lam_core.lru import Lru
from lam_core.reference import Fetching, ModelReference

if TYPE_CHECKING:
    from lam_core.model import SuperResolver

GIBIBYTE = 2**30


class Pool:
    """The models used last, up to a limit of memory; each is loaded once, however many ask for it.

    What is dropped from the pool lives on as long as somebody uses it, and is found again while it does.
    """

    def __init__(self, limit: int = 2 * GIBIBYTE, *, device: str = "cpu") -> None:
        """`limit`: bytes of weights that are kept; one larger model is kept alone."""
        self.device = device
        """Where the weights are kept."""
        self._kept = Lru["SuperResolver"](limit, size)
        self._alive: weakref.WeakValueDictionary[str, SuperResolver] = weakref.WeakValueDictionary()
        self._loading: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def load(self, reference: ModelReference, progress: Fetching | None = None) -> SuperResolver:
        """The model of a reference, on the pool's device; it is nobody's own, so use `SuperResolver.to` to change it.

        `progress` hears of its weights being fetched; whoever waits for another's fetching hears nothing.

        Raises whatever loading raises; whoever waited for it tries again.
        """
        key = reference.fingerprint
        if (model := self._find(key)) is not None:
            return model
        with self._lock:
            gate = self._loading.setdefault(key, threading.Lock())
        with gate:
            if (model := self._find(key)) is not None:
                return model
            try:
                model = reference.load(progress).on(self.device)
                self._keep(key, model)
            finally:
                with self._lock:
                    self._loading.pop(key, None)
        return model

    def pooled(self, reference: ModelReference) -> PooledReference:
        """The same reference, whose model comes from this pool."""
        return PooledReference(reference.name, reference.fingerprint, reference.scale, reference, self)

    @property
    def used(self) -> int:
        """Bytes of the weights that the pool keeps."""
        return int(self._kept.used)

    def __contains__(self, fingerprint: object) -> bool:
        return fingerprint in self._alive

    def _find(self, key: str) -> SuperResolver | None:
        with self._lock:
            model = self._alive.get(key)
            if model is not None:
                self._kept.put(key, model)
            return model

    def _keep(self, key: str, model: SuperResolver) -> None:
        with self._lock:
            self._alive[key] = model
            self._kept.put(key, model)


@dataclass(frozen=True)
class PooledReference:
    """A reference whose model comes from a pool; a `lam_core.reference.ModelReference`."""

    name: str
    fingerprint: str
    scale: int
    reference: ModelReference
    pool: Pool

    def load(self, progress: Fetching | None = None) -> SuperResolver:
        return self.pool.load(self.reference, progress)


def size(model: SuperResolver) -> int:
    """Bytes of a model's weights and buffers."""
    module = model.module
    return sum(t.numel() * t.element_size() for t in (*module.parameters(), *module.buffers()))
