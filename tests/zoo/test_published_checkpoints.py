"""Published checkpoints give the figures that their authors' networks give."""

import numpy as np
import pytest
import torch
from PIL import Image

import zoo
from lam_core.images import psnr
from lam_core.model import SuperResolver
from tests.unshipped import IMAGES, WEIGHTS, needs_shared

FIGURES = {
    "IMDN_x4.pth": 32.21,
    "RFDN_AIM.pth": 32.16,
    "PANx4_DF2K.pth": 32.13,
    "carn_m.pth": 31.88,
    "fsrcnn_x4_luma.pth": 30.51,
    "srgan_x4.pth": 30.65,
    "craft_x4.pth": 32.39,
}


def set5_psnr(model: SuperResolver) -> float:
    figures = []
    for path in sorted((IMAGES / "set5" / "lr_x4").iterdir()):
        low = np.asarray(Image.open(path).convert("RGB"))
        high = np.asarray(
            Image.open(next((IMAGES / "set5" / "hr").glob(f"{path.stem.removesuffix('x4')}.*"))).convert("RGB")
        )
        x = torch.from_numpy(low.transpose(2, 0, 1)[None].copy()).float() / 255
        with torch.no_grad():
            y = model(x)[0].clamp(0, 1).numpy().transpose(1, 2, 0) * 255
        figures.append(psnr(y, high[: y.shape[0], : y.shape[1]], shave=4))
    return float(np.mean(figures))


SLOW = {"craft_x4.pth", "srgan_x4.pth"}
CASES = [pytest.param(f, marks=pytest.mark.conformance if f in SLOW else ()) for f in FIGURES]


@needs_shared
@pytest.mark.parametrize("file", CASES)
def test_set5_psnr_is_that_of_the_published_network(file: str):
    model = zoo.super_resolver(WEIGHTS / file)
    assert set5_psnr(model) == pytest.approx(FIGURES[file], abs=0.02)


@needs_shared
@pytest.mark.parametrize("file", ["fsrcnn_x4_rgb.pt", *sorted(SLOW)])
def test_the_others_load_and_enlarge(file: str):
    model = zoo.super_resolver(WEIGHTS / file)
    assert model(torch.rand(1, 3, 20, 24)).shape == (1, 3, 80, 96)
