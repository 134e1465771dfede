"""The Diffusion Index and the density view against hand-solved cases and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import gaussian_kde

from lam_core.diffusion.density import density
from lam_core.diffusion.index import diffusion_index, gini


def test_gini_equals_its_double_sum() -> None:
    values = np.random.default_rng(0).random(60) ** 3
    double = np.abs(values[:, None] - values[None, :]).sum() / (2 * values.size**2 * values.mean())
    assert gini(values) == pytest.approx(double, abs=1e-14)


@pytest.mark.parametrize(("values", "expected"), [([1, 1, 1, 1], 0), ([0, 0, 0, 1], 0.75), ([1, 2, 3], 2 / 9)])
def test_gini_by_hand(values, expected) -> None:
    assert gini(np.array(values)) == pytest.approx(expected)


def test_di_of_one_pixel_and_of_all() -> None:
    one = np.zeros((64, 64))
    one[3, 4] = 1
    assert diffusion_index(one) == pytest.approx(100 / 4096 + 0.04, abs=0.02)
    assert diffusion_index(np.ones((64, 64))) == pytest.approx(100)


@pytest.mark.parametrize("shape", [(24, 30), (9, 40), (33, 33)])
def test_density_equals_scipy(shape) -> None:
    weights = np.random.default_rng(1).random(shape) ** 9
    y, x = np.mgrid[: shape[0], : shape[1]]
    positions = np.stack([x.ravel(), y.ravel()])
    expected = gaussian_kde(positions, weights=weights.ravel())(positions).reshape(shape)
    np.testing.assert_allclose(density(weights), expected / expected.max(), atol=1e-12)


def test_density_of_a_single_pixel_is_a_spot_there() -> None:
    single = np.zeros((12, 10))
    single[4, 7] = 1.0
    assert np.unravel_index(density(single).argmax(), (12, 10)) == (4, 7)
