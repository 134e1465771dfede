"""How much of the input holds nearly all of an attribution map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def area(displayed_map: NDArray, share: float = 0.95) -> int:
    """The fewest LR pixels of a displayed map [h, w] whose values sum to at least `share` of the whole.

    >>> area(np.array([[90.0, 6.0], [3.0, 1.0]]))
    2
    """
    descending = np.sort(np.asarray(displayed_map, np.float64).ravel())[::-1]
    reached = np.cumsum(descending)
    # The tolerance keeps rounding in the sum from asking for one pixel more.
    return int(np.searchsorted(reached, share * reached[-1] * (1 - 1e-12))) + 1
