"""Tensors are attributed as images are, for any network, target, window and number of channels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lam_core import AttributionSettings, Region, SuperResolver, attribute
from lam_core.attribution.attribute import ZeroMapError
from lam_core.attribution.gradients import NotDifferentiableError
from lam_core.attribution.path import path_of
from lam_core.attribution.tensor import TensorError, Window, attribute_tensor
from lam_core.coordinates import CoordinateError, CoordinateNetwork
from lam_core.diagnosis import NonFiniteMapError
from tests.lam_core.networks import Coordinates, DefaultLevel, Enlarging

EXACT = AttributionSettings(tolerance=0, nodes=33)


def batch(channels: int = 3, *, images: int = 2) -> torch.Tensor:
    return torch.rand(images, channels, 20, 24, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_of_a_linear_target_the_map_is_known() -> None:
    x = batch(1)
    result = attribute_tensor(lambda t: 3 * t, x, lambda y: y.sum((1, 2, 3)), window=Window(4, 5, 7, 3))
    for image, signed in zip(x.numpy(), result.signed.numpy(), strict=True):
        change = image[0] - path_of(image.transpose(1, 2, 0), result.settings)(0)[..., 0]
        expected = np.zeros((20, 24))
        expected[5:8, 4:11] = 3 * change[5:8, 4:11]
        np.testing.assert_allclose(signed[0], expected, atol=1e-12)
    assert result.maps.shape == (2, 20, 24)
    assert result.completeness_error.max() < 1e-9


@pytest.mark.parametrize("rule", ["default", "reference"])
def test_it_is_the_map_of_attribute(rule) -> None:
    image = np.random.default_rng(0).integers(0, 256, (20, 24, 3), dtype=np.uint8)
    settings = AttributionSettings(rule=rule, nodes=33, tolerance=0, dtype="float64", field="full")
    model = SuperResolver(Enlarging(), 2)
    known = attribute(model, image, Region(8, 10, 8), settings)
    x = torch.from_numpy(image.transpose(2, 0, 1)[None] / 255)
    # The gradient detector reads one row and one column more than the window.
    found = attribute_tensor(model.to(dtype=torch.float64), x, window=Window(8, 10, 9, 9), settings=settings)
    np.testing.assert_allclose(found.signed[0].numpy(), known.signed, atol=0.02 * np.abs(known.signed).max())
    assert found.diffusion_index[0] == pytest.approx(known.diffusion_index, rel=0.02)


@pytest.mark.parametrize("scale", [4, 2.5])
def test_a_network_asked_at_coordinates_at_whole_and_fractional_scales(scale) -> None:
    network, x = CoordinateNetwork(Coordinates(), scale, at_once=100), batch(images=1)
    expected = F.interpolate(x, size=(round(20 * scale), round(24 * scale)), mode="bilinear", align_corners=False)
    torch.testing.assert_close(network(x), expected)
    result = attribute_tensor(network, x, window=Window(11, 13, 9, 5), settings=EXACT)
    rows, _ = np.nonzero(result.maps[0].numpy())
    assert (rows.min(), rows.max()) == (int(13 / scale - 0.5), int(17.5 / scale + 0.5))
    assert result.completeness_error.max() < 0.01
    with pytest.raises(CoordinateError, match="scale is 'x'"):
        CoordinateNetwork(Coordinates(), "x")  # type: ignore[arg-type]


def test_the_network_is_left_as_it_was() -> None:
    network = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5), nn.ReLU()).double()
    network[2].eval()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    one, other = (attribute_tensor(network, batch(2), lambda y: y.square().mean((1, 2, 3))) for _ in range(2))
    torch.testing.assert_close(one.signed, other.signed, rtol=0, atol=0)
    assert [part.training for part in network] == [True, True, False, True]
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in network.parameters())


def test_conditions_are_keywords() -> None:
    network = DefaultLevel().double()
    maps = [
        attribute_tensor(network, batch(), lambda y: y.square().sum((1, 2, 3)), condition=condition).signed
        for condition in ({"sigma": 15.0}, None, {"sigma": 250.0})
    ]
    torch.testing.assert_close(maps[0], maps[1])
    assert not torch.allclose(maps[1], maps[2])


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"x": torch.rand(3, 8, 8)}, TensorError, r"give a batch \[B, C, h, w\]"),
        ({"x": torch.zeros(1, 3, 8, 8, dtype=torch.uint8)}, TensorError, "float32 or float64"),
        ({"window": Window(20, 0, 9, 9)}, TensorError, "leaves the output of 24×20"),
        ({"target": lambda y: y}, TensorError, "one number of each"),
        ({"target": lambda y: y.detach().sum()}, NotDifferentiableError, "has no gradient"),
        ({"target": lambda y: (y.sum() - y.sum()).sqrt()}, NonFiniteMapError, "roots of zero"),
        ({"x": torch.full((1, 3, 20, 24), 0.5)}, ZeroMapError, "the map is zero"),
        ({"network": lambda x: [x]}, TensorError, "gave a list"),
    ],
)
def test_what_cannot_be_attributed_says_why(arguments, error, says) -> None:
    with pytest.raises(error, match=says):
        attribute_tensor(**{"network": lambda x: x * 1, "x": batch(), **arguments})


@pytest.mark.parametrize("values", [(0, 0, 0, 4), (-1, 0, 4, 4), (0, 0, 4.0, 4)])
def test_a_window_is_whole_and_holds_something(values) -> None:
    with pytest.raises(TensorError, match="window is"):
        Window(*values)
