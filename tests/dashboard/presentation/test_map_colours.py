"""What the colours of maps stand for, by hand and on the shipped results."""

import numpy as np
import pytest

from dashboard.gallery.shipped import first_visit
from dashboard.presentation.map_colours import MapColours
from dashboard.presentation.view import View
from lam_core.diffusion.informative import unit_mass

RESULTS = [one.result for one in first_visit().results]


@pytest.mark.parametrize("as_density", [False, True])
def test_each_map_has_its_own_maximum_unless_all_share_one_scale(as_density):
    own = MapColours.of(View(density=as_density), RESULTS)
    assert [own.places(one).max() for one in RESULTS] == pytest.approx([1.0] * 3)
    shared = MapColours.of(View(density=as_density, map_scale="shared"), RESULTS)
    peaks = [shared.places(one).max() for one in RESULTS]
    assert max(peaks) == 1.0
    assert min(peaks) < 0.5


def test_on_one_scale_equal_colours_are_equal_shares_of_attribution():
    shared = MapColours.of(View(map_scale="shared"), RESULTS)
    for one in RESULTS:
        np.testing.assert_allclose(shared.places(one) * shared.full, unit_mass(one.map), atol=1e-15)


def test_the_logarithmic_scale_spans_three_decades_of_the_linear_one():
    shared, log = (MapColours.of(View(map_scale=scale), RESULTS) for scale in ("shared", "log"))
    assert log.full == shared.full
    for one in RESULTS:
        linear = shared.places(one)
        expected = np.maximum(1 + np.log10(np.maximum(linear, 1e-30)) / 3, 0)
        np.testing.assert_allclose(log.places(one), expected, atol=1e-12)


def test_the_ends_of_the_bar_say_what_they_stand_for():
    assert MapColours("own", as_density=False).most == "each map's own maximum, linear"
    assert (
        MapColours("shared", as_density=True, full=0.02).most == "2\u00a0% of a network's density on one pixel, linear"
    )
    log = MapColours("log", as_density=False, full=0.02)
    assert (log.least, log.most) == (
        "≤ 0.002\u00a0%",
        "2\u00a0% of a network's attribution on one pixel, logarithmic",
    )
