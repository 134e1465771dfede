"""A check as a request: looked up in the store, computed in turn on the device, kept; what `service` is for maps."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from lam_core.attribution.result import Attribution
from lam_core.attribution.trust import Report
from lam_core.model import SuperResolver
from lam_core.reference import ModelReference
from lam_core.service import AttributionRequest, Service, Status
from lam_core.store import StoreWriteError

CHECK_VERSION = 1
"""Part of every check's key: raised whenever the same check would give other numbers."""

log = logging.getLogger("lam")


class Result(Protocol):
    """What a check gives: figures that can be kept."""

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
        ...


R = TypeVar("R", bound=Result)


@dataclass(frozen=True, eq=False)
class Check(Generic[R]):
    """One check of one map or model, not done yet; `studies.checks` makes them."""

    name: str
    model: ModelReference
    subject: dict[str, Any]
    """Plain values: all that the result depends on, but for the model and the device."""
    compute: Callable[[SuperResolver, Attribution | None, Report], R]
    restore: Callable[[dict[str, Any]], R]
    """The inverse of the result's `to_dict`."""
    map_of: AttributionRequest | None = None
    """The map that the check is of, where it needs one."""

    def identity(self, device: str) -> dict[str, Any]:
        """What the result depends on and nothing else."""
        return {
            "kind": f"check {self.name}",
            "version": CHECK_VERSION,
            "fingerprint": self.model.fingerprint,
            "subject": self.subject,
            "map": self.map_of and self.map_of.identity(device),
            "device": device,
        }


@dataclass(frozen=True, eq=False)
class Examined(Generic[R]):
    """A check's result and where it came from."""

    result: R
    from_store: bool
    note: str = ""
    """One sentence if the result could not be kept, else empty."""


@dataclass(frozen=True)
class Stage:
    """What is going on while one waits."""

    name: str
    """`queue`, `model`, `map` or `check`."""
    ahead: int = 0
    """How many come first, in the queue."""
    done: float = 0.0
    """Share of the check that is done, 0 to 1."""


Listener = Callable[[Stage], None]
"""Called several times a second in the queue and at every step; what it raises gives the check up."""


def ignore(stage: Stage) -> None:
    """A listener that does not care."""


def find(service: Service, check: Check[R]) -> R | None:
    """A check's result if it is at hand; loads no model."""
    stored = service.store and service.store.get(check.identity(service.device))
    if stored:
        with suppress(KeyError, TypeError, ValueError):
            return check.restore(stored.summary)
    return None


def examine(service: Service, check: Check[R], listener: Listener = ignore, *, priority: int = 0) -> Examined[R]:
    """A check's result: at hand, or computed when the device is free. The map it needs is had from the service first.

    Raises what the check and the map raise, `QueueFullError`, and whatever `listener` raises to give up.
    """
    found = find(service, check)
    if found is not None:
        return Examined(found, from_store=True)
    attribution = None
    if check.map_of is not None:
        attribution = service.attribute(check.map_of, lambda s: listener(_of_map(s)), priority=priority).result
    with service.turnstile.turn(lambda ahead: listener(Stage("queue", ahead=ahead)), priority=priority):
        listener(Stage("model"))
        model = check.model.load()
        result = check.compute(model, attribution, lambda done: listener(Stage("check", done=done)))
    return Examined(result, from_store=False, note=_keep(service, check, result))


def _of_map(status: Status) -> Stage:
    return Stage("queue", ahead=status.ahead) if status.stage == "queue" else Stage("map")


def _keep(service: Service, check: Check[R], result: R) -> str:
    if service.store is None:
        return ""
    try:
        service.store.put(check.identity(service.device), result.to_dict(), {})
    except StoreWriteError as error:
        log.warning("store: %s", error)
        return str(error)
    return ""
