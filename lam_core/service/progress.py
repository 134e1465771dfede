"""How far a computation has come: what every request reports, whatever it computes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

Stage = Literal["queue", "shared", "model", "map", "work"]
"""What is going on: others come first; someone else is computing the same; the network is loaded; the map that a check
is of is computed; the request itself is."""


class Progress(Protocol):
    """How far a computation has come."""

    @property
    def share(self) -> float:
        """Of all that is to be done at most, 0 to 1."""
        ...

    @property
    def text(self) -> str:
        """The same in words."""
        ...

    @property
    def preview(self) -> Any:
        """The displayed map as it stands, [h, w] in [0, 1]; None where there is none to show."""
        ...


@dataclass(frozen=True)
class Step:
    """A share of the work, in words that suit it; the share itself where none are given.

    >>> Step(0.25).text
    '25 % done'
    """

    share: float
    words: str = ""
    preview: None = None

    @property
    def text(self) -> str:
        """In words."""
        return self.words or f"{self.share:.0%} done".replace("%", " %")
