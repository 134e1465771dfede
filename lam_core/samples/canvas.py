"""What the rendered samples share: a supersampled canvas in linear light, and the camera that develops it.

Pictures must come out alike on every machine: stored results are found by a picture's digest. So rendering
keeps to operations that IEEE 754 and Pillow define exactly (float32 sums, products and roots; float64 where a
sine or a matrix is needed), and randomness to uniform draws of a seeded generator.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from lam_core.images import Pixels
from lam_core.samples.sample import SIDE

OVERSAMPLING = 4
"""Canvas samples per pixel and direction."""
FINE = SIDE * OVERSAMPLING

Light = NDArray[np.floating]
"""Linear light as float32, [height, width, 3] or [height, width]; 1 is white in the sun."""
Colour = tuple[int, int, int]
"""An 8-bit display colour."""


def linear(colour: Colour) -> Light:
    """A display colour in linear light; the display's gamma is taken as 2, whose root is exact.

    >>> linear((255, 0, 51))
    array([1.  , 0.  , 0.04], dtype=float32)
    """
    return np.square(np.array(colour, np.float32) / np.float32(255))


def grid() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pixel coordinates x [1, n] and y [n, 1] of the canvas samples, from 0 to 256."""
    axis = (np.arange(FINE) + 0.5) / OVERSAMPLING
    return axis[None, :], axis[:, None]


def noise(rng: np.random.Generator, height: int, width: int, cell: float, stretch: float = 1.0) -> Light:
    """Smooth noise in [0, 1], [height, width], of bumps `cell` samples wide and `stretch` times as high."""
    rows, columns = (max(2, round(side) + 2) for side in (height / (cell * stretch), width / cell))
    lattice = rng.integers(0, 256, (rows, columns), dtype=np.uint8)
    smooth = Image.fromarray(lattice).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(smooth, np.float32) * np.float32(1 / 255)


