"""A check as a request, and the map that it is of as another one before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.result import Attribution
from lam_core.attribution.trust import Report
from lam_core.model import SuperResolver
from lam_core.reference import ModelReference
from lam_core.service import Answer, Listener, Service, ignore
from lam_core.store import Stored

CHECK_VERSION = 1
"""Part of every check's key: raised whenever the same check would give other numbers."""


class Result(Protocol):
    """What a check gives: figures that can be kept."""

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
        ...


R = TypeVar("R", bound=Result)


@dataclass(frozen=True, eq=False)
class Check(Generic[R]):
    """One check of one map or model, not done yet; `studies.checks` makes them. A `lam_core.request.Request`."""

    name: str
    model: ModelReference
    subject: dict[str, Any]
    """Plain values: all that the result depends on, but for the model and the device."""
    examination: Callable[[SuperResolver, Attribution | None, Report], R]
    from_dict: Callable[[dict[str, Any]], R]
    """The inverse of the result's `to_dict`."""
    map_of: AttributionRequest | None = None
    """The map that the check is of, where it needs one."""
    map: Attribution | None = None
    """That map, once it is there."""

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

    def compute(self, model: SuperResolver, report: Report) -> R:
        """The check itself; `report` hears the share that is done, 0 to 1."""
        return self.examination(model, self.map, report)

    def pack(self, result: R) -> Stored:
        """Figures alone."""
        return Stored(result.to_dict(), {})

    def restore(self, stored: Stored) -> R:
        """The figures again."""
        return self.from_dict(stored.summary)


def examine(service: Service, check: Check[R], listener: Listener = ignore, *, priority: int = 0) -> Answer[R]:
    """A check's result: at hand, or computed when the device is free. The map it needs is had from the service first.

    `listener` hears of the stage `map` while that map is computed, of `work` while the check is, then with the share
    that is done. Raises what the check and the map raise, `QueueFullError`, and what `listener` raises to give up.
    """
    found = service.find(check)
    if found is not None:
        return Answer(found, from_store=True)
    if check.map_of is not None:
        names = {"work": "map"}
        answer = service.answer(
            check.map_of,
            lambda status: listener(replace(status, stage=names.get(status.stage, status.stage))),
            priority=priority,
        )
        check = replace(check, map=answer.result)
    return service.answer(check, listener, priority=priority)
