"""D and its gradient at points: what one point gives, and how many are computed at once."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from lam_core import AttributionSettings, Region, SuperResolver
from lam_core.attribution.detectors import Detector
from lam_core.attribution.gradients import Gradients, in_precision
from lam_core.attribution.settings import SettingsError


def model() -> SuperResolver:
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 12, 3, padding=1), nn.PixelShuffle(2)
    return SuperResolver(nn.Sequential(*layers).double(), 2)


POINTS = list(np.random.default_rng(0).random((7, 10, 12, 3)))


@pytest.mark.parametrize("name", ["gradient", "intensity", "gabor"])
@pytest.mark.parametrize("region", [Region(6, 4, 8), Region(16, 12, 8)], ids=["inside", "at the border"])
def test_slope_of_every_detector_is_that_of_autograd(name: str, region: Region) -> None:
    detector = Detector(name, region, 20, 24)
    sides = (stop - start for start, stop in (detector.rows, detector.columns))
    window = torch.rand(2, 3, *sides, dtype=torch.float64, requires_grad=True)
    values = detector(window)
    (expected,) = torch.autograd.grad(values.sum(), window)
    found, slope = detector.with_slope(window.detach())
    torch.testing.assert_close(found, values.detach(), rtol=1e-12, atol=0)
    torch.testing.assert_close(slope, expected, rtol=1e-10, atol=1e-12)


def test_cropped_and_whole_give_the_same() -> None:
    detector = Detector("gradient", Region(6, 4, 8), 20, 24)
    cropped, whole = (Gradients(model(), detector, cropped=choice)(POINTS) for choice in (True, False))
    for (one, slope), (other, truth) in zip(cropped, whole, strict=True):
        assert one == pytest.approx(other, rel=1e-12)
        np.testing.assert_allclose(slope, truth, atol=1e-12)


def test_a_pass_that_is_small_takes_several_points_at_once() -> None:
    gradients = Gradients(model(), Detector("gradient", Region(6, 4, 8), 20, 24))
    expected = gradients(POINTS)
    assert gradients.at_once == 1
    assert gradients.plan(10, 12) == gradients.at_once == 9
    for (one, slope), (other, truth) in zip(gradients(POINTS), expected, strict=True):
        assert one == pytest.approx(other, rel=1e-12)
        np.testing.assert_allclose(slope, truth, atol=1e-12)


def test_out_of_memory_halves_the_batch_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    gradients = Gradients(model(), Detector("gradient", Region(6, 4, 8), 20, 24))
    expected = gradients(POINTS)
    compute, tried = gradients._pass, []

    def small(points):
        tried.append(len(points))
        if len(points) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return compute(points)

    monkeypatch.setattr(gradients, "_pass", small)
    gradients.at_once = 6
    found = gradients(POINTS)
    assert tried == [6, 3, 1, 1, 1, 1, 1, 1, 1]
    assert all(np.array_equal(one[1], other[1]) for one, other in zip(found, expected, strict=True))


def test_where_not_even_one_point_fits_the_error_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    gradients = Gradients(model(), Detector("gradient", Region(6, 4, 8), 20, 24))

    def full(points):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(gradients, "_pass", full)
    with pytest.raises(torch.OutOfMemoryError):
        gradients(POINTS)


def test_tf32_needs_a_gpu() -> None:
    with pytest.raises(SettingsError, match="choose float32"):
        in_precision(model(), AttributionSettings(dtype="tf32"))
