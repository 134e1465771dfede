"""Other methods on networks whose gradient is known."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import nn

from lam_core import AttributionSettings, Region, SuperResolver, attribute, diffusion_index
from lam_core.attribution.attribute import ZeroMapError
from lam_core.attribution.methods import (
    GradientMap,
    Saturation,
    plain_gradient,
    saturation,
)
from lam_core.attribution.settings import method_settings
from tests.lam_core.studies.toys import coupled, picture

SETTINGS = AttributionSettings(detector="intensity", dtype="float64", field="full", tolerance=0, nodes=9)
WINDOW = Region(16, 20, 4)


class Saturating(nn.Module):
    """tanh(k·x), enlarged: far from black its gradient is gone."""

    def __init__(self) -> None:
        super().__init__()
        self.steepness = nn.Parameter(torch.tensor(8.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.interpolate(torch.tanh(self.steepness * x), scale_factor=2)


def test_the_plain_gradient_of_a_linear_network_is_its_weights() -> None:
    found = plain_gradient(coupled((0.5, 0, -9)), picture(), WINDOW, SETTINGS)
    expected = np.zeros((3, 24, 24))
    expected[:, 10:12, 8:10], expected[:, 10:12, 17:19] = 4, 2
    np.testing.assert_allclose(found.signed, expected)
    assert found.diffusion_index == diffusion_index(expected.sum(0) / expected.sum(0).max())
    again = GradientMap.from_dict(json.loads(json.dumps(found.to_dict())))
    np.testing.assert_array_equal(again.map, found.map)
    assert again.field == found.field


def test_integrated_gradients_of_a_linear_network_are_the_product_of_weights_and_image() -> None:
    lr = picture()
    settings = method_settings("integrated-black", SETTINGS)
    signed = attribute(coupled((0.5, 0, -9)), lr, WINDOW, settings).signed
    expected = plain_gradient(coupled((0.5, 0, -9)), lr, WINDOW, SETTINGS).signed * lr.transpose(2, 0, 1) / 255
    np.testing.assert_allclose(signed, expected, atol=1e-12)


def test_a_plain_gradient_of_nothing_is_an_error() -> None:
    class Flat(nn.Module):
        def forward(self, x):
            return nn.functional.interpolate(x * 0, scale_factor=2)

    with pytest.raises(ZeroMapError, match="no gradient at the image"):
        plain_gradient(SuperResolver(Flat(), 2), picture(), WINDOW, SETTINGS)


def test_on_a_line_a_linear_network_does_not_saturate() -> None:
    found = saturation(coupled(), picture(), WINDOW, method_settings("integrated-black", SETTINGS), points=11)
    np.testing.assert_allclose(found.detector, found.alphas * found.detector[-1], atol=1e-12)
    np.testing.assert_allclose(found.integral, found.detector, atol=1e-12)
    np.testing.assert_allclose(found.gradient, found.gradient[0])
    assert found.half_way == pytest.approx(0.5)


def test_a_saturating_network_has_made_its_output_before_the_gradient_is_looked_at() -> None:
    lr = np.full((24, 24, 3), 204, np.uint8)
    settings = method_settings("integrated-black", SETTINGS)
    found = saturation(SuperResolver(Saturating(), 2), lr, WINDOW, settings, points=201)
    np.testing.assert_allclose(found.detector, 48 * np.tanh(8 * 0.8 * found.alphas))
    np.testing.assert_allclose(found.integral, found.detector, rtol=1e-3)
    assert found.gradient[-1] < 1e-4 * found.gradient[0]
    # tanh(6.4 α) = ½·tanh(6.4)
    assert found.half_way == pytest.approx(np.arctanh(np.tanh(6.4) / 2) / 6.4, abs=1e-3)


def test_a_curve_is_stored_as_it_is_and_reports() -> None:
    seen: list[float] = []
    found = saturation(coupled(), picture(), WINDOW, SETTINGS, points=4, report=seen.append)
    again = Saturation.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again.to_dict() == found.to_dict()
    assert seen == [0.25, 0.5, 0.75, 1]
    assert Saturation(*(np.zeros(3),) * 4).half_way is None
