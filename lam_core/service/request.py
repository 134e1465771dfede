"""What can be asked of the service: something computed from a model, kept under all that it depends on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from lam_core.reference import NetworkReference
from lam_core.service.progress import Progress
from lam_core.service.store import Stored

R = TypeVar("R")


class Request(Protocol[R]):
    """One result asked for; a map, a check, a heat map."""

    @property
    def model(self) -> NetworkReference:
        """The network it is about."""
        ...

    def identity(self, device: str) -> dict[str, Any]:
        """What the result depends on and nothing else, as plain values."""
        ...

    def compute(self, model: Any, report: Callable[[Progress], None]) -> R:
        """Computes the result with `model`, which `self.model` has loaded; `report` is called with the progress, and an
        exception it raises ends the computation."""
        ...

    def pack(self, result: R) -> Stored:
        """The result as it is kept."""
        ...

    def restore(self, stored: Stored) -> R:
        """The inverse of `pack`. Raises `KeyError`, `TypeError` or `ValueError` on foreign content."""
        ...
