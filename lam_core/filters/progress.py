"""What the loops over filters call as they go on."""

from __future__ import annotations

from collections.abc import Callable

Tick = Callable[[int, int], None]
"""Progress callback (steps done, steps in all); an exception that it raises cancels the computation."""


def no_tick(done: int, total: int) -> None:
    """A progress callback that ignores what it is told."""
