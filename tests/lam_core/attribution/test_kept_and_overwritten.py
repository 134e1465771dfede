"""Networks that keep values with a graph from their construction, or write over values that their way back needs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lam_core import AttributionSettings, Region, SuperResolver, attribute
from tests.reference_rule import reference_lam

IMAGE = np.random.default_rng(0).integers(0, 256, (14, 16, 3), dtype=np.uint8)
REGION = Region(8, 10, 6)


class Folded(nn.Module):
    """Its kernel was computed from its weights when it was built, as reparametrised and pruned networks do."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 12, 3, padding=1)
        self.kernels = [self.first.weight * self.first.weight.sigmoid()]

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(self.last(F.conv2d(x, self.kernels[0], padding=1).tanh()), 2)


class Framed(nn.Module):
    """A frame of constants is written around its features, and then over what multiplied them."""

    def __init__(self, *, in_place: bool = True) -> None:
        super().__init__()
        self.in_place = in_place
        self.first, self.last = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 12, 3)

    def forward(self, x: Tensor) -> Tensor:
        y, frame = self.first(x), self.first.bias.view(1, -1, 1, 1)
        inside = F.pad(torch.ones_like(y), (1, 1, 1, 1))
        y = F.pad(y, (1, 1, 1, 1))
        if not self.in_place:
            y = y * inside + frame * (1 - inside)
            gate = y.sigmoid()
            return F.pixel_shuffle(self.last(gate * y + 2 * gate), 2)
        y[:, :, 0:1, :] = y[:, :, -1:, :] = frame
        y[:, :, :, 0:1] = y[:, :, :, -1:] = frame
        gate = y.sigmoid()
        product = gate * y
        return F.pixel_shuffle(self.last(product + gate.mul_(2)), 2)


def of_seed(kind: type[nn.Module], **options: bool) -> nn.Module:
    torch.manual_seed(0)
    return kind(**options)


@pytest.mark.parametrize("rule", ["reference", "default"])
@pytest.mark.parametrize(
    ("network", "plain"),
    [
        (of_seed(Folded), of_seed(Folded)),
        (of_seed(Framed), of_seed(Framed, in_place=False)),
    ],
    ids=["kept", "overwritten"],
)
def test_the_map_is_that_of_plain_autograd(network: nn.Module, plain: nn.Module, rule: str) -> None:
    def run(x: Tensor) -> Tensor:
        if isinstance(plain, Folded):
            plain.kernels = [plain.first.weight * plain.first.weight.sigmoid()]
        return plain(x)

    plain.double()
    expected = reference_lam(run, IMAGE / 255, REGION.x, REGION.y, REGION.size)
    settings = AttributionSettings(rule=rule, nodes=50, tolerance=0)
    found = attribute(SuperResolver(network, 2), IMAGE, REGION, settings)
    difference = np.abs(found.signed - expected).max() / np.abs(expected).max()
    assert difference < (1e-4 if rule == "reference" else 0.02)
