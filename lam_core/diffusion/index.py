"""The Diffusion Index: how widely a network draws on its input (Gu and Dong, CVPR 2021, section 4.1)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FLOOR = 1e-7
"""Added to every pixel of the displayed map before DI, as published."""


def gini(values: NDArray) -> float:
    """Gini coefficient of non-negative values: 0 if all are equal, 1 − 1/n if a single one is not zero.

    The sorted form Σ(2i − n − 1)·g₍ᵢ₎ / (n·Σg) of Σᵢ Σⱼ |gᵢ − gⱼ| / (2n²·mean).

    >>> gini(np.array([1.0, 1.0])), gini(np.array([0.0, 1.0]))
    (0.0, 0.5)
    """
    ordered = np.sort(np.asarray(values, np.float64).ravel())
    n = ordered.size
    return float(_weights(n) @ ordered / (n * ordered.sum()))


@lru_cache(8)
def _weights(n: int) -> NDArray[np.float64]:
    """2i − n − 1; kept, since intervals ask for the same many times over."""
    return np.arange(1.0 - n, n, 2)


def diffusion_index(displayed_map: NDArray) -> float:
    """The Diffusion Index DI = (1 − G)·100 of a map (Gu and Dong, CVPR 2021), G its Gini coefficient.

    Args:
        displayed_map: absolute attributions, [h, w], not negative.

    Returns:
        Near 0 if one pixel has everything, 100 if all pixels have the same.
    """
    return (1 - gini(np.asarray(displayed_map, np.float64) + FLOOR)) * 100
