"""Windows and fields."""

from __future__ import annotations

import pytest

from lam_core.region import Field, Region, RegionError, field_around


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [(0, 0, (0, 0)), (784, 384, (136, 36)), (400, 200, (70, 20)), (2, 199, (0, 20))],
)
def test_a_field_is_centred_and_pushed_inside(x: int, y: int, expected: tuple[int, int]) -> None:
    field = field_around(Region(x, y, 16), lr_height=100, lr_width=200, scale=4, size=64)
    assert (field.x, field.y) == expected
    assert (field.width, field.height) == (64, 64)


def test_a_small_picture_is_its_own_field() -> None:
    assert field_around(Region(3, 3, 8), 20, 40, 2, 64) == Field(0, 0, 40, 20)
    assert field_around(Region(3, 3, 8), 200, 400, 2, "full") == Field(0, 0, 400, 200)


@pytest.mark.parametrize("scale", [1, 2, 3, 4, 8])
def test_the_window_always_lies_in_its_field(scale: int) -> None:
    for x in range(0, 90 * scale - 16, 7):
        region = Region(x, 5, 16)
        field = field_around(region, 80, 90, scale, 48)
        local = field.local(region, scale)
        local.check_inside(field.height * scale, field.width * scale)
        rows, columns = field.slices
        assert rows.stop <= 80
        assert columns.stop <= 90


def test_a_window_that_no_field_holds_is_refused() -> None:
    with pytest.raises(RegionError, match="larger field"):
        field_around(Region(0, 0, 200), 100, 100, 4, 48)


def test_centred() -> None:
    assert Region.centred(256, 200) == Region(92, 120, 16)
