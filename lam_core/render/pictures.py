"""Single pictures: colours of maps, maps over their image, nearest-neighbour enlargement, the window's frame."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from lam_core.images import Pixels
from lam_core.region import Region

FRAME = "#ffc400"
"""Colour of the window's frame wherever it is drawn; with its dark rim it stands out on any picture."""
_RIM = "#1a1a1a"

_ANCHORS = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
_SEISMIC = np.array([[0, 0, 76.5], [0, 0, 255], [255, 255, 255], [255, 0, 0], [127.5, 0, 0]])
_FADE = 0.35
"""How much of the picture's contrast shows beneath a map."""


def seismic(values: NDArray) -> Pixels:
    """Matplotlib's seismic colours of values in [-1, 1], any shape [...]: uint8 [..., 3]; white is 0.

    >>> seismic(np.array([0.0, 0.5, -0.5])).tolist()
    [[255, 255, 255], [255, 0, 0], [0, 0, 255]]
    """
    clipped = np.clip(np.asarray(values, np.float64), -1, 1)
    channels = [np.interp(clipped, _ANCHORS, _SEISMIC[:, c]) for c in range(3)]
    return np.rint(np.stack(channels, -1)).astype(np.uint8)


def red(values: NDArray) -> Pixels:
    """Seismic's red half for values in [0, 1]: white is 0, dark red is 1, as published maps are shown."""
    return seismic(np.clip(values, 0, 1))


def map_over(lr: Pixels, displayed_map: NDArray) -> Pixels:
    """A displayed map [h, w] in [0, 1] over its LR picture [h, w, 3], which shows as a faint grey drawing beneath.

    A flat white picture leaves exactly the published colours.
    """
    return difference_over(lr, np.clip(displayed_map, 0, 1))


def density_over(lr: Pixels, density: NDArray, opacity: float = 0.5) -> Pixels:
    """A density [h, w] in [0, 1] in the map's colours, blended with its LR picture [h, w, 3]."""
    return informative_over(lr, np.clip(density, 0, 1), opacity)


def difference_over(lr: Pixels, values: NDArray) -> Pixels:
    """Signed values [h, w] in [-1, 1] in seismic colours over their LR picture, which shows as a faint drawing.

    Red is above zero, blue below.
    """
    grey = np.asarray(lr, np.float64).mean(2) / 255
    paper = 1 - _FADE * (1 - grey)
    return np.rint(seismic(values) * paper[..., None]).astype(np.uint8)


def informative_over(lr: Pixels, shown: NDArray, opacity: float = 0.5) -> Pixels:
    """Informative areas [h, w] in [-1, 1] in seismic colours, blended with their LR picture [h, w, 3], as published."""
    blend = seismic(shown) * opacity + np.asarray(lr, np.float64) * (1 - opacity)
    return np.rint(blend).astype(np.uint8)


DECADES = 3
"""Powers of ten that a logarithmic scale of colours spans."""


def logarithmic(values: NDArray) -> NDArray[np.float64]:
    """Signed values in [−1, 1] on a logarithmic scale of `DECADES`; what is smaller than it reaches is 0.

    >>> logarithmic(np.array([1.0, -0.1, 1e-9])).round(2).tolist()
    [1.0, -0.67, 0.0]
    """
    with np.errstate(divide="ignore"):
        return np.sign(values) * np.clip(1 + np.log10(np.abs(values)) / DECADES, 0, 1)


def ramp(low: float, width: int = 256, height: int = 8, *, high: float = 1.0) -> Pixels:
    """The colours of values from `low`, 0 or −1, to `high`, as a legend [height, width, 3]."""
    return np.tile(seismic(np.linspace(low, high, width)), (height, 1, 1))


def enlarged(pixels: Pixels, width: int) -> Pixels:
    """A picture repeated pixel by pixel, by a whole factor, until it is at least `width` wide.

    >>> enlarged(np.zeros((2, 3, 3), np.uint8), 7).shape
    (6, 9, 3)
    """
    factor = max(1, -(-width // pixels.shape[1]))
    return pixels.repeat(factor, 0).repeat(factor, 1)


def framed(pixels: Pixels, region: Region, per_pixel: float = 1.0) -> Pixels:
    """A picture with the window's frame around, not on, the window; `per_pixel` picture pixels are one SR pixel."""
    image = Image.fromarray(pixels)
    draw = ImageDraw.Draw(image)
    left, top = region.x * per_pixel, region.y * per_pixel
    right, bottom = left + region.size * per_pixel - 1, top + region.size * per_pixel - 1
    line = max(1, round(pixels.shape[1] / 160))
    for width, colour, gap in ((line + 1, _RIM, line + 1), (line, FRAME, line)):
        draw.rectangle((left - gap, top - gap, right + gap, bottom + gap), outline=colour, width=width)
    return np.asarray(image)


def cut_around(pixels: Pixels, region: Region, height: int, width: int) -> tuple[Pixels, Region]:
    """The part of that size (or all there is) around a window, and the window in the part's own pixels.

    A window that is larger is the part itself.
    """
    height, width = max(height, region.size), max(width, region.size)

    def start(position: int, side: int, available: int) -> int:
        return min(max(position + region.size // 2 - side // 2, 0), max(available - side, 0))

    y, x = start(region.y, height, pixels.shape[0]), start(region.x, width, pixels.shape[1])
    return pixels[y : y + height, x : x + width], Region(region.x - x, region.y - y, region.size)


def png(pixels: Pixels) -> bytes:
    """The bytes of a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
