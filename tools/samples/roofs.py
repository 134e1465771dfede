"""Tiled roofs: rows of round tiles and of slates, running away from the camera."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lam_core.images import Pixels
from lam_core.samples.canvas import Colour, Light, develop, fractal, linear, place
from tools.samples.street import sky

_DENSITY = 64
"""Picture elements per tile width."""


def pantiles() -> Pixels:
    """Glazed round tiles in columns, as on a palace roof, lit from the left."""
    columns, rows = 11, 12
    rng = np.random.default_rng(31)
    across, down = _tiles(columns, rows, height=0.85)
    bulge = (across % 1) - 0.5
    round_tile = np.abs(bulge) < 0.33
    # A half cylinder over a shallow gutter; its slope decides how much of the sun it takes.
    slope = np.where(round_tile, bulge / 0.33, 0).astype(np.float32)
    light = (
        np.sqrt(1 - np.square(slope) * np.float32(0.96)) * np.float32(0.62) - slope * np.float32(0.42) + np.float32(0.2)
    )
    light = np.where(round_tile, light, np.where(bulge < 0, 0.34, 0.07).astype(np.float32))
    step = down % 1
    # Each tile lies on the next lower one: a shadow under its lip, a shine just above.
    light = light * np.where(step < 0.11, 0.32, 1 - 0.25 * (1 - step)).astype(np.float32)
    shine = (
        np.clip(1 - np.abs(slope + np.float32(0.4)) * 6, 0, 1)
        * round_tile
        * np.where(step < 0.11, 0.0, 0.5).astype(np.float32)
    )
    picture = _coloured(rng, across, down, light, ((196, 116, 50), (178, 98, 44), (208, 136, 62)), 0.22)
    picture += shine[..., None] * linear((200, 208, 220))
    canvas = sky(rng)
    place(canvas, picture, ((24, 34), (300, 6), (356, 292), (-96, 262)))
    return develop(canvas, seed=31, exposure=1.7)


def slates() -> Pixels:
    """Slates in staggered rows, seen along the slope."""
    columns, rows = 14, 17
    rng = np.random.default_rng(32)
    across, down = _tiles(columns, rows, height=0.7)
    shifted = across + 0.5 * (np.floor(down) % 2)
    joint = (shifted % 1) < 0.05
    step = down % 1
    light = np.where(joint, 0.12, 0.6).astype(np.float32)
    light = light * np.where(step < 0.09, 0.3, np.where(step > 0.95, 1.35, 1.0)).astype(np.float32)
    picture = _coloured(rng, shifted, down, light, ((92, 98, 112), (112, 116, 126), (78, 82, 98), (118, 112, 118)), 0.3)
    canvas = sky(rng)
    place(canvas, picture, ((-10, 22), (232, 62), (340, 290), (-60, 320)))
    return develop(canvas, seed=32, exposure=1.8)


def _tiles(columns: int, rows: int, *, height: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates in tiles, across [1, w] and down [h, 1]; a tile is `height` times as high as wide."""
    across = (np.arange(columns * _DENSITY, dtype=np.float64) + 0.5) / _DENSITY
    down = (np.arange(round(rows * _DENSITY * height), dtype=np.float64) + 0.5) / (_DENSITY * height)
    return across[None, :], down[:, None]


def _coloured(
    rng: np.random.Generator,
    across: NDArray[np.float64],
    down: NDArray[np.float64],
    light: Light,
    colours: tuple[Colour, ...],
    dirt: float,
) -> Light:
    """Tiles of mixed colours under a given light, weathered by `dirt`."""
    palette = np.stack([linear(colour) for colour in colours])
    column, row = (np.floor(np.broadcast_to(axis, light.shape)).astype(np.int32) for axis in (across, down))
    shape = (int(row.max()) + 1, int(column.max()) + 1)
    tile = palette[rng.integers(0, len(palette), shape)] * rng.uniform(0.8, 1.15, (*shape, 1)).astype(np.float32)
    weathered = (
        1 + np.float32(dirt) * (fractal(rng, light.shape[0], light.shape[1], 1.5 * _DENSITY, 4) - np.float32(0.5)) * 2
    )
    return tile[row, column] * (light * weathered)[..., None]
