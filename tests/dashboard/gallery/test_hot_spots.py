"""Maps that ship for marked windows are what the project would compute, and none of another network or method."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import zoo
from dashboard.gallery import hot_spots as gallery
from dashboard.gallery.hot_spots import HOT_SPOTS, SCALE, hot_spots, marked_windows, networks_of_hot_spots
from dashboard.presentation.decoded_image import from_sample
from lam_core.attribution.attribute import attribute
from lam_core.diffusion.area import area
from lam_core.images import digest
from lam_core.samples import sample, samples
from tests.unshipped import WEIGHTS, needs_shared
from tools.gallery.make_hot_spots import marked
from zoo.catalog.registry import registry

EVERYWHERE = {
    *("fsrcnn", "fsrcnn-rgb", "carn-m", "imdn", "pan", "srgan"),
    *("span-ch48", "span-ch52", "span-clearreality", "span-kendata", "realesr-animevideov3"),
}
"""Networks whose maps ship for every marked window."""


@pytest.fixture
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Another folder of hot spots, empty."""
    monkeypatch.setattr(gallery, "HOT_SPOTS", tmp_path)
    gallery._by_place.cache_clear()
    yield tmp_path
    gallery._by_place.cache_clear()


@pytest.mark.parametrize("one", samples(), ids=lambda one: one.id)
def test_five_windows_of_every_sample_have_maps_of_published_networks(one):
    picture = from_sample(one, SCALE)
    windows = marked_windows(one.id)
    assert len(windows) == 5
    assert windows == marked(picture), "make the hot spots again: the sample has changed"
    for window in windows:
        spots = hot_spots(one.id, window)
        assert spots.keys() >= EVERYWHERE
        for spot in spots.values():
            assert spot.image == digest(picture.lr)
            assert (spot.map.shape, spot.map.max()) == (picture.lr.shape[:2], 1.0)
            assert spot.network.sha256 == registry()[spot.network.id].sha256
    assert hot_spots(one.id, windows[0].moved(1, 0)) == {}


def test_windows_are_apart_and_one_lies_in_every_quarter():
    for one in samples():
        suggested, *others = marked(from_sample(one, SCALE))
        assert suggested == one.window
        quarters = {(window.x + 8 >= 128, window.y + 8 >= 128) for window in others}
        assert len(quarters) == 4


def test_files_are_small_and_name_their_sources():
    files = list(HOT_SPOTS.glob("*.npz"))
    assert sum(path.stat().st_size for path in files) < 6 * 2**20
    assert {path.stem for path in files} == networks_of_hot_spots()
    one = hot_spots("page", marked_windows("page")[0])["imdn"].network
    assert "Zheng222/IMDN@8f158e6" in one.details
    assert one.sha256 in one.details


@pytest.mark.parametrize("changed", ["method", "network"])
def test_no_map_of_an_older_method_or_of_other_weights_is_served(changed, apart, monkeypatch):
    (apart / "carn-m.npz").write_bytes((HOT_SPOTS / "carn-m.npz").read_bytes())
    assert networks_of_hot_spots() == {"carn-m"}
    gallery._by_place.cache_clear()
    if changed == "method":
        monkeypatch.setattr(gallery, "METHOD_VERSION", 0)
    else:
        monkeypatch.setattr(gallery, "pinned_digest", lambda entry: "0" * 64)
    assert networks_of_hot_spots() == set()
    assert marked_windows("page") == ()


@needs_shared
def test_a_shipped_map_is_computed_again():
    picture = from_sample(sample("palace-roof"), SCALE)
    window = marked_windows("palace-roof")[2]
    spot = hot_spots("palace-roof", window)["carn-m"]
    again = attribute(zoo.reference(WEIGHTS / "carn_m.pth").load(), picture.lr, window)
    np.testing.assert_allclose(spot.map, again.map, atol=0.5 / 255 + 2e-3)
    assert spot.figures.diffusion_index == pytest.approx(again.diffusion_index, abs=0.01)
    assert spot.figures.area == pytest.approx(area(again.map) / again.map.size, abs=0.01)
    quality = picture.quality(again)
    assert quality is not None
    assert spot.figures.psnr == pytest.approx(quality[0], abs=0.01)
