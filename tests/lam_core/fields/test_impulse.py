"""Responses to an impulse of networks whose response is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from lam_core import SuperResolver
from lam_core.fields.impulse import impulse_response
from lam_core.fields.result import Impulse, ImpulseError


class Squaring(nn.Module):
    """x + x² enlarged ×2 by repetition."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.interpolate(x + x**2, scale_factor=2)


def test_a_linear_network_has_no_rest() -> None:
    torch.manual_seed(0)
    body = nn.Conv2d(3, 3, 3, padding=1, bias=False)
    found = impulse_response(SuperResolver(body, 1), Impulse(side=9))
    # A white impulse: the kernel summed over input channels, its mean over output channels, turned by 180°.
    kernel = body.weight.detach().double().sum(1).mean(0).numpy()[::-1, ::-1]
    np.testing.assert_allclose(found.response[3:6, 3:6], kernel, atol=1e-7)
    assert found.nonlinearity < 1e-8
    assert found.gain == pytest.approx(kernel.sum(), abs=1e-7)


def test_a_square_is_split_into_slope_and_curvature() -> None:
    found = impulse_response(SuperResolver(Squaring(), 2), Impulse(side=5, level=0.5, amplitude=0.25))
    # (0.75 + 0.75² − 0.5 − 0.5²) / 0.25 = 2.25; the slope 1 + 2 · 0.5 = 2; the rest is a.
    on = (slice(4, 6), slice(4, 6))
    np.testing.assert_allclose(found.response[on], 2.25)
    np.testing.assert_allclose(found.linear[on], 2.0)
    np.testing.assert_allclose(found.rest[on], 0.25)
    assert found.nonlinearity == pytest.approx(0.25 / 2.25)
    np.testing.assert_allclose(found.profile(found.response), [0, 0, 0, 0, 2.25, 2.25, 0, 0, 0, 0], atol=1e-9)


def test_bicubic_keeps_brightness_and_has_its_lobes() -> None:
    found = impulse_response(SuperResolver(Squaring(), 2), Impulse(side=9))
    assert found.bicubic.sum() / 4 == pytest.approx(1, abs=1e-6)
    assert found.bicubic.min() < 0 < found.bicubic.max()


@pytest.mark.parametrize("asked", [{"side": 8}, {"amplitude": 0.6}, {"level": -0.1}, {"amplitude": 0.0}])
def test_impulses_that_no_image_holds_are_refused(asked) -> None:
    with pytest.raises(ImpulseError, match="choose"):
        Impulse(**asked)
