"""What a point of the feature space is; without torch, so that kept results are read quickly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Reduction = Literal["flattened", "pooled"]

RAW = "raw pixels"
"""The layer name of the pixels themselves, the control that every comparison carries."""

Tick = Callable[[int, int], None]
"""Called with (done, all) after every batch; an exception it raises ends the work."""


@dataclass(frozen=True)
class Space:
    """What one point of the feature space is made of."""

    reduction: Reduction = "flattened"
    """`flattened`: every value of the layer; `pooled`: mean and log deviation of each channel over the plane."""
    unit_norm: bool = True
    """Every picture's feature is scaled to length 1, so that contrast alone does not part them."""
    width: int = 4096
    """Longer features are sketched to this many numbers (Charikar et al. 2002), which keeps distances to about
    √(2/width), 2 %; 0 keeps them as they are."""
    seed: int = 0
    """Of the sketch."""

    def words(self, shape: tuple[int, ...], width: int) -> str:
        """How a layer's output of that shape becomes a point, for captions."""
        size = " × ".join(str(side) for side in shape)
        sketched = f", sketched to {width}" if width < self.length(shape) else ""
        return f"{self.reduction} {size}{sketched}{', unit norm' if self.unit_norm else ''}"

    def length(self, shape: tuple[int, ...]) -> int:
        """Numbers a picture before the sketch."""
        return 2 * shape[0] if self.reduction == "pooled" and len(shape) == 3 else prod(shape)


FLATTENED = Space()
"""Every value of a layer, unit length: the space of the published figures."""


@dataclass(frozen=True, eq=False)
class Features:
    """One layer's points."""

    layer: str
    values: NDArray[np.float32]
    """[n pictures, k degradations, width]."""
    space: str
    """What the width numbers are."""
