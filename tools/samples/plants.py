"""Leaves, drawn one by one from the dark inside of a crown to its lit outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi

import numpy as np
from PIL import Image, ImageDraw

from lam_core.images import Pixels
from lam_core.samples.canvas import FINE, Colour, Light, develop, fractal, linear, overlay


@dataclass(frozen=True)
class Crown:
    """An ellipse full of leaves; position and radii in canvas samples."""

    x: float
    y: float
    width: float
    height: float
    leaves: int


SPRING: tuple[Colour, Colour] = ((14, 26, 12), (150, 172, 66))
WOOD: tuple[Colour, Colour] = ((9, 18, 13), (92, 128, 62))
STREET: tuple[Colour, Colour] = ((16, 26, 14), (128, 148, 66))


def crowns(
    rng: np.random.Generator, places: Sequence[Crown], *, size: float, colours: tuple[Colour, Colour] = SPRING
) -> Image.Image:
    """Leaves of about `size` canvas samples on a transparent picture of the canvas's size."""
    painting = Image.new("RGBA", (FINE, FINE))
    draw = ImageDraw.Draw(painting)
    deep, bright = (np.array(colour, float) for colour in colours)
    parts = []
    for crown in places:
        # A crown is many twigs: leaves gather around them, and each twig is lit on its upper left.
        twigs = max(crown.leaves // 28, 1)
        angle, radius = rng.uniform(0, 2 * pi, twigs), np.sqrt(rng.uniform(0, 1, twigs))
        at = np.array([crown.x, crown.y]) + np.stack(
            [crown.width * radius * np.cos(angle), crown.height * radius * np.sin(angle)], 1
        )
        twig = rng.integers(0, twigs, crown.leaves)
        offset = (rng.uniform(-1, 1, (crown.leaves, 2)) + rng.uniform(-1, 1, (crown.leaves, 2))) * size * 2.1
        front = rng.uniform(0, 1, twigs)[twig] * 0.65 + rng.uniform(0, 0.35, crown.leaves)
        lit = -(offset @ [0.45, 0.8]) / (size * 4) - ((at[twig] - [crown.x, crown.y]) / [crown.width, crown.height]) @ [
            0.2,
            0.35,
        ]
        shade = np.clip(0.06 + 0.62 * front**1.6 + 0.3 * lit + rng.uniform(-0.1, 0.1, crown.leaves), 0, 1)
        parts.append(np.column_stack([front, at[twig] + offset, shade]))
    leaves = np.concatenate(parts)
    leaves = leaves[leaves[:, 0].argsort(kind="stable")]
    x, y, shade = leaves[:, 1], leaves[:, 2], leaves[:, 3:]
    turn = rng.uniform(0, 2 * pi, len(leaves))
    length = size * rng.uniform(0.7, 1.3, len(leaves))
    breadth = length * rng.uniform(0.25, 0.6, len(leaves))
    along = np.stack([length * np.cos(turn), length * np.sin(turn)], 1)
    across = np.stack([-breadth * np.sin(turn), breadth * np.cos(turn)], 1)
    middle = np.stack([x, y], 1)
    tips = (middle + along, middle + 0.2 * along + across, middle - along, middle + 0.2 * along - across)
    warmth = rng.uniform(-10, 10, (len(leaves), 1)) * np.array([1, 0, -1])
    colour = np.clip(deep + (bright - deep) * shade + warmth, 0, 255).astype(int)
    for outline, fill in zip(np.concatenate(tips, axis=1).tolist(), map(tuple, colour.tolist()), strict=True):
        draw.polygon(outline, fill=fill)
    return painting


def dappled(rng: np.random.Generator, height: int, width: int, *, cover: float, cell: float) -> Light:
    """The shadow of a tree: the share of sunlight, [height, width], that its leaves let through."""
    holes = fractal(rng, height, width, cell, 3)
    return np.clip((holes - np.float32(cover)) * 7, 0, 1)


def foliage(*, size: float, seed: int) -> Pixels:
    """A hedge seen from near: leaves of about `size` pixels over all of the picture."""
    rng = np.random.default_rng(seed)
    canvas = np.empty((FINE, FINE, 3), np.float32)
    canvas[:] = linear((9, 14, 8))
    fine = size * 4
    count = round(4.2 * (FINE / fine) ** 2)
    place = Crown(FINE / 2, FINE / 2, FINE * 0.72, FINE * 0.72, min(count, 9000))
    overlay(canvas, crowns(rng, [place], size=fine))
    return develop(canvas * dappled(rng, FINE, FINE, cover=0.1, cell=420)[..., None], seed=seed, exposure=1.5)


def treetops(*, seed: int) -> Pixels:
    """Crowns of a wood against a bright sky, far away: detail finer than a pixel."""
    rng = np.random.default_rng(seed)
    canvas = np.empty((FINE, FINE, 3), np.float32)
    height = np.linspace(0, 1, FINE, dtype=np.float32)[:, None, None]
    canvas[:] = linear((150, 186, 226)) * (1 - height) + linear((232, 234, 230)) * height
    rows = []
    for depth, top in enumerate((330, 520, 740, 960)):
        rows += [
            Crown(
                x + rng.uniform(-50, 50), top + rng.uniform(-60, 60), rng.uniform(90, 150), rng.uniform(120, 190), 420
            )
            for x in range(-20 + 60 * (depth % 2), FINE + 100, 170)
        ]
        overlay(canvas, crowns(rng, rows, size=11, colours=WOOD), brightness=1.25 - 0.1 * depth)
        rows = []
    return develop(canvas, seed=seed, exposure=1.3)
