"""DRLN: Anwar and Barnes, "Densely Residual Laplacian Super-Resolution", TPAMI 2020.

Key names of the authors' code: `sub_mean.shifter, head, b1 … b20, c1 … c20, upsample.up, tail, add_mean.shifter`.
Balanced attention in place of Laplacian attention is a variant.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, has_keys
from zoo.architectures.carn import Body, Shifter, residual, upsampling
from zoo.architectures.layers import BalancedAttention, conv3

UNITS = (3, 3, 3, 3, 4, 4)
"""Blocks in each of the cascades that a medium skip connection spans."""


def widening(channels_in: int, channels_out: int, dilation: int) -> Body:
    """A dilated convolution of one pixel's channels."""
    return Body(nn.Conv2d(channels_in, channels_out, 3, padding=dilation, dilation=dilation), nn.ReLU(inplace=True))


class LaplacianAttention(nn.Module):
    """Scales channels by three dilated convolutions of their means (equation 9)."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.c1 = widening(channels, hidden, 3)
        self.c2 = widening(channels, hidden, 5)
        self.c3 = widening(channels, hidden, 7)
        self.c4 = Body(conv3(hidden * 3, channels), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean((2, 3), keepdim=True)
        return x * self.c4(torch.cat([self.c1(mean), self.c2(mean), self.c3(mean)], 1))


class DenseResidual(nn.Module):
    """Three residual blocks, each on all that came before it, compressed and attended to (DRLM)."""

    def __init__(self, channels: int, hidden: int, *, balanced: bool) -> None:
        super().__init__()
        self.r1 = residual(channels)
        self.r2 = residual(channels * 2)
        self.r3 = residual(channels * 4)
        self.g = Body(nn.Conv2d(channels * 8, channels, 1), nn.ReLU(inplace=True))
        self.ca = (BalancedAttention if balanced else LaplacianAttention)(channels, hidden)

    def forward(self, x: Tensor) -> Tensor:
        for layer in (self.r1, self.r2, self.r3):
            x = torch.cat([x, layer(x)], 1)
        return self.ca(self.g(x))


class DRLN(nn.Module):
    """Six cascades of densely residual blocks under medium skip connections, all under a long one."""

    def __init__(self, *, channels: int, scale: int, hidden: int, balanced: bool = False) -> None:
        super().__init__()
        self.sub_mean = Shifter(-1)
        self.add_mean = Shifter(1)
        self.head = conv3(3, channels)
        number = 0
        for blocks in UNITS:
            for i in range(blocks):
                number += 1
                self.add_module(f"b{number}", DenseResidual(channels, hidden, balanced=balanced))
                self.add_module(f"c{number}", Body(conv3(channels * (i + 2), channels), nn.ReLU(inplace=True)))
        self.upsample = nn.Sequential()
        self.upsample.add_module("up", upsampling(channels, scale, 1))
        self.tail = conv3(channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        first = skip = last = self.head(self.sub_mean(x))
        number = 0
        for unit, blocks in enumerate(UNITS):
            joined, source = last, skip
            for i in range(blocks):
                number += 1
                joined = torch.cat([joined, getattr(self, f"b{number}")(source)], 1)
                last = getattr(self, f"c{number}")(joined)
                # In the published code the second cascade's second block sees what its first one saw.
                source = skip if (unit, i) == (1, 0) else last
            skip = skip + last
        return self.add_mean(self.tail(self.upsample(skip + first)))


def infer(state: StateDict) -> Hyperparameters:
    balanced = "b1.ca.ca.fc1.weight" in state
    second = "upsample.up.body.3.weight" in state
    channels = state["head.weight"].shape[0]
    first = state["upsample.up.body.0.weight"].shape[0] // channels
    return {
        "channels": channels,
        "scale": 3 if first == 9 else 4 if second else 2,
        "hidden": state["b1.ca.ca.fc1.weight" if balanced else "b1.ca.c1.body.0.weight"].shape[0],
        "balanced": balanced,
    }


ARCHITECTURE = Architecture(
    id="drln",
    name="DRLN",
    build=DRLN,
    detect=has_keys("head.weight", "b20.r3.body.0.weight", "c20.body.0.weight", "tail.weight"),
    infer=infer,
)
