"""Any number of titled pictures of one size in rows, as one picture to put into a paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from lam_core.images import Pixels
from lam_core.region import Region
from lam_core.render.pictures import enlarged, framed

TILE, GAP, MARGIN = 320, 14, 28
"""Sides in pixels of a picture, between pictures, around all."""
_HEAD, _FOOT, _LINE = 30, 26, 24
INK, FAINT = "#111111", "#555555"
# Pillow's own font, the only one that is there everywhere, lacks these signs.
SPELT = str.maketrans({"×": "x", "σ": "sigma", "–": "-", "−": "-", "≤": "<=", "≥": ">="})

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, eq=False)
class Tile:
    """One picture with its words."""

    title: str
    pixels: Pixels
    """The field, at any whole multiple of its LR size."""
    caption: str = ""


def sheet(rows: Sequence[Sequence[Tile]], region: Region, footnote: str) -> Pixels:
    """Rows of tiles on white, the window framed in each.

    All tiles show the same field; `region` is in the pixels of the largest. Raises `ValueError` without tiles.
    """
    tiles = [tile for row in rows for tile in row]
    if not tiles:
        raise ValueError("a sheet of no pictures was asked for; give at least one")
    largest = max(tile.pixels.shape[1] for tile in tiles)
    height = round(TILE * tiles[0].pixels.shape[0] / tiles[0].pixels.shape[1])
    font, small = ImageFont.load_default(20), ImageFont.load_default(16)
    width = 2 * MARGIN + max(len(row) for row in rows) * (TILE + GAP) - GAP
    lines = wrapped(footnote.translate(SPELT), small, width - 2 * MARGIN)
    step = _HEAD + height + _FOOT + GAP
    canvas = Image.new("RGB", (width, 2 * MARGIN + len(rows) * step + _LINE * len(lines)), "white")
    draw = ImageDraw.Draw(canvas)
    for i, row in enumerate(rows):
        for j, tile in enumerate(row):
            x, y = MARGIN + j * (TILE + GAP), MARGIN + i * step
            draw.text((x + TILE / 2, y), fitting(tile.title.translate(SPELT), font), fill=INK, font=font, anchor="ma")
            whole = Image.fromarray(enlarged(tile.pixels, TILE)).resize((TILE, height), Image.Resampling.BOX)
            canvas.paste(Image.fromarray(framed(np.asarray(whole), region, TILE / largest)), (x, y + _HEAD))
            caption = fitting(tile.caption.translate(SPELT), small)
            draw.text((x + TILE / 2, y + _HEAD + height + 4), caption, fill=FAINT, font=small, anchor="ma")
    for index, line in enumerate(lines):
        draw.text((MARGIN, MARGIN + len(rows) * step + _LINE * index), line, fill=FAINT, font=small)
    return np.asarray(canvas)


def fitting(text: str, font: Font) -> str:
    """A text cut to the width of a picture."""
    while font.getlength(text) > TILE:
        text = text.removesuffix("…")[:-1].rstrip() + "…"
    return text


def wrapped(text: str, font: Font, width: int) -> list[str]:
    """A text in lines of at most a width in pixels."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
