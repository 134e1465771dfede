"""How many filters two degradations share, against what chance gives."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray


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
    # In whole numbers, hence exact: the ways to draw `other` that share at least as many with `one`.
    most = min(len(one), len(other))
    ways = sum(comb(len(one), k) * comb(count - len(one), len(other) - k) for k in range(common, most + 1))
    p = ways / comb(count, len(other))
    return Overlap(common, len(one), len(one) * len(other) / count, p)
