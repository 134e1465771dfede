"""The figure of a heat map: its tiles over the image, their scale, and the settings below."""

from __future__ import annotations

from lam_core.attribution.heatmap import Heatmap
from lam_core.images import Pixels
from lam_core.render.figure.canvas import Bar, Canvas, Picture
from lam_core.render.figure.draw import FONTS, Format, draw
from lam_core.render.pictures import ramp
from lam_core.render.tiles import DARKEST, extent, tiles_over

WIDTH_MM, FONT_SIZE, GAP_MM, DPI = 84.0, 7.0, 1.0, 300
"""Of one column of a paper, and as figures have them."""


def heatmap_figure(pixels: Pixels, tiles: Heatmap, form: Format, *, title: str, note: str, about: str) -> bytes:
    """The file: tiles over the SR-sized image [h, w, 3], `title` above, `note` below, and `about`, ASCII, inside it.

    Raises `NoTilesError`, and what `draw` raises.
    """
    lowest, highest = extent(tiles)
    shown = tiles_over(pixels, tiles)
    canvas = Canvas(WIDTH_MM, FONT_SIZE, GAP_MM, box=1.0)
    canvas.write(WIDTH_MM / 2, canvas.line / 2, title, WIDTH_MM)
    height = WIDTH_MM * shown.shape[0] / shown.shape[1]
    canvas.marks.append(Picture(0, canvas.line, WIDTH_MM, height, shown, title))
    bar = Bar(ramp(0, 256, 1, high=DARKEST), f"{lowest:.2g}", f"{highest:.3g}, Diffusion Index of each window")
    lower = canvas.note(note, canvas.bars([bar], canvas.line + height))
    return draw(canvas.layout(lower), form, font=FONTS[0], dpi=DPI, recipe=about, title=title)
