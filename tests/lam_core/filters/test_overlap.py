"""The overlap's probability against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import hypergeom

from lam_core.filters.overlap import overlap


@pytest.mark.parametrize(("count", "size", "common"), [(50, 7, 3), (900, 45, 0), (18_016, 540, 40)])
def test_probability_is_hypergeometric(count: int, size: int, common: int) -> None:
    one, other = np.arange(size), np.arange(size - common, 2 * size - common)
    found = overlap(one, other, count)
    assert (found.common, found.size) == (common, size)
    assert found.expected == pytest.approx(size**2 / count)
    assert found.p_value == pytest.approx(hypergeom.sf(common - 1, count, size, size), rel=1e-6)
