"""The tab of tiles: one picture, one legend, and a click that places the window."""

import numpy as np
import pytest

from dashboard.app_pages.attribution.heatmap_figure import legend, tiles_over
from lam_core.attribution.heatmap import Heatmap
from tests.dashboard.attribution.test_page import opened, text, toy  # noqa: F401  A fixture.

TILES = Heatmap(np.array([[1.0, 3.0], [np.nan, 2.0]]), np.full((2, 2), 0.1), np.array([0, 16]), np.array([0, 16]), 16)


def test_lowest_is_white_highest_dark_red_and_no_map_shows_the_picture() -> None:
    white = np.full((40, 32, 3), 255, np.uint8)
    shown = tiles_over(white, TILES)
    assert shown[0, 0].tolist() == [255, 255, 255]
    red, green, blue = shown[0, 16].tolist()
    assert 127 < red < 255
    assert green == blue == 0
    picture = np.random.default_rng(0).integers(0, 256, (40, 32, 3), dtype=np.uint8)
    over = tiles_over(picture, TILES)
    assert (over[16:32, :16] == picture[16:32, :16]).all()
    assert (over[32:] == picture[32:]).all(), "no window reaches here"
    assert "DI 1.0" in legend(TILES)
    assert "3.0" in legend(TILES)


@pytest.mark.parametrize("stride", [16, 32])
def test_tiles_cover_the_picture_where_windows_stand_apart(stride: int) -> None:
    places = np.arange(0, 64 - 15, stride)
    one = Heatmap(np.eye(len(places)) + 1, np.zeros((len(places),) * 2), places, places, 16)
    shown = tiles_over(np.zeros((64, 64, 3), np.uint8), one)
    assert (shown[: places[-1] + 16, : places[-1] + 16] != 0).any(2).all()


def test_the_shipped_heat_map_is_shown_without_computing(toy):  # noqa: F811
    app = opened(tiles="fsrcnn")
    assert "shipped result" in text(app)
    assert {metric.label for metric in app.metric} == {"Median DI", "Lowest", "Highest"}


def test_a_heat_map_is_computed_when_asked_for_and_a_tile_places_the_window(toy):  # noqa: F811
    app = opened(image="cat", models=toy, tiles=toy, scale="4", window="96,96,96")
    app.button(key="tiles_compute").click().run()
    assert not app.exception
    assert "Lowest" in {metric.label for metric in app.metric}
    app.session_state["tiles"] = {"pick": {"x": 0, "y": 96, "compute": True, "stamp": "1"}}
    app.run()
    assert app.query_params["window"] == "0,96,96"
    assert app.query_params["tiles"] == toy
    assert "The framed window at (0, 96)" in text(app)