def fractal(rng: np.random.Generator, height: int, width: int, cell: float, octaves: int) -> Light:
    """Noise in [0, 1] summed over octaves of halving width and strength, all wider than about 8 samples."""
    # What is that smooth needs no sample of its own: a quarter of the resolution, then enlarged.
    rows, columns = -(-height // 4), -(-width // 4)
    total = np.zeros((rows, columns), np.float32)
    for octave in range(octaves):
        total += noise(rng, rows, columns, cell / 4 / 2**octave) * np.float32(0.5 ** (octave + 1))
    smooth = Image.fromarray(np.rint(total * np.float32(255 / (1 - 0.5**octaves))).astype(np.uint8))
    enlarged = smooth.resize((columns * 4, rows * 4), Image.Resampling.BILINEAR)
    return np.asarray(enlarged, np.float32)[:height, :width] * np.float32(1 / 255)


def average(fine: Light) -> Light:
    """The area average of canvas samples: [4h, 4w, ...] to [h, w, ...]."""
    rows = fine[0::4] + fine[1::4] + fine[2::4] + fine[3::4]
    total = rows[:, 0::4] + rows[:, 1::4] + rows[:, 2::4] + rows[:, 3::4]
    return np.multiply(total, np.float32(1 / 16), dtype=np.float32)


def develop(fine: Light, *, seed: int, exposure: float = 1.0, grain: float = 1.5, vignette: float = 0.1) -> Pixels:
    """The photograph of a canvas: area average, vignette, a soft shoulder for highlights, gamma, grain.

    `grain` is the noise's standard deviation in grey levels, `vignette` the share of light lost in corners.
    """
    light = average(fine)
    if light.ndim == 2:
        light = np.repeat(light[..., None], 3, axis=2)
    axis = np.linspace(-1, 1, SIDE, dtype=np.float32)
    fall_off = 1 - np.float32(vignette / 2) * (axis[:, None] ** 2 + axis[None, :] ** 2)
    light = np.maximum(light * fall_off[..., None] * np.float32(exposure), 0)
    # Straight up to 0.6, then bending towards 1.
    above = np.maximum(light - np.float32(0.6), 0)
    light = np.minimum(light, np.float32(0.6)) + above / (1 + above * np.float32(2.5))
    encoded = np.sqrt(light) * np.float32(255)
    rng = np.random.default_rng(seed)
    # The sum of two uniform draws is near enough to film grain; a little of it is coloured.
    grey = rng.random((SIDE, SIDE, 1), np.float32) + rng.random((SIDE, SIDE, 1), np.float32) - 1
    colour = rng.random((SIDE, SIDE, 3), np.float32) - np.float32(0.5)
    encoded += (grey * np.float32(2.4) + colour * np.float32(1.2)) * np.float32(grain)
    return np.clip(np.rint(encoded), 0, 255).astype(np.uint8)


def place(canvas: Light, picture: Light, corners: tuple[tuple[float, float], ...]) -> None:
    """Draws a picture onto the canvas in perspective.

    `corners` are the pixel coordinates of its top-left, top-right, bottom-right and bottom-left corner.
    """
    height, width = picture.shape[:2]
    inverse = _homography(corners, ((0, 0), (width, 0), (width, height), (0, height))).astype(np.float32)
    low = [max(0, int(min(c[i] for c in corners) * OVERSAMPLING) - 1) for i in (0, 1)]
    high = [min(FINE, int(max(c[i] for c in corners) * OVERSAMPLING) + 2) for i in (0, 1)]
    x = ((np.arange(low[0], high[0], dtype=np.float32) + np.float32(0.5)) / OVERSAMPLING)[None, :]
    y = ((np.arange(low[1], high[1], dtype=np.float32) + np.float32(0.5)) / OVERSAMPLING)[:, None]
    u, v, depth = (inverse[i, 0] * x + (inverse[i, 1] * y + inverse[i, 2]) for i in (0, 1, 2))
    u /= depth
    v /= depth
    inside = (u >= 0) & (u < width) & (v >= 0) & (v < height)
    np.clip(u, 0, width - 1, out=u)
    np.clip(v, 0, height - 1, out=v)
    index = v.astype(np.int32) * np.int32(width) + u.astype(np.int32)
    seen = picture.reshape(-1, 3).take(index, axis=0, mode="clip")
    target = canvas[low[1] : high[1], low[0] : high[0]]
    if inside.all():
        target[:] = seen
    else:
        np.copyto(target, seen, where=inside[..., None])


def _homography(
    source: tuple[tuple[float, float], ...], target: tuple[tuple[float, float], ...]
) -> NDArray[np.float64]:
    """The 3×3 matrix, last entry 1, that takes four points to four others."""
    rows, values = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return np.append(np.linalg.solve(np.array(rows, float), np.array(values, float)), 1).reshape(3, 3)


_LINEAR = np.square(np.arange(256, dtype=np.float32) / np.float32(255))


def overlay(canvas: Light, painting: Image.Image, *, brightness: float = 1.0, blur: float = 0.0) -> None:
    """Lays an RGBA painting of the canvas's size over it, out of focus by `blur` canvas samples."""
    box = painting.getchannel("A").getbbox()
    if box is None:
        return
    margin = round(2 * blur) + 1
    box = (max(0, box[0] - margin), max(0, box[1] - margin), min(FINE, box[2] + margin), min(FINE, box[3] + margin))
    # Blurred with premultiplied alpha, or the transparent surroundings would darken every edge.
    part = painting.crop(box).convert("RGBa")
    if blur:
        part = part.filter(ImageFilter.BoxBlur(blur)).filter(ImageFilter.BoxBlur(blur))
    premultiplied = np.asarray(part)
    alpha = premultiplied[..., 3:].astype(np.float32) * np.float32(1 / 255)
    colour = _LINEAR[np.asarray(part.convert("RGBA"))[..., :3]] * np.float32(brightness)
    target = canvas[box[1] : box[3], box[0] : box[2]]
    target *= 1 - alpha
    target += colour * alpha
