"""Regular patterns at any period and angle: what a super-resolution network must see through aliasing."""

from __future__ import annotations

from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray

from lam_core.errors import LamError
from lam_core.images import Pixels
from lam_core.samples.canvas import FINE, Colour, Light, develop, fractal, grid, linear, noise


class PatternError(LamError, ValueError):
    """A pattern that cannot be drawn."""


def stripes(
    period: float,
    angle: float,
    *,
    dark: Colour = (38, 42, 52),
    bright: Colour = (232, 228, 216),
    duty: float = 0.5,
) -> Pixels:
    """Parallel stripes: `period` in pixels, `angle` in degrees from the vertical, `duty` the dark share.

    Raises `PatternError` unless the period is above 0 and the duty in (0, 1).
    """
    u, _ = _turned(period, angle)
    if not 0 < duty < 1:
        raise PatternError(f"the dark share of stripes is {duty}; choose a value between 0 and 1")
    return _painted((u - np.floor(u)) < duty, dark, bright, seed=1)


def lines(
    period: float,
    angle: float,
    *,
    dark: Colour = (40, 52, 66),
    bright: Colour = (226, 231, 233),
    width: float = 0.18,
) -> Pixels:
    """A grid of dark lines; `width` is the line's share of the period.

    Raises `PatternError` unless the period is above 0.
    """
    u, v = _turned(period, angle)
    return _painted(((u - np.floor(u)) < width) | ((v - np.floor(v)) < width), dark, bright, seed=2)


def checkerboard(
    period: float, angle: float, *, dark: Colour = (46, 40, 38), bright: Colour = (233, 226, 210)
) -> Pixels:
    """A checkerboard; `period` is two fields long. Raises `PatternError` unless the period is above 0."""
    u, v = _turned(period, angle)
    return _painted(((np.floor(2 * u) + np.floor(2 * v)) % 2) == 0, dark, bright, seed=3)


def plate(period: float, angle: float, *, hole: float = 0.6, staggered: bool = True, seed: int = 4) -> Pixels:
    """A brushed metal plate with round holes, lit from the top left.

    `period` is the distance of neighbouring holes in pixels, `hole` a hole's diameter in periods; `staggered`
    shifts every other row by half a period.

    Raises `PatternError` unless the period is above 0 and the hole in (0, 1).
    """
    if not 0 < hole < 1:
        raise PatternError(f"a hole of {hole} periods cannot be drawn; choose a diameter between 0 and 1")
    u, v = _turned(period, angle)
    if staggered:
        v = v / (3**0.5 / 2)
        row = np.floor(v)
        u = u + 0.5 * (row % 2)
        dv = (v - row - 0.5) * (3**0.5 / 2)
    else:
        dv = v - np.floor(v) - 0.5
    du, dv = (u - np.floor(u) - 0.5).astype(np.float32), dv.astype(np.float32)
    radius = np.sqrt(du * du + dv * dv)
    # The direction to the light, turned with the plate.
    light_u, light_v = (np.float32(c) for c in _direction(angle, -0.6, -0.8))
    facing = (du * light_u + dv * light_v) / np.maximum(radius, np.float32(1e-6))
    radius /= np.float32(hole / 2)

    rng = np.random.default_rng(seed)
    brushed = np.repeat(noise(rng, FINE, 8, 3)[:, :1], FINE, axis=1) * 0.5 + fractal(rng, FINE, FINE, 240, 3) * 0.5
    metal = np.float32(0.34) + np.float32(0.22) * brushed
    inside = np.float32(0.015) + np.float32(0.05) * np.clip(-facing, 0, 1) * radius**2
    # The far wall of a hole catches the light; the near rim's burr shines.
    wall = (radius > 0.8) & (radius <= 1)
    inside = np.where(wall, np.float32(0.05) + np.float32(0.4) * np.clip(-facing, 0, 1), inside)
    rim = (radius > 1) & (radius < 1.14)
    metal = np.where(rim, metal * (1 - np.float32(0.45) * facing), metal)
    plane = np.where(radius <= 1, inside, metal) * _lamp()
    tint = np.array([0.97, 1.0, 1.05], np.float32)
    return develop(plane[..., None] * tint, seed=seed, grain=1.2)


def _turned(period: float, angle: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates along and across a pattern, in periods from the picture's middle."""
    if not period > 0:
        raise PatternError(f"a pattern's period is {period} pixels; choose more than 0")
    x, y = grid()
    c, s = cos(radians(angle)) / period, sin(radians(angle)) / period
    # Off the lattice of the canvas, so that no sample lies exactly on an edge.
    return (x - 128.013) * c + (y - 127.971) * s, (y - 127.971) * c - (x - 128.013) * s


def _direction(angle: float, x: float, y: float) -> tuple[float, float]:
    c, s = cos(radians(angle)), sin(radians(angle))
    return x * c + y * s, y * c - x * s


def _lamp() -> Light:
    """Light that falls from the top left, [n, n]."""
    axis = np.linspace(0, 1, FINE, dtype=np.float32)
    return np.float32(1.1) - np.float32(0.22) * (axis[None, :] + axis[:, None])


def _painted(mask: NDArray[np.bool_], dark: Colour, bright: Colour, *, seed: int) -> Pixels:
    colours = np.stack([linear(bright), linear(dark)])
    return develop(colours[mask.astype(np.int8)] * _lamp()[..., None], seed=seed, grain=0.8, vignette=0.0)
