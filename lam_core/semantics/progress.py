"""How far work on features has come."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far an analysis has come."""

    model: str
    task: str
    """`features`, or the layer whose figures are computed."""
    share: float
    """Of everything, 0 to 1."""
    preview: None = None

    @property
    def text(self) -> str:
        """In words."""
        return self.task
