"""Classical methods: what they are good at, they do, without weights."""

import sys

import numpy as np
import pytest

import zoo
from lam_core.images import Pixels, bicubic, psnr
from lam_core.model import Restorer
from zoo.catalog.registry import registry
from zoo.checkpoints.choose_convention import dead_leaves
from zoo.models.restorers import UnknownMethodError, restorer


def load(name: str) -> Restorer:
    model = zoo.load(name)
    assert isinstance(model, Restorer)
    return model


def noisy(picture: Pixels) -> Pixels:
    noise = np.random.default_rng(0).normal(0, 20, picture.shape)
    return np.rint(np.clip(picture + noise, 0, 255)).astype(np.uint8)


@pytest.mark.parametrize(("name", "scale"), [("bicubic-x2", 2), ("bicubic-x3", 3), ("bicubic", 4)])
def test_bicubic_enlarges(name: str, scale: int):
    model = load(name)
    picture = dead_leaves()[:20, :24]
    assert model.scale == scale
    assert np.array_equal(model.restore(picture), bicubic(picture, scale))


def test_non_local_means_takes_noise_away():
    clean = dead_leaves()
    dirty = noisy(clean)
    restored = load("non-local-means").restore(dirty)
    assert restored.shape == clean.shape
    assert restored.dtype == np.uint8
    assert psnr(restored, clean, shave=0) > psnr(dirty, clean, shave=0) + 2


def test_bm3d_takes_noise_away():
    pytest.importorskip("bm3d", reason="free for non-commercial use, hence optional")
    clean = dead_leaves()
    dirty = noisy(clean)
    assert psnr(load("bm3d").restore(dirty), clean, shave=0) > psnr(dirty, clean, shave=0) + 2


def test_bm3d_says_what_it_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "bm3d", None)
    with pytest.raises(UnknownMethodError, match=r"pip install 'sr-lam\[bm3d\]'"):
        load("bm3d").restore(dead_leaves())


def test_an_unknown_method_is_named():
    entry = registry()["bicubic"].model_copy(update={"architecture": "magic"})
    with pytest.raises(UnknownMethodError, match=r"'magic'; there are bicubic"):
        restorer(entry)
