"""Which windows of a picture a study looks at: its centre, a grid, or the hardest place of a grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lam_core.errors import LamError
from lam_core.images import ImageShapeError, Pixels, luma, psnr
from lam_core.region import Region

Windows = Literal["centre", "grid", "hard"]
PER_SIDE = 4
"""Windows of a grid along each side of the picture."""


class WindowError(LamError, ValueError):
    """Windows that do not fit the picture, or of no known kind."""


def centre(height: int, width: int, size: int = 16) -> Region:
    """The window in the middle of an SR picture."""
    return Region.centred(height, width, size)


def grid(height: int, width: int, size: int = 16, per_side: int = PER_SIDE) -> tuple[Region, ...]:
    """Windows in the middle of the cells of a `per_side`×`per_side` division of an SR picture, row by row.

    Raises `WindowError` if a cell is smaller than the window.

    >>> [(w.x, w.y) for w in grid(64, 96, 16, 2)]
    [(16, 8), (64, 8), (16, 40), (64, 40)]
    """
    if size * per_side > min(height, width):
        raise WindowError(
            f"a grid of {per_side}×{per_side} windows of {size} SR pixels does not fit a picture of {width}×{height}; "
            "choose fewer or smaller windows"
        )
    rows, columns = (_middles(side, size, per_side) for side in (height, width))
    return tuple(Region(x, y, size) for y in rows for x in columns)


def _middles(side: int, size: int, count: int) -> list[int]:
    return [round((2 * k + 1) * side / (2 * count) - size / 2) for k in range(count)]


def window_psnrs(sr: Pixels, hr: Pixels, windows: Sequence[Region]) -> NDArray[np.float64]:
    """PSNR of each window of an SR picture against the HR one, on BT.601 luma, nothing shaved off; dB, [windows].

    Infinite where they are equal. Raises `ImageShapeError` for pictures of unequal size.
    """
    if sr.shape != hr.shape:
        raise ImageShapeError(f"expected two RGB pictures of one shape, got {sr.shape} and {hr.shape}")
    cuts = [(slice(w.y, w.y + w.size), slice(w.x, w.x + w.size)) for w in windows]
    return np.array([psnr(sr[cut], hr[cut], shave=0) for cut in cuts])


def hard(windows: Sequence[Region], psnrs: Sequence[Sequence[float]]) -> Region:
    """The window with the lowest mean PSNR over models; `psnrs` is [models][windows] in dB. The first of equals.

    "Interpreting hard, not simple" (section 3.1): easy windows say little of what a network knows.
    """
    table = np.asarray(psnrs, np.float64)
    if table.ndim != 2 or table.shape[1] != len(windows) or not table.size:
        raise WindowError(f"{len(windows)} windows need one PSNR each from every model; got {list(table.shape)}")
    return windows[int(table.mean(0).argmin())]


def hardest(sr: Pixels, hr: Pixels, size: int = 16) -> Region:
    """The window with the lowest PSNR of an SR picture among all that tile it from the top left; the first of equals.

    On BT.601 luma, nothing shaved off. Raises `ImageShapeError` for pictures of unequal size and `WindowError` for a
    window that does not fit them.
    """
    if sr.shape != hr.shape:
        raise ImageShapeError(f"expected two RGB pictures of one shape, got {sr.shape} and {hr.shape}")
    rows, columns = (side // size for side in hr.shape[:2])
    if not min(rows, columns):
        raise WindowError(f"a window of {size} SR pixels does not fit a picture of {hr.shape[1]}×{hr.shape[0]}")
    errors = np.empty((rows, columns))
    # A band at a time: the luma of a whole photograph takes hundreds of megabytes.
    for row in range(rows):
        band = slice(row * size, (row + 1) * size), slice(0, columns * size)
        squares = (luma(sr[band]) - luma(hr[band])) ** 2
        errors[row] = squares.reshape(size, columns, size).mean((0, 2))
    y, x = np.unravel_index(errors.argmax(), errors.shape)
    return Region(int(x) * size, int(y) * size, size)
