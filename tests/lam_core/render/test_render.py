"""Colours of maps, window frames, and sheets of tiles."""

import io

import numpy as np
import pytest
from PIL import Image, ImageColor

from lam_core.diffusion.area import area
from lam_core.region import Region
from lam_core.render import (
    FRAME,
    cut_around,
    density_over,
    difference_over,
    enlarged,
    framed,
    informative_over,
    map_over,
    png,
    ramp,
    red,
    seismic,
)
from lam_core.render.figure.sheet import Tile, sheet

RANDOM = np.random.default_rng(0)
FRAME_RGB = np.array(ImageColor.getrgb(FRAME))
LR = RANDOM.integers(0, 256, (8, 8, 3), dtype=np.uint8)


def test_seismic_has_the_published_anchors():
    colours = seismic(np.array([-1, -0.5, 0, 0.5, 1]))
    assert colours.tolist() == [[0, 0, 76], [0, 0, 255], [255, 255, 255], [255, 0, 0], [128, 0, 0]]


def test_red_half_starts_white_and_never_turns_blue():
    colours = red(np.linspace(-1, 1, 41)).astype(int)
    assert (colours[:21] == 255).all()
    assert (colours[:, 0] >= colours[:, 2]).all()
    assert (np.diff(colours.sum(1)) <= 0).all()


def test_a_map_over_a_white_picture_has_exactly_the_published_colours():
    values = RANDOM.random((8, 8))
    np.testing.assert_array_equal(map_over(np.full((8, 8, 3), 255, np.uint8), values), red(values))


def test_a_map_of_zeros_shows_its_picture_without_any_colour():
    shown = map_over(LR, np.zeros((8, 8))).astype(int)
    assert np.ptp(shown, axis=2).max() == 0
    grey = LR.mean(2)
    assert np.corrcoef(shown[..., 0].ravel(), grey.ravel())[0, 1] > 0.999


def test_density_is_blended_half_and_half():
    shown = density_over(LR, np.ones((8, 8)))
    np.testing.assert_allclose(shown, (LR + np.array([128.0, 0, 0])) / 2, atol=0.51)


def test_enlarging_repeats_pixels_by_a_whole_factor():
    large = enlarged(LR, 20)
    assert large.shape == (24, 24, 3)
    np.testing.assert_array_equal(large[::3, ::3], LR)
    np.testing.assert_array_equal(large[1::3, 2::3], LR)
    np.testing.assert_array_equal(enlarged(LR, 8), LR)


def test_the_frame_stands_around_the_window_and_leaves_it_alone():
    picture = np.zeros((64, 64, 3), np.uint8)
    shown = framed(picture, Region(20, 30, 16))
    np.testing.assert_array_equal(shown[30:46, 20:36], picture[30:46, 20:36])
    assert (shown[29, 20:36] == FRAME_RGB).all()
    assert (shown[30:46, 36] == FRAME_RGB).all()
    assert not picture.any(), "the picture given must stay as it is"


@pytest.mark.parametrize(("x", "y"), [(0, 0), (48, 48), (24, 10)])
def test_a_cut_holds_the_window_wherever_it_is(x, y):
    picture = RANDOM.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    part, region = cut_around(picture, Region(x, y, 16), 32, 48)
    assert part.shape == (32, 48, 3)
    np.testing.assert_array_equal(
        part[region.y : region.y + 16, region.x : region.x + 16], picture[y : y + 16, x : x + 16]
    )


def test_a_cut_larger_than_the_picture_is_the_picture():
    picture = RANDOM.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    part, region = cut_around(picture, Region(4, 2, 16), 64, 64)
    np.testing.assert_array_equal(part, picture)
    assert region == Region(4, 2, 16)
    part, region = cut_around(np.zeros((128, 128, 3), np.uint8), Region(8, 16, 96), 64, 48)
    assert (part.shape, region) == ((96, 96, 3), Region(0, 0, 96))


def test_png_is_lossless():
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png(LR)))), LR)


def test_area_is_the_smallest_set_of_pixels():
    values = RANDOM.random((16, 16)) ** 6
    count = area(values)
    descending = np.sort(values.ravel())[::-1]
    assert descending[:count].sum() >= 0.95 * values.sum() * (1 - 1e-9)
    assert descending[: count - 1].sum() < 0.95 * values.sum()
    assert area(np.ones((10, 10))) == 95
    assert area(np.eye(1, 9).reshape(3, 3)) == 1


def test_a_difference_is_red_above_zero_and_blue_below():
    white = np.full((1, 3, 3), 255, np.uint8)
    assert difference_over(white, np.array([[0.5, 0.0, -0.5]])).tolist() == [
        [[255, 0, 0], [255, 255, 255], [0, 0, 255]]
    ]
    half = informative_over(np.zeros((1, 1, 3), np.uint8), np.array([[0.0]]))
    assert half.tolist() == [[[128, 128, 128]]], "half of white over black"


def test_a_legend_runs_from_its_least_value_to_dark_red():
    signed, plain = ramp(-1.0, 5, 2), ramp(0.0, 5, 2)
    assert signed.shape == (2, 5, 3)
    assert signed[0, 2].tolist() == [255, 255, 255] == plain[0, 0].tolist()
    assert signed[0, 4].tolist() == plain[0, 4].tolist() == [128, 0, 0]


def test_a_sheet_has_a_row_for_every_row_of_tiles():
    lr, sr = np.zeros((8, 8, 3), np.uint8), np.full((32, 32, 3), 200, np.uint8)
    tiles = [Tile("LR", lr), Tile("SR ×4", sr, "DI 1.0 ± 0.1"), Tile("again", lr)]
    one, two = sheet([tiles], Region(8, 8, 8), "note"), sheet([tiles[:2], tiles[2:]], Region(8, 8, 8), "note")
    assert one.shape[1] > two.shape[1]
    assert two.shape[0] > one.shape[0] + 300
    with pytest.raises(ValueError, match="no pictures"):
        sheet([], Region(0, 0, 1), "")
