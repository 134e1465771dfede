"""What a network is shown: pictures × degradations under one seed, fixed before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lam_core.images import Pixels, digest, middle
from lam_core.images.degradations import Degradation

DEGRADATIONS = tuple(Degradation.parse(text) for text in ("clean", "blur", "noise"))
"""The published figure's three."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture of a design."""

    name: str
    content: str
    """The class it belongs to; its own name where it stands for itself."""
    pixels: Pixels = field(repr=False)
    """The networks' input, uint8 [h, w, 3]; larger ones are cropped in the middle to the smallest of the design."""


@dataclass(frozen=True, eq=False)
class Design:
    """The crossed design: every picture under every degradation."""

    pictures: tuple[Picture, ...]
    degradations: tuple[Degradation, ...] = DEGRADATIONS
    seed: int = 0

    @property
    def contents(self) -> tuple[str, ...]:
        """The contents' names, in the order in which they first appear."""
        return tuple(dict.fromkeys(picture.content for picture in self.pictures))

    def degraded(self) -> list[list[Pixels]]:
        """Every picture as the networks see it, [pictures][degradations]."""
        return [
            [degradation.apply(picture.pixels, (self.seed, i)) for degradation in self.degradations]
            for i, picture in enumerate(self.pictures)
        ]

    def identity(self) -> dict[str, Any]:
        """What of the design a result depends on, as plain values."""
        return {
            "pictures": [[picture.name, picture.content, digest(picture.pixels)] for picture in self.pictures],
            "degradations": [str(degradation) for degradation in self.degradations],
            "seed": self.seed,
        }


def cropped(images: Sequence[Pixels]) -> list[Pixels]:
    """The middle of every picture, as large as all of them are."""
    if not images:
        return []
    height, width = (min(image.shape[axis] for image in images) for axis in (0, 1))
    return [middle(image, height, width) for image in images]
