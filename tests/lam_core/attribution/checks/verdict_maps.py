"""A linear window whose every input pixel has a known effect, and maps of it whose verdict is known beforehand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from lam_core.attribution.checks.insertion_deletion import (
    DIRECTIONS,
    ORDERS,
    Faithfulness,
    FaithfulnessSettings,
    _curve,
    _orders,
    _shuffled_within,
    grid_of,
)
from lam_core.attribution.checks.verdict import Verdict, blocks_verdict, faithfulness_verdict

SIDE, BLOCK = 40, 4
FOOTPRINT = slice(18, 22)
PIXELS = 48
"""Values of the window."""
KINDS = ("truth", "ring", "closeness", "noise")


@dataclass(frozen=True, eq=False)
class Case:
    """What each input pixel changes in the window when it is blurred, and maps that know all, some or none of it."""

    distance: NDArray[np.float64]
    """From the window's footprint, [side, side]."""
    changes: NDArray[np.float64]
    """Of every value of the window by every input pixel, [side · side, values]."""
    maps: dict[str, NDArray[np.float64]]


def case(seed: int) -> Case:
    """Effects fall with distance and follow a random texture, as those of real networks do; their signs are random."""
    random = np.random.default_rng(seed)
    y = np.arange(SIDE)
    aside = np.maximum(np.maximum(FOOTPRINT.start - y, y - FOOTPRINT.stop + 1), 0)
    distance = np.hypot(aside[:, None], aside[None, :])
    texture = gaussian_filter(random.normal(size=(SIDE, SIDE)), random.uniform(0.3, 2.0))
    strength = np.exp(1.2 * texture / texture.std() - distance / random.uniform(4, 12))
    changes = strength.ravel()[:, None] * random.normal(0, 1, (SIDE * SIDE, PIXELS))
    candidates = np.flatnonzero(distance.ravel() > 0)
    ring = strength.ravel().copy()
    ring[candidates] = _shuffled_within(ring[candidates], np.rint(distance.ravel()[candidates]), random)
    maps = {
        "truth": strength,
        "ring": ring.reshape(SIDE, SIDE),
        "closeness": 1 / (1 + distance),
        "noise": random.random((SIDE, SIDE)),
    }
    return Case(distance, changes, maps)


def by_deletion(one: Case, kind: str) -> Verdict:
    """The verdict of insertion and deletion on one of the maps."""
    settings = FaithfulnessSettings()
    candidates = np.flatnonzero(one.distance.ravel() > 0)
    pixels = grid_of(candidates.size, settings)
    whole = one.changes[candidates].sum(0)
    curves = {direction: {order: [] for order in ORDERS} for direction in DIRECTIONS}
    for order, ranking in _orders(one.maps[kind], one.distance, candidates, settings):
        deleted = one.changes[ranking[: pixels[-1]]].cumsum(0)[pixels - 1]
        curves["deletion"][order].append((deleted**2).mean(1))
        curves["insertion"][order].append(((whole - deleted) ** 2).mean(1))
    found = {side: {order: _curve(np.array(rows)) for order, rows in of.items()} for side, of in curves.items()}
    return faithfulness_verdict(Faithfulness(pixels / candidates.size, pixels, found, settings))


def by_occlusion(one: Case, kind: str) -> Verdict:
    """The verdict of occlusion by blocks on one of the maps."""
    effect = np.abs(_blocks(one.changes.sum(1).reshape(SIDE, SIDE)).sum((1, 3)))
    attributed = _blocks(one.maps[kind]).sum((1, 3))
    return blocks_verdict(effect, attributed, _blocks(one.distance).mean((1, 3)) / BLOCK, "occlusion")


def _blocks(plane: NDArray) -> NDArray:
    return plane.reshape(SIDE // BLOCK, BLOCK, SIDE // BLOCK, BLOCK)
