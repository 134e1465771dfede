"""The Diffusion Index of many windows as a picture: one tile a window, over the picture they lie in."""

from __future__ import annotations

import numpy as np

from lam_core.attribution.heatmap import Heatmap
from lam_core.images import Pixels
from lam_core.render import map_over, red

DARKEST = 0.8
"""Where on the scale of maps the largest DI lies: darker, and the picture beneath could not be seen."""


def tiles_over(pixels: Pixels, tiles: Heatmap) -> Pixels:
    """Tiles in the colours of maps over the picture [h, w, 3] that their windows lie in.

    White is the lowest DI, dark red the highest. A tile reaches halfway to the next window. Where a window gives no
    map, and beyond the last one, the picture shows as it is.
    """
    height, width = pixels.shape[:2]
    shown = np.array(pixels)
    lowest, highest = np.nanmin(tiles.diffusion_index), np.nanmax(tiles.diffusion_index)
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


def legend(tiles: Heatmap) -> str:
    """The colour scale of `tiles_over` from the lowest to the highest DI, as HTML."""
    stops = np.linspace(0, 1, 9)
    colours = ",".join("rgb({},{},{}) {:.0%}".format(*red(np.array(DARKEST * stop)), stop) for stop in stops)
    lowest, highest = np.nanmin(tiles.diffusion_index), np.nanmax(tiles.diffusion_index)
    return (
        '<div style="display:flex;align-items:center;gap:.6rem;font-size:.85rem">'
        f'<span>DI {lowest:.1f}</span><span style="flex:1;height:.7rem;border:1px solid rgba(128,128,128,.5);'
        f'background:linear-gradient(90deg,{colours})"></span><span>{highest:.1f}</span></div>'
    )
