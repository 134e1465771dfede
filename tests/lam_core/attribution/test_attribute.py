"""The verb on networks small enough to know the answer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from lam_core import AttributionSettings, Region, SuperResolver, attribute
from lam_core.attribution.attribute import Progress, ZeroMapError
from lam_core.attribution.gradients import NotDifferentiableError
from lam_core.attribution.path import path_of
from lam_core.attribution.result import Attribution
from lam_core.attribution.settings import SettingsError
from lam_core.diagnosis import NetworkFailedError, NonFiniteMapError
from lam_core.images import ImageShapeError
from lam_core.model import ModelOutputError
from lam_core.region import RegionError

NEAREST = SuperResolver(nn.Upsample(scale_factor=2), 2, name="nearest")


def picture(height: int = 20, width: int = 24) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("rule", ["default", "reference"])
def test_brightness_of_enlarged_pixels_is_owed_to_those_pixels(rule) -> None:
    lr = picture()
    settings = AttributionSettings(rule=rule, detector="intensity", dtype="float64")
    result = attribute(NEAREST, lr, Region(8, 6, 4), settings)
    image = lr / 255
    change = image - path_of(image, settings)(0)
    expected = np.zeros((3, 20, 24))
    expected[:, 3:5, 4:6] = 4 * change[3:5, 4:6].transpose(2, 0, 1)
    np.testing.assert_allclose(result.signed, expected, atol=2e-5 if rule == "reference" else 1e-12)
    assert result.completeness_error < 1e-4
    assert result.map_error < 1e-6


def test_only_what_the_window_reads_is_marked() -> None:
    result = attribute(NEAREST, picture(), Region(8, 6, 4), AttributionSettings())
    marked = np.argwhere(result.map > 0)
    assert marked.min(0).tolist() == [3, 4]
    assert marked.max(0).tolist() == [5, 6]


def test_the_field_is_a_crop_and_its_map_that_of_the_crop() -> None:
    lr = picture(100, 120)
    far = attribute(NEAREST, lr, Region(160, 100, 8), AttributionSettings(field=32))
    assert (far.field.x, far.field.y, far.field.width, far.field.height) == (66, 36, 32, 32)
    crop = attribute(NEAREST, lr[36:68, 66:98], Region(160 - 132, 100 - 72, 8), AttributionSettings(field="full"))
    np.testing.assert_array_equal(far.signed, crop.signed)
    assert far.sr.shape == (64, 64, 3)


def test_progress_previews_and_ends() -> None:
    seen: list[Progress] = []
    attribute(NEAREST, picture(), Region(8, 6, 4), AttributionSettings(tolerance=0, nodes=12), on_progress=seen.append)
    assert [p.nodes for p in seen] == [5, 7, 9, 11]
    assert seen[0].signed.shape == (3, 20, 24)


def test_a_result_survives_summary_and_arrays() -> None:
    result = attribute(NEAREST, picture(), Region(8, 6, 4))
    again = Attribution.restore(result.summary(), result.arrays())
    assert again.summary() == result.summary()
    np.testing.assert_array_equal(again.signed, result.signed)


def test_a_frozen_model_is_left_as_it_was() -> None:
    model = SuperResolver(nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2)), 2)
    attribute(model, picture(), Region(8, 6, 4), AttributionSettings(dtype="float64", nodes=9))
    weight = next(model.module.parameters())
    assert weight.dtype == torch.float32
    assert weight.grad is None


@pytest.mark.parametrize(
    ("network", "image", "error", "says"),
    [
        (nn.Upsample(scale_factor=2), np.full((20, 20, 3), 7, np.uint8), ZeroMapError, "one flat colour"),
        (nn.Upsample(scale_factor=3), picture(), ModelOutputError, "its scale is 3: give that"),
    ],
)
def test_what_cannot_be_attributed_says_why(network, image, error, says) -> None:
    with pytest.raises(error, match=says):
        attribute(SuperResolver(network, 2), image, Region(8, 6, 4))


def test_a_network_that_ignores_its_input_says_so() -> None:
    class Constant(nn.Module):
        def forward(self, x):
            return nn.functional.interpolate(x, scale_factor=2) * 0 + 0.5

    with pytest.raises(ZeroMapError, match="does not depend on its input"):
        attribute(SuperResolver(Constant(), 2), picture(), Region(8, 6, 4))


def test_nan_is_an_error_not_a_black_square() -> None:
    class Broken(nn.Module):
        def forward(self, x):
            return nn.functional.interpolate(x, scale_factor=2) / 0

    with pytest.raises(NonFiniteMapError, match="input range"):
        attribute(SuperResolver(Broken(), 2, name="broken"), picture(), Region(8, 6, 4))


@pytest.mark.parametrize("rule", ["default", "reference"])
def test_a_network_without_gradient_is_named(rule) -> None:
    class Cut(nn.Module):
        def forward(self, x):
            return torch.from_numpy(x.detach().numpy().repeat(2, -1).repeat(2, -2))

    with pytest.raises(NotDifferentiableError, match="cut gives a picture without gradient"):
        attribute(SuperResolver(Cut(), 2, name="cut"), picture(), Region(8, 6, 4), AttributionSettings(rule=rule))


@pytest.mark.parametrize("rule", ["default", "reference"])
def test_a_network_that_raises_is_named_with_its_reason(rule) -> None:
    class Particular(nn.Module):
        def forward(self, x):
            raise ValueError("sides must be multiples of 7")

    with pytest.raises(
        NetworkFailedError, match=r"particular failed on an image of 24×20 pixels: ValueError: sides must"
    ):
        attribute(
            SuperResolver(Particular(), 2, name="particular"),
            picture(),
            Region(8, 6, 4),
            AttributionSettings(rule=rule),
        )


@pytest.mark.parametrize(
    ("region", "says"),
    [((44, 6, 8), "x may be at most 40"), ((0, 0, 41), "larger than the 48×40 picture"), ((-1, 0, 4), "0 or more")],
)
def test_a_window_outside_is_refused_with_the_remedy(region, says) -> None:
    with pytest.raises(RegionError, match=says):
        attribute(NEAREST, picture(), Region(*region))


@pytest.mark.parametrize("size", [0, -3, 1.5, "4", True])
def test_a_window_needs_a_size(size) -> None:
    with pytest.raises(RegionError):
        Region(0, 0, size)


@pytest.mark.parametrize("image", [np.zeros((8, 8)), np.zeros((8, 8, 3)), np.zeros((8, 8, 4), np.uint8)])
def test_an_image_is_rgb_bytes(image) -> None:
    with pytest.raises(ImageShapeError, match="uint8"):
        attribute(NEAREST, image, Region(0, 0, 4))


@pytest.mark.parametrize(
    "wrong",
    [{"nodes": 1}, {"tolerance": 1.5}, {"sigma": 0}, {"kernel": 8}, {"field": 4},
     {"rule": "reference", "path": "linear-black"}],
)  # fmt: skip
def test_settings_that_give_no_map_are_refused(wrong) -> None:
    with pytest.raises(SettingsError, match=next(reversed(wrong))):
        AttributionSettings(**wrong)


def test_a_corner_pixel_holds_no_gradient() -> None:
    with pytest.raises(SettingsError, match="enlarge the window"):
        attribute(NEAREST, picture(), Region(47, 39, 1))


@pytest.mark.parametrize("detector", ["gradient", "intensity", "gabor"])
@pytest.mark.parametrize("path", ["blur", "linear-blur", "linear-black"])
def test_every_detector_and_path_is_complete(detector, path) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.Tanh(), nn.PixelShuffle(2))
    settings = AttributionSettings(detector=detector, path=path, tolerance=0, nodes=60, dtype="float64")
    result = attribute(SuperResolver(network, 2), picture(), Region(10, 10, 12), settings)
    assert result.completeness_error < 0.02


@pytest.mark.parametrize("value", range(1, 255, 23))
def test_rounding_is_not_a_map(value: int) -> None:
    with pytest.raises(ZeroMapError):
        attribute(NEAREST, np.full((21, 23, 3), value, np.uint8), Region(8, 6, 4), AttributionSettings(nodes=9))
