"""Receptive fields and sizes that can be counted."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lam_core import SuperResolver
from lam_core.attribution.checks.network_size import Anatomy, ReceptiveField
from lam_core.attribution.checks.receptive_field import anatomy, receptive_field


def convolutions(*sides: int, channels: int = 4) -> nn.Sequential:
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    inputs = 3
    for side in sides:
        layers += [nn.Conv2d(inputs, channels, side, padding=side // 2), nn.ReLU()]
        inputs = channels
    return nn.Sequential(*layers, nn.Conv2d(inputs, 12, 1), nn.PixelShuffle(2))


class Pooled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = convolutions(3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.inner(x)
        return y * y.mean((2, 3), keepdim=True)


@pytest.mark.parametrize(("sides", "expected"), [((3,), 3), ((5, 3, 3), 9), ((3,) * 6, 13)])
def test_convolutions_add_up(sides: tuple[int, ...], expected: int) -> None:
    model = SuperResolver(convolutions(*sides), 2)
    assert receptive_field(model) == ReceptiveField(expected, expected)
    assert model.dtype == torch.float32


def test_each_axis_is_probed_by_itself() -> None:
    wide = nn.Sequential(nn.Conv2d(3, 12, (3, 9), padding=(1, 4)), nn.PixelShuffle(2))
    assert receptive_field(SuperResolver(wide, 2)).text == "9×3"


def test_a_far_look_is_found_on_a_longer_strip() -> None:
    far = nn.Sequential(nn.Conv2d(3, 12, (1, 3), padding=(0, 45), dilation=45), nn.PixelShuffle(2))
    assert receptive_field(SuperResolver(far, 2)) == ReceptiveField(1, 91)


def test_global_pooling_sees_everything() -> None:
    found = receptive_field(SuperResolver(Pooled(), 2))
    assert found.is_global
    assert found.text == "global"
    assert found.to_dict() == {"height": None, "width": None}


def test_depth_is_the_longest_way_and_width_the_commonest() -> None:
    network = convolutions(3, 3, 3, channels=8)
    weights = 8 * 27 + 8 + 2 * (8 * 72 + 8) + 12 * 8 + 12
    assert anatomy(SuperResolver(network, 2)) == Anatomy(depth=4, width=8, parameters=weights)


def test_branches_do_not_add_up_and_mean_shifts_do_not_count() -> None:
    class Branched(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.sub_mean = nn.Conv2d(3, 3, 1)
            self.head, self.left, self.right = (nn.Conv2d(*c, 3, padding=1) for c in ((3, 6), (6, 6), (6, 6)))
            self.tail = nn.Conv2d(6, 12, 3, padding=1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.head(self.sub_mean(x))
            return nn.functional.pixel_shuffle(self.tail(self.left(x) + self.right(x)), 2)

    found = anatomy(SuperResolver(Branched(), 2))
    assert (found.depth, found.width) == (3, 6)


def test_linear_layers_count() -> None:
    class PerPixel(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(3, 16), nn.Linear(16, 12, bias=False)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.second(self.first(x.permute(0, 2, 3, 1)).relu())
            return nn.functional.pixel_shuffle(y.permute(0, 3, 1, 2), 2)

    found = anatomy(SuperResolver(PerPixel(), 2))
    assert (found.depth, found.width) == (2, 16)
