"""The networks inside packages of the package index: PSNR as it was measured elsewhere, maps as spandrel gives them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

import zoo
from lam_core import Region, SuperResolver, attribute, downscale
from lam_core.images import mod_crop, psnr
from tests.unshipped import IMAGES, needs_shared
from tests.zoo.formats.test_ncnn import needs_packages, trained_form
from zoo.catalog.registry import registry

pytestmark = [pytest.mark.conformance, needs_shared, needs_packages]

PSNR = {
    "realesrgan-x4plus": 26.63,
    "realesrgan-x4plus-anime": 25.22,
    "realesr-animevideov3": 28.25,
    "span-ch48": 32.20,
    "span-ch52": 32.20,
    "span-ch48-x2": 38.07,
    "span-ch52-x2": 38.09,
}
"""On Set5, clamped and not rounded."""


@pytest.mark.parametrize("name", PSNR)
def test_psnr_on_set5(name: str):
    model = zoo.load(name)
    scale, measured = model.scale, []
    for path in sorted((IMAGES / "set5" / "hr").iterdir()):
        hr = mod_crop(np.asarray(Image.open(path).convert("RGB")), scale)
        shipped = IMAGES / "set5" / "lr_x4" / f"{path.stem}x4.png"
        lr = np.asarray(Image.open(shipped).convert("RGB")) if scale == 4 else downscale(hr, scale)
        x = torch.from_numpy(lr.transpose(2, 0, 1)[None].copy()).float() / 255
        with torch.no_grad():
            sr = model(x)[0].clamp(0, 1).numpy().transpose(1, 2, 0) * 255.0
        measured.append(psnr(sr, hr[: sr.shape[0], : sr.shape[1]], shave=scale))
    assert np.mean(measured) == pytest.approx(PSNR[name], abs=0.02)


@pytest.mark.parametrize("name", ["span-ch48", "span-ch52", "span-ch48-x2", "span-kendata"])
def test_maps_are_those_of_the_same_weights_in_spandrel(name: str):
    ours = zoo.load(name)
    theirs = SuperResolver(trained_form(ours.module, registry()[name].hyperparameters), ours.scale)
    lr = downscale(np.asarray(Image.open(IMAGES / "lam" / "1.png").convert("RGB")), ours.scale)
    a, b = (attribute(model, lr, Region(120, 120, 16)) for model in (ours, theirs))
    np.testing.assert_allclose(a.map, b.map, atol=1e-4)
    assert a.diffusion_index == pytest.approx(b.diffusion_index, abs=1e-3)
