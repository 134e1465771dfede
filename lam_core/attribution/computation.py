"""How a map was computed, and what was done to make sure of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Computation:
    """How the gradients behind a map were computed. Part of every result: a reader must be able to judge it."""

    cropped: bool = False
    """Whether only the window's dependency cone was computed instead of the whole network."""
    saving: float = 0.0
    """Share of the multiply-adds of a whole forward pass that was saved, 0 to 1."""
    reason: str = ""
    """Why the network ran whole; empty where it was cropped."""
    checked: str = ""
    """What the computation was compared with: `untouched network`, `finite differences`; empty where the network ran
    as it is and there is nothing to compare."""
    difference: float | None = None
    """Relative L2 difference between the gradient so computed and that of the untouched network, at one node."""
    deterministic: bool = True
    """Whether the network gives the same output each time. If not, every node was seeded alike."""
    warnings: tuple[str, ...] = field(default=())
    """What a reader of the figure must know, each a sentence without its full stop."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "warnings": list(self.warnings)}

    @classmethod
    def from_dict(cls, content: dict[str, Any] | None) -> Computation:
        """The inverse of `as_dict`; None stands for results that do not say. Raises `TypeError` on foreign content."""
        return cls(**{**content, "warnings": tuple(content["warnings"])}) if content else cls()

    def warned(self, *warnings: str) -> Computation:
        """This with more warnings, empty ones left out."""
        return replace(self, warnings=(*self.warnings, *filter(None, warnings)))

    @property
    def sentence(self) -> str:
        """One line for a card or a terminal.

        >>> Computation(True, 0.82, checked="untouched network", difference=2e-7).sentence
        "cropped to the window's dependency cone, 82% saved; checked against the untouched network, difference 2e-07"
        """
        how = (
            f"cropped to the window's dependency cone, {self.saving:.0%} saved"
            if self.cropped
            else f"computed whole: {self.reason}"
        )
        if self.checked:
            how += f"; checked against {'the ' if self.checked.startswith('untouched') else ''}{self.checked}"
            if self.difference is not None:
                how += f", difference {self.difference:.0e}"
        return how if self.deterministic else how + "; draws random numbers, every node seeded alike"
