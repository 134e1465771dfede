"""The paper figure: the window in its picture, and a column for each model, as one picture to put into a paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from lam_core.images import Pixels, bicubic
from lam_core.region import Region
from lam_core.render.pictures import cut_around, density_over, enlarged, framed, map_over

TILE, GAP, MARGIN = 320, 14, 28
"""Sides in pixels of a picture, between pictures, around all."""
_HEAD, _FOOT, _SIDE, _LINE = 34, 36, 32, 24
INK, FAINT = "#111111", "#555555"
# Pillow's own font, the only one that is there everywhere, lacks these signs.
SPELT = str.maketrans({"×": "x", "σ": "sigma", "–": "-", "−": "-", "≤": "<=", "≥": ">="})

Marked = tuple[Pixels, Region]
"""A picture and the window in its own pixels."""
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, eq=False)
class Panel:
    """One model's column."""

    title: str
    sr: Pixels
    """The network's picture of the field, [s·h, s·w, 3]."""
    map: NDArray
    """Displayed map of the field, [h, w] in [0, 1]."""
    density: NDArray
    """Its kernel density, [h, w] in [0, 1]."""
    caption: str
    """Below the column, such as "DI 13.2 ± 0.1"."""


def paper_figure(lr: Pixels, hr: Pixels | None, region: Region, panels: Sequence[Panel], footnote: str) -> Pixels:
    """One picture on white: HR with the window and close-ups of HR and bicubic; each model's SR, LAM, KDE and caption.

    `lr` is the field [h, w, 3], `hr` its HR part [s·h, s·w, 3] if there is one, `region` the window in the field's SR
    pixels. `footnote` holds the settings, without which a DI says nothing. Raises `ValueError` without panels.
    """
    if not panels:
        raise ValueError("a figure of no models was asked for; give at least one panel")
    scale = panels[0].sr.shape[0] // lr.shape[0]
    coarse = lr.repeat(scale, 0).repeat(scale, 1)
    sharp, name = (coarse, "LR") if hr is None else (hr, "HR")
    first: list[tuple[str, Marked]] = [
        (name, (sharp, region)),
        (f"{name}, close", _close(sharp, region)),
        ("Bicubic, close", _close(bicubic(lr, scale), region)),
    ]
    columns: list[list[Marked]] = []
    for panel in panels:
        maps = (map_over(lr, panel.map), density_over(lr, panel.density))
        columns.append([_close(panel.sr, region), *((m.repeat(scale, 0).repeat(scale, 1), region) for m in maps)])

    tile = round(TILE * lr.shape[0] / lr.shape[1])
    font, small = ImageFont.load_default(22), ImageFont.load_default(17)
    width = 2 * MARGIN + 2 * _SIDE + (1 + len(panels)) * (TILE + GAP)
    lines = wrapped(footnote.translate(SPELT), small, width - 2 * MARGIN)
    bottom = MARGIN + _HEAD + 3 * (tile + GAP)
    canvas = Image.new("RGB", (width, bottom + _FOOT + _LINE * len(lines) + MARGIN), "white")
    draw = ImageDraw.Draw(canvas)
    for row, (label, marked) in enumerate(first):
        y = MARGIN + _HEAD + row * (tile + GAP)
        canvas.paste(_upright(label, font, tile), (MARGIN, y))
        canvas.paste(_tile(marked), (MARGIN + _SIDE, y))
    left = MARGIN + 2 * _SIDE + TILE + GAP
    for row, label in enumerate(("SR, close", "LAM", "KDE on LR")):
        canvas.paste(_upright(label, font, tile), (left - _SIDE, MARGIN + _HEAD + row * (tile + GAP)))
    for index, (panel, column) in enumerate(zip(panels, columns, strict=True)):
        x = left + index * (TILE + GAP)
        for text, y in ((panel.title, MARGIN), (panel.caption, bottom - GAP + 10)):
            draw.text((x + TILE / 2, y), fitting(text.translate(SPELT), font), fill=INK, font=font, anchor="ma")
        for row, marked in enumerate(column):
            canvas.paste(_tile(marked), (x, MARGIN + _HEAD + row * (tile + GAP)))
    for index, line in enumerate(lines):
        draw.text((MARGIN, bottom + _FOOT + _LINE * index), line, fill=FAINT, font=small)
    return np.asarray(canvas)


def _close(pixels: Pixels, region: Region) -> Marked:
    """The window with as much again and a half on every side, in the picture's own proportions."""
    side = 4 * region.size
    width = min(pixels.shape[1], round(side * max(1, pixels.shape[1] / pixels.shape[0])))
    height = round(width * pixels.shape[0] / pixels.shape[1])
    return cut_around(pixels, region, height, width)


def _tile(marked: Marked) -> Image.Image:
    """A picture `TILE` wide with its frame; pixels are repeated, so that only their edges are ever blended."""
    pixels, region = marked
    size = (TILE, max(1, round(TILE * pixels.shape[0] / pixels.shape[1])))
    whole = Image.fromarray(enlarged(pixels, TILE)).resize(size, Image.Resampling.BOX)
    return Image.fromarray(framed(np.asarray(whole), region, TILE / pixels.shape[1]))


def _upright(text: str, font: Font, length: int) -> Image.Image:
    label = Image.new("RGB", (length, _SIDE - 6), "white")
    ImageDraw.Draw(label).text((length / 2, label.height / 2), text, fill=INK, font=font, anchor="mm")
    return label.rotate(90, expand=True)


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
