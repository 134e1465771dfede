"""The part of a field that is worth looking at: the smallest square around a window with nearly all attribution."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

import numpy as np
from numpy.typing import NDArray

from lam_core.diffusion.informative import area_holding

SQUARE_SHARE = 0.99
"""Of every map that the square holds."""
SMALLEST_SQUARE = 16
"""LR pixels a side, at least."""


def square_holding(
    maps: Iterable[NDArray], shape: tuple[int, int], footprint: tuple[slice, slice], share: float = SQUARE_SHARE
) -> tuple[slice, slice]:
    """Rows and columns of the smallest square around `footprint` that holds `share` of every map [h, w].

    `shape` is (h, w) in LR pixels. Near an edge the square is pushed inside; a side that is longer than the field's is
    cut to it. Without a map it is the smallest one around the footprint.

    >>> peak = np.zeros((64, 64)); peak[20, 50] = 1
    >>> square_holding([peak], (64, 64), (slice(30, 34), slice(30, 34)))
    (slice(13, 51, None), slice(13, 51, None))
    """
    middle = [(part.start + part.stop) / 2 for part in footprint]
    side = max(SMALLEST_SQUARE, *(part.stop - part.start for part in footprint))
    for one in maps:
        for places, centre in zip(np.nonzero(area_holding(one, share)), middle, strict=True):
            side = max(side, 2 * ceil(max(places.max() + 1 - centre, centre - places.min())))

    def span(centre: float, available: int) -> slice:
        length = min(side, available)
        start = min(max(round(centre - length / 2), 0), available - length)
        return slice(start, start + length)

    return span(middle[0], shape[0]), span(middle[1], shape[1])
