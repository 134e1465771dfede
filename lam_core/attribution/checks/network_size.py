"""What a network is by itself: its receptive field, depth, width and parameters."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class ReceptiveField:
    """LR pixels that the SR pixels of one LR pixel depend on."""

    height: int | None
    """In LR pixels; None if it is the whole plane."""
    width: int | None
    """In LR pixels; None if it is the whole plane."""

    @property
    def is_global(self) -> bool:
        """Whether the whole plane is seen, as through global pooling or attention."""
        return self.height is None or self.width is None

    @property
    def text(self) -> str:
        """As it is printed: `15×15` or `global`."""
        return "global" if self.is_global else f"{self.width}×{self.height}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Anatomy:
    """How large a network is."""

    depth: int
    """Convolutions, deconvolutions and linear layers on the longest way from input to output, mean shifts left out."""
    width: int
    """The commonest number of output channels among its layers; the larger of equals."""
    parameters: int
    """Weights, those of frozen mean shifts not counted."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Build:
    """What a network is by itself."""

    anatomy: Anatomy
    receptive_field: ReceptiveField

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Build:
        """The inverse of `to_dict`."""
        return cls(Anatomy(**content["anatomy"]), ReceptiveField(**content["receptive_field"]))
