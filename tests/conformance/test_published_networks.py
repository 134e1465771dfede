"""The long matrix: published checkpoints under the reference rule, against the plain implementation and measured DI."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch
from PIL import Image

import zoo
from lam_core import AttributionSettings, Region, SuperResolver, attribute, downscale
from tests.reference_rule import reference_display, reference_index, reference_lam
from tests.unshipped import IMAGES, WEIGHTS, needs_shared

pytestmark = [pytest.mark.conformance, needs_shared]

CHECKPOINTS = ("IMDN_x4.pth", "RFDN_AIM.pth", "PANx4_DF2K.pth", "carn_m.pth")
CENTRE = (120, 120, 16)
PLACES = (
    *((index, CENTRE) for index in (1, 2, 3, 4)),
    (1, (0, 0, 16)),
    (2, (240, 240, 16)),
    (3, (240, 0, 16)),
    (4, (37, 201, 24)),
)
"""(image, window): the centre of each, three corners, and a window on no grid."""
REFERENCE = AttributionSettings(rule="reference", field="full")
EXACT = AttributionSettings(rule="reference", field="full", dtype="float64")
MEASURED = {
    "RFDN_AIM.pth": (15.51, 20.05, 19.86, 23.15),
    "IMDN_x4.pth": (20.34, 25.44, 17.59, 23.66),
}


@functools.cache
def model(checkpoint: str) -> SuperResolver:
    return zoo.load(WEIGHTS / checkpoint)


def picture(index: int) -> np.ndarray:
    return downscale(np.asarray(Image.open(IMAGES / "lam" / f"{index}.png").convert("RGB")), 4)


@pytest.mark.parametrize(("index", "window"), PLACES, ids=str)
@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
def test_equal_to_the_plain_implementation(checkpoint: str, index: int, window: tuple[int, int, int]) -> None:
    lr, region = picture(index), Region(*window)
    single = model(checkpoint)
    double = single.to(dtype=torch.float64)
    expected = reference_lam(double, lr / 255, *window)
    result = attribute(double, lr, region, EXACT)
    np.testing.assert_allclose(result.map, reference_display(expected), atol=1e-10)
    assert result.diffusion_index == pytest.approx(reference_index(reference_display(expected)), abs=1e-10)
    plain = reference_lam(single, lr / 255, *window, dtype=torch.float32)
    ours = attribute(single, lr, region, REFERENCE).signed
    assert np.linalg.norm(ours - expected) <= 3 * np.linalg.norm(plain - expected)


@pytest.mark.parametrize("index", [1, 2, 3, 4])
@pytest.mark.parametrize("checkpoint", sorted(MEASURED))
def test_the_measured_index(checkpoint: str, index: int) -> None:
    result = attribute(model(checkpoint), picture(index), Region(*CENTRE), REFERENCE)
    assert result.diffusion_index == pytest.approx(MEASURED[checkpoint][index - 1], abs=0.1)
