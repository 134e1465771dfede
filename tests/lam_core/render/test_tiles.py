"""Tiles of a heat map over their image, and its figure."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from lam_core.attribution.heatmap import Heatmap
from lam_core.render.figure.heatmap import heatmap_figure
from lam_core.render.tiles import NoTilesError, extent, tiles_over

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
    assert extent(TILES) == (1.0, 3.0)


@pytest.mark.parametrize("stride", [16, 32])
def test_tiles_cover_the_picture_where_windows_stand_apart(stride: int) -> None:
    places = np.arange(0, 64 - 15, stride)
    one = Heatmap(np.eye(len(places)) + 1, np.zeros((len(places),) * 2), places, places, 16)
    shown = tiles_over(np.zeros((64, 64, 3), np.uint8), one)
    assert (shown[: places[-1] + 16, : places[-1] + 16] != 0).any(2).all()


def test_a_flat_image_has_no_tiles() -> None:
    flat = Heatmap(np.full((2, 2), np.nan), np.zeros((2, 2)), TILES.x, TILES.y, 16)
    with pytest.raises(NoTilesError, match="no window of this image gives a map"):
        tiles_over(np.zeros((32, 32, 3), np.uint8), flat)


def test_the_figure_has_words_as_text_and_the_tiles_at_their_own_pixels() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 32, 3), dtype=np.uint8)
    words = {"title": "Toy", "note": "window 16 · tolerance 5 %", "about": json.dumps({"model": "Toy"})}
    pytest.importorskip("matplotlib", reason="figures are drawn by matplotlib, the extra `figure`")
    pypdf = pytest.importorskip("pypdf", reason="an oracle of requirements-oracle.txt")
    (page,) = pypdf.PdfReader(io.BytesIO(heatmap_figure(image, TILES, "pdf", **words))).pages
    read = page.extract_text()
    assert all(word in read for word in ("Toy", "window 16", "Diffusion Index of each window", "3"))
    found = [np.asarray(one.image.convert("RGB")) for one in page.images]
    assert any(one.shape == image.shape and (one == tiles_over(image, TILES)).all() for one in found)
    assert json.loads(Image.open(io.BytesIO(heatmap_figure(image, TILES, "png", **words))).info["Description"]) == {
        "model": "Toy"
    }
