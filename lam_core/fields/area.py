"""High-contribution areas: the smallest centred squares that hold given shares of a field (Ding et al., CVPR 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

SHARES = (0.2, 0.3, 0.5, 0.99)
"""The published thresholds."""
Weighing = Literal["contribution", "published"]
"""What a square holds a share of: of Σ S, or, as the published code has it, of Σ log₁₀(S + 1)."""


@dataclass(frozen=True)
class Area:
    """The smallest centred square that holds a share of the contributions."""

    share: float
    side: int
    """In LR pixels, odd."""
    ratio: float
    """Of the square to the whole input, 0 to 1."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def areas(
    contributions: NDArray[np.float64], weighing: Weighing = "contribution", shares: Sequence[float] = SHARES
) -> tuple[Area, ...]:
    """One square for each share, of contributions [h, w] around the pixel (h // 2, w // 2).

    The published code takes the logarithm first "for better readability", which moves weight outwards and makes a side
    depend on the unit of S; it also tries no square below 3×3. Squares that reach the border keep what is inside.

    >>> [area.side for area in areas(np.diag([1.0, 2.0, 4.0, 2.0, 1.0]))]
    [1, 1, 3, 5]
    """
    weights = np.log10(contributions + 1) if weighing == "published" else contributions
    height, width = weights.shape
    row, column = height // 2, width // 2
    total, reached = weights.sum(), []
    for reach in range(max(row, column) + 1):
        square = weights[max(row - reach, 0) : row + reach + 1, max(column - reach, 0) : column + reach + 1]
        reached.append(square.sum())
    found = []
    for share in shares:
        # The tolerance keeps rounding in the sums from asking for one ring more.
        reach = int(np.argmax(np.array(reached) >= share * total * (1 - 1e-12)))
        side = 2 * reach + 1
        found.append(Area(share, side, min(side, height) * min(side, width) / (height * width)))
    return tuple(found)
