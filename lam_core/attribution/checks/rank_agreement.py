"""How far two pictures of importance agree, and how much of that is more than both falling with distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata


@dataclass(frozen=True)
class Agreement:
    """Rank correlations of two maps. Neighbouring places are not independent, so no p is given."""

    spearman: float | None
    """Spearman's rank correlation, −1 to 1; None if one of the maps is the same everywhere."""
    beyond_distance: float | None
    """The same with the rank of the distance to the window taken out of both (partial correlation)."""
    n: int
    """Places compared: those where at least one of the two is not zero."""


def agreement(a: NDArray, b: NDArray, distance: NDArray) -> Agreement:
    """Rank correlations of two arrays of one shape, given every place's distance from the window.

    Places where both are exactly zero are left out: a network of small receptive field reaches neither, whatever its
    weights, and so many ties would pass for agreement.

    >>> distance = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    >>> agreement(np.array([9.0, 7.0, 5.0, 3.0, 1.0]), np.array([5.0, 4.0, 3.0, 2.0, 1.0]), distance)
    Agreement(spearman=1.0, beyond_distance=None, n=5)
    """
    reached = (np.asarray(a) != 0) | (np.asarray(b) != 0)
    first, second, away = (rankdata(np.asarray(values)[reached]).astype(np.float64) for values in (a, b, distance))
    first, second, away = (ranks - (ranks.size + 1) / 2 for ranks in (first, second, away))
    return Agreement(_cosine(first, second), _cosine(_without(first, away), _without(second, away)), first.size)


def _without(values: NDArray, cause: NDArray) -> NDArray:
    power = cause @ cause
    return values - cause * (values @ cause) / power if power else values


def _cosine(a: NDArray, b: NDArray) -> float | None:
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    # Ranks are halves up to n: what is left after a subtraction that should give zero is rounding.
    if min(lengths) <= 1e-9 * a.size:
        return None
    return round(float(np.clip(a @ b / (lengths[0] * lengths[1]), -1, 1)), 12)
