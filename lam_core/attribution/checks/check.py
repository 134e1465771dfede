"""A check of a map or a model as a request: found in the store or computed in turn, as the service does for maps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.result import Attribution
from lam_core.reference import ModelReference
from lam_core.service.progress import Progress, Step
from lam_core.service.service import Answer, Listener, Service, Status, ignore
from lam_core.service.store import Stored

if TYPE_CHECKING:
    from lam_core.attribution.checks.scene import Report
    from lam_core.model import SuperResolver

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
    """One check of one map or model, not done yet; `requests` makes them. A `lam_core.service.request.Request`."""

    name: str
    model: ModelReference
    subject: dict[str, Any]
    """Plain values: all that the result depends on, but for the model, its map and the device."""
    run: Callable[[SuperResolver, Attribution | None, Report], R]
    """The computation; it hears of the map if `map_of` names one, and reports the share that is done."""
    read: Callable[[dict[str, Any]], R]
    """The inverse of the result's `to_dict`."""
    map_of: AttributionRequest | None = None
    """The map that the check is of, where it needs one."""
    attribution: Attribution | None = None
    """That map, where it is stored."""

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

    def compute(self, model: SuperResolver, report: Callable[[Progress], None]) -> R:
        """The result; the map it needs is computed first unless it is stored."""
        attribution = self.attribution
        if attribution is None and self.map_of is not None:
            attribution = self.map_of.compute(model, lambda progress: report(Step(0.0, "its map first")))
        return self.run(model, attribution, lambda share: report(Step(share)))

    def pack(self, result: R) -> Stored:
        """The result's plain values."""
        return Stored(result.to_dict(), {})

    def restore(self, stored: Stored) -> R:
        """The inverse of `pack`. Raises `KeyError`, `TypeError` or `ValueError` on foreign content."""
        return self.read(stored.summary)


def examine(service: Service, check: Check[R], listener: Listener = ignore, *, priority: int = 0) -> Answer[R]:
    """A check's result; the map it is of is had from the service first, so that both are kept.

    `listener` hears stage `map` while the map is computed, then `work` with the share of the check that is done.
    Raises what map and check raise, `QueueFullError`, and whatever `listener` raises to give up.
    """
    if check.map_of is not None and service.find(check) is None:
        found = service.answer(check.map_of, lambda status: listener(_of_map(status)), priority=priority)
        check = replace(check, attribution=found.result)
    return service.answer(check, listener, priority=priority)


def _of_map(status: Status) -> Status:
    return replace(status, stage="map") if status.stage == "work" else status
