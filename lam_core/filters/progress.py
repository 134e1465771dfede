"""How far a computation about filters has come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Tick = Callable[[int, int], None]
"""Progress callback (steps done, steps in all); an exception that it raises cancels the computation."""


def no_tick(done: int, total: int) -> None:
    """A progress callback that ignores what it is told."""


@dataclass(frozen=True)
class Progress:
    """How far a study has come."""

    text: str
    share: float
    """0 to 1."""
    preview: None = None
