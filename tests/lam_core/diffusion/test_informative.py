"""Informative areas on maps whose shares are known beforehand."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import gaussian_kde

from lam_core import Region, attribute
from lam_core.diffusion.informative import (
    UnlikeMapsError,
    area_holding,
    informative_areas,
    informative_areas_of,
    places,
    shares,
)
from tests.lam_core.studies.toys import coupled, picture

WINDOW = slice(2, 4), slice(2, 4)


def bump(y: float, x: float, spread: float, side: int = 24) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side]
    return np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * spread**2))


def kde(displayed_map: np.ndarray) -> np.ndarray:
    """SciPy's weighted density on the grid, over its maximum: shares no code with the project."""
    height, width = displayed_map.shape
    y, x = np.mgrid[:height, :width]
    points = np.stack([x.ravel(), y.ravel()])
    plane = gaussian_kde(points, weights=displayed_map.ravel())(points).reshape(height, width)
    return plane / plane.max()


def test_the_picture_is_the_published_formula() -> None:
    wide, common = [bump(12, 8, 5), bump(12, 10, 6)], [bump(12, 12, 2)]
    areas = informative_areas(wide, common, (slice(11, 14), slice(11, 14)))
    z_a, z_b = kde((wide[0] + wide[1]) / 2), kde(common[0])
    d = (z_a - z_b) / (z_a - z_b).max()
    np.testing.assert_allclose(areas.shown, z_b - 0.5 * d, atol=1e-9)
    assert areas.difference.max() == 1
    row, column = np.unravel_index(areas.shown.argmin(), areas.shown.shape)
    assert (row, column < 8) == (12, True), "what only the wide networks use lies to the left and is negative"


def test_equal_groups_leave_nothing_that_only_one_uses() -> None:
    areas = informative_areas([bump(12, 12, 3)], [bump(12, 12, 3)], (slice(11, 14), slice(11, 14)))
    np.testing.assert_array_equal(areas.shown, areas.common)
    assert areas.shares.overlap == pytest.approx(1)
    assert (
        areas.shares.sentence(["A"], ["B"]) == "A and B share 100 % of their attribution; they look at the same pixels."
    )


def test_shares_of_maps_solved_by_hand() -> None:
    common, wide = np.zeros((6, 6)), np.zeros((6, 6))
    common[2:4, 2:4] = 5.0
    wide[2:4, 2:4] = 0.6
    wide[2, 0] = 1.6
    found = shares(wide, common, WINDOW)
    assert found.overlap == pytest.approx(0.6)
    assert found.further == pytest.approx({"window": 0, "left": 0.4, "right": 0, "above": 0, "below": 0})
    assert found.wide_in_common_area == pytest.approx(0.6)
    assert found.common_in_wide_area == pytest.approx(1)
    assert (found.wide_area, found.common_area) == (5 / 36, 4 / 36)
    assert (found.intersection, found.union) == (4 / 36, 5 / 36)
    assert found.sentence(["EDSR"], ["RCAN"]).endswith(
        "share 60 % of their attribution; 40 % of RCAN’s attribution lies left of the window, beyond EDSR’s."
    )


def test_what_lies_all_around_is_given_no_direction() -> None:
    common, wide = np.zeros((6, 6)), np.ones((6, 6))
    common[2:4, 2:4] = 1
    found = shares(wide, common, WINDOW)
    assert found.overlap == pytest.approx(4 / 36)
    assert sum(found.further.values()) == pytest.approx(1 - found.overlap)
    assert found.sentence(["A"], ["B"]).endswith("89 % of B’s attribution lies all around the window, beyond A’s.")


def test_every_network_of_a_group_counts_alike_in_the_shares() -> None:
    narrow, broad = np.zeros((6, 6)), np.ones((6, 6))
    narrow[2:4, 2:4] = 1
    areas = informative_areas([narrow, broad], [narrow], WINDOW)
    assert areas.shares.overlap == pytest.approx((1 + 4 / 36) / 2)


def test_results_of_one_place_are_compared_and_of_two_are_refused() -> None:
    near, far = (attribute(coupled(*c), picture(), Region(16, 20, 4)) for c in ((), ((1.0, 0, 6),)))
    found = informative_areas_of([far], [near]).shares
    # The far network draws on as much six columns to the left as under the window.
    assert found.overlap + found.further["left"] == pytest.approx(1)
    assert found.further["left"] > 0.3
    with pytest.raises(UnlikeMapsError, match="2 different places"):
        informative_areas_of([far], [attribute(coupled(), picture(), Region(18, 20, 4))])


def test_reading_results_needs_no_torch() -> None:
    code = """
import sys
import lam_core.diffusion.informative
from lam_core.studies import content, landscape, published, statistics
from lam_core.studies.sweeps import table, windows
print("torch" in sys.modules)
"""
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


def test_places_part_the_field() -> None:
    masks = places((5, 7), (slice(2, 3), slice(3, 4)))
    assert (np.sum(list(masks.values()), axis=0) == 1).all()
    assert masks["window"].sum() == 1
    assert masks["left"][2, 0]
    assert masks["above"][0, 3]
    assert masks["left"].sum() == masks["right"].sum()


def test_an_area_is_the_fewest_pixels_and_holds_its_share() -> None:
    plane = np.random.default_rng(0).random((20, 20))
    mask = area_holding(plane, 0.7)
    assert plane[mask].sum() >= 0.7 * plane.sum()
    assert plane[mask].sum() - plane[mask].min() < 0.7 * plane.sum()
    assert plane[mask].min() >= plane[~mask].max()
    assert area_holding(plane, 1.0).all()


@pytest.mark.parametrize(
    ("wide", "common", "says"),
    [
        ([], [np.ones((6, 6))], "at least one map"),
        ([np.ones((6, 6))], [np.ones((6, 8))], "unequal sizes .6×6, 8×6."),
        ([np.zeros((6, 6)) + 0.0], [np.ones((6, 6))], "mass is 0"),
    ],
)
def test_what_cannot_be_compared_is_refused(wide, common, says) -> None:
    with pytest.raises(UnlikeMapsError, match=says):
        informative_areas(wide, common, WINDOW)
