"""Effective receptive fields against hand-computed ones and against plain loops with autograd."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from lam_core import SuperResolver
from lam_core.fields.area import Area, areas
from lam_core.fields.effective import effective_field
from lam_core.fields.result import EffectiveField, Sign
from lam_core.images import ImageShapeError
from tests.lam_core.studies.toys import coupled, picture

IMAGES = [picture(), picture(30, 40, 1)]


class GlobalPool(nn.Module):
    """x + the image's mean over all pixels, enlarged ×2."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.interpolate(x + x.mean((2, 3), keepdim=True), scale_factor=2)


def plain(model: SuperResolver, images: list[np.ndarray], side: int) -> tuple[np.ndarray, np.ndarray]:
    """Σ_c of both signs of the gradient of the middle's s×s SR pixels, means over images: one image after the other."""
    found, s = [np.zeros((side, side)), np.zeros((side, side))], model.scale
    for image in images:
        top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
        part = image[top : top + side, left : left + side].astype(np.float64) / 255
        x = torch.from_numpy(part.transpose(2, 0, 1)[None].copy()).to(model.dtype).requires_grad_(True)
        at = side // 2 * s
        model(x)[:, :, at : at + s, at : at + s].sum().backward()
        assert x.grad is not None
        slope = x.grad[0].double().numpy()
        found[0] += slope.clip(0).sum(0) / len(images)
        found[1] += (-slope).clip(0).sum(0) / len(images)
    return found[0], found[1]


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=2, dilation=2),
        nn.ReLU(),
        nn.Conv2d(8, 27, 3, padding=1),
        nn.PixelShuffle(3),
    )


def test_that_of_one_convolution_is_its_kernel() -> None:
    convolution = nn.Conv2d(3, 3, 3, padding=1)
    body = nn.Sequential(convolution, nn.Upsample(scale_factor=2)).double()
    found = effective_field(SuperResolver(body, 2), IMAGES, side=9)
    kernel = 4 * convolution.weight.detach().sum(0).numpy()
    # ∂y(p)/∂x(p + d) = w[d]: each of the four SR pixels of an LR pixel repeats it.
    signs: dict[Sign, np.ndarray] = {"positive": np.maximum(kernel, 0), "absolute": np.abs(kernel)}
    for sign, expected in signs.items():
        whole = np.zeros((9, 9))
        whole[3:6, 3:6] = expected.sum(0)
        np.testing.assert_allclose(found.contributions(sign), whole, atol=1e-12)
    assert areas(found.positive, shares=[0.999]) == (Area(0.999, 3, 9 / 81),)


def test_that_of_a_chain_of_averages_is_their_convolution() -> None:
    box = nn.AvgPool2d(3, 1, 1, count_include_pad=True)
    found = effective_field(SuperResolver(nn.Sequential(box, box, box), 1), IMAGES, side=11)
    line = np.convolve(np.convolve(np.ones(3), np.ones(3)), np.ones(3)) / 27
    whole = np.zeros((11, 11))
    whole[2:9, 2:9] = 3 * np.outer(line, line)
    np.testing.assert_allclose(found.positive, whole, atol=1e-6)
    assert found.negative.max() == 0
    # Of the line 7, 19 and 25 of 27 lie within 1, 3 and 5 pixels: squared 0.07, 0.50 and 0.86.
    assert [area.side for area in areas(found.positive, shares=[0.06, 0.4, 0.8, 0.9])] == [1, 3, 5, 7]


def test_that_of_a_global_pool_is_everywhere() -> None:
    found = effective_field(SuperResolver(GlobalPool(), 2), IMAGES, side=9)
    # Three channels, four SR pixels each: 12 at the middle, and 12 / 81 from the mean everywhere.
    whole = np.full((9, 9), 12 / 81)
    whole[4, 4] += 12
    np.testing.assert_allclose(found.positive, whole, rtol=1e-6)
    # The mean's half needs all but 2 % of it: 79.4 of 81 pixels, and so the whole.
    assert [area.side for area in areas(found.positive)] == [1, 1, 1, 9]


@pytest.mark.parametrize("precision", [torch.float32, torch.float64])
def test_equals_a_plain_loop(precision: torch.dtype) -> None:
    model = SuperResolver(network(), 3).in_precision(precision)
    images = [picture(40, 33, seed) for seed in range(3)]
    found = effective_field(model, images, side=33)
    for mine, other in zip((found.positive, found.negative), plain(model, images, 33), strict=True):
        assert np.abs(mine - other).max() <= 1e-6 * other.max()
    assert found.images == 3


def test_published_areas_are_those_of_the_published_code() -> None:
    scores = np.random.default_rng(0).exponential(np.hypot(*np.ogrid[-20:21, -20:21]).clip(1) ** -1.5, (41, 41)) * 5
    data = np.log10(scores + 1)
    for area in areas(scores, "published"):
        # As `get_rectangle` of RepLKNet: rings from 3×3 on until their share is above the threshold.
        i = next(
            (i for i in range(1, 20) if data[20 - i : 21 + i, 20 - i : 21 + i].sum() / data.sum() > area.share), 20
        )
        assert (area.side, area.ratio) == (2 * i + 1, pytest.approx((2 * i + 1) ** 2 / 41**2))


def test_the_bright_side_counts_pixels() -> None:
    positive = np.zeros((9, 9))
    positive[2:7, 2:7], positive[4, 4], positive[0, 0] = 0.5, 1.0, 0.04
    assert EffectiveField(positive, 0 * positive, 1).bright_side == 5


@pytest.mark.parametrize(
    ("images", "side", "says"),
    [([], 9, "at least one"), ([picture(8, 30)], 9, "30×8 is smaller"), ([picture()], 8, "side is 8; choose an odd")],
)
def test_images_that_have_no_field_are_refused(images, side, says) -> None:
    with pytest.raises(ImageShapeError, match=says):
        effective_field(coupled(), images, side=side)
