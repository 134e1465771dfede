"""The square that maps open at, by hand."""

import numpy as np
import pytest

from lam_core.diffusion.square import square_holding

SHAPE, FOOTPRINT = (64, 48), (slice(30, 34), slice(20, 24))


def cut(shape: tuple[int, int], y: int, x: int) -> np.ndarray:
    one = np.zeros(shape)
    one[y, x] = 1
    return one


def test_without_a_map_it_is_the_smallest_one_around_the_window():
    assert square_holding([], SHAPE, FOOTPRINT) == (slice(24, 40), slice(14, 30))


@pytest.mark.parametrize("places", [[(32, 22)], [(5, 22)], [(60, 40)], [(32, 0), (32, 47)], [(0, 0), (63, 47)]])
def test_it_holds_every_map_and_the_window_and_lies_inside(places):
    rows, columns = square_holding([cut(SHAPE, *place) for place in places], SHAPE, FOOTPRINT)
    for y, x in (*places, (30, 20), (33, 23)):
        assert rows.start <= y < rows.stop
        assert columns.start <= x < columns.stop
    assert 0 <= rows.start <= rows.stop <= SHAPE[0]
    assert 0 <= columns.start <= columns.stop <= SHAPE[1]


def test_a_hundredth_of_the_attribution_may_lie_outside():
    near = cut(SHAPE, 32, 22) + 0.01 * cut(SHAPE, 0, 0)
    assert square_holding([near], SHAPE, FOOTPRINT) == square_holding([], SHAPE, FOOTPRINT)
    far = cut(SHAPE, 32, 22) + 0.02 * cut(SHAPE, 0, 0)
    assert square_holding([far], SHAPE, FOOTPRINT) == (slice(0, 64), slice(0, 48))
