"""How many filters two degradations share, against what chance gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom


@dataclass(frozen=True)
class Overlap:
    """The filters common to two sets of equal size."""

    common: int
    size: int
    """Filters of each set."""
    expected: float
    """Common filters of two random sets of that size: size² / filters of the network."""
    p_value: float
    """Probability that two random sets have at least as many in common (hypergeometric distribution)."""

    @property
    def share(self) -> float:
        """Common filters over the size of a set."""
        return self.common / self.size if self.size else 0.0


def overlap(one: NDArray[np.int64], other: NDArray[np.int64], count: int) -> Overlap:
    """The overlap of two sets of filter numbers among `count` filters.

    >>> found = overlap(np.array([0, 1]), np.array([1, 2]), 4)
    >>> found.common, found.expected, round(found.p_value, 3)
    (1, 1.0, 0.833)
    """
    common = len(np.intersect1d(one, other))
    p = float(hypergeom.sf(common - 1, count, len(one), len(other)))
    return Overlap(common, len(one), len(one) * len(other) / count, p)
