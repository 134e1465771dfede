"""A heat map as an image: one tile a window, in the colours of maps, over the image they lie in."""

from __future__ import annotations

import numpy as np

from lam_core.attribution.heatmap import Heatmap
from lam_core.errors import LamError
from lam_core.images import Pixels
from lam_core.render.pictures import map_over

DARKEST = 0.8
"""Where on the scale of maps the largest DI lies: darker, and the image beneath could not be seen."""


class NoTilesError(LamError, ValueError):
    """A heat map none of whose windows gives a map."""


def extent(tiles: Heatmap) -> tuple[float, float]:
    """The lowest and the highest DI. Raises `NoTilesError` where no window has one."""
    if not np.isfinite(tiles.diffusion_index).any():
        raise NoTilesError("no window of this image gives a map: it is flat; choose an image with structure")
    return float(np.nanmin(tiles.diffusion_index)), float(np.nanmax(tiles.diffusion_index))


def tiles_over(pixels: Pixels, tiles: Heatmap) -> Pixels:
    """Tiles over the SR-sized image [h, w, 3] of their windows: white is the lowest DI, dark red the highest.

    A tile reaches halfway to the next window. Where a window gives no map, and beyond the last one, the image shows as
    it is. Raises `NoTilesError`.
    """
    height, width = pixels.shape[:2]
    shown = np.array(pixels)
    lowest, highest = extent(tiles)
    values = DARKEST * (tiles.diffusion_index - lowest) / max(highest - lowest, 1e-9)
    for row, (top, bottom) in enumerate(_spans(tiles.y, tiles.size, height)):
        for column, (left, right) in enumerate(_spans(tiles.x, tiles.size, width)):
            value = values[row, column]
            if np.isfinite(value):
                part = pixels[top:bottom, left:right]
                shown[top:bottom, left:right] = map_over(part, np.full(part.shape[:2], value))
    return shown


def _spans(starts: np.ndarray, size: int, limit: int) -> list[tuple[int, int]]:
    """From where to where each tile of an axis reaches."""
    stride = int(starts[1] - starts[0]) if len(starts) > 1 else size
    before = (stride - size) // 2
    return [(max(int(start) - before, 0), min(int(start) - before + stride, limit)) for start in starts]
