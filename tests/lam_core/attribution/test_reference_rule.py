"""The reference rule against a plain implementation that shares no code with it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from lam_core import AttributionSettings, Region, SuperResolver, attribute
from tests.reference_rule import reference_display, reference_index, reference_lam

EXACT = AttributionSettings(rule="reference", field="full", dtype="float64")


def small_network(seed: int = 0, scale: int = 2) -> nn.Module:
    """Convolutions, a ReLU, a global pooling and a pixel shuffle: everything a network of the study has."""
    torch.manual_seed(seed)

    class Gate(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weigh = nn.Conv2d(8, 8, 1)

        def forward(self, x):
            return x * self.weigh(x.mean((2, 3), keepdim=True)).sigmoid()

    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.ReLU(),
        Gate(),
        nn.Conv2d(8, 3 * scale**2, 3, padding=1),
        nn.PixelShuffle(scale),
    )


def picture(height: int = 20, width: int = 24, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(("x", "y"), [(10, 12), (0, 0), (40, 32), (0, 32), (17, 3)])
def test_equals_the_plain_implementation_in_float64(x: int, y: int) -> None:
    network, lr = small_network().double(), picture()
    result = attribute(SuperResolver(network, 2), lr, Region(x, y, 8), EXACT)
    expected = reference_lam(network, lr / 255, x, y, 8)
    np.testing.assert_allclose(result.signed, expected, atol=1e-13 * np.abs(expected).max() * 10)
    np.testing.assert_allclose(result.map, reference_display(expected), atol=1e-12)
    assert result.diffusion_index == pytest.approx(reference_index(reference_display(expected)), abs=1e-10)
    assert result.nodes == 50


def test_float32_is_as_close_as_the_plain_implementation_is() -> None:
    network, lr = small_network(), picture(seed=3)
    settings = AttributionSettings(rule="reference", field="full")
    exact = reference_lam(small_network().double(), lr / 255, 11, 9, 16)
    plain = reference_lam(network, lr / 255, 11, 9, 16, dtype=torch.float32)
    ours = attribute(SuperResolver(network, 2), lr, Region(11, 9, 16), settings).signed
    assert np.abs(ours - exact).max() <= 3 * np.abs(plain - exact).max()


def test_the_network_is_given_the_layout_of_the_published_code() -> None:
    """In another layout sums run in another order: on IMDN, float32 maps were then four times as far off."""

    class Watching(nn.Upsample):
        def forward(self, x):
            if not x.is_contiguous():
                raise ValueError("in another layout")
            return super().forward(x)

    lr, settings = picture(), AttributionSettings(rule="reference", field="full")
    attribute(SuperResolver(Watching(scale_factor=2), 2), lr, Region(2, 2, 16), settings)


def test_a_flat_pixel_in_the_picture_makes_no_hole() -> None:
    lr = picture()
    lr[:8, :8] = 128
    result = attribute(SuperResolver(nn.Upsample(scale_factor=2), 2), lr, Region(2, 2, 16), EXACT)
    assert np.isfinite(result.signed).all()
