"""RRDBNet in a compact form: Wang et al., "ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks".

ECCV Workshops 2018. The trunk is the paper's: residual-in-residual dense blocks, key names of BasicSR's later
versions. Behind it one convolution and one pixel shuffle stand in the place of two enlargements and two convolutions
on the enlarged plane. The published network is spandrel's `ESRGAN`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, count
from zoo.architectures.layers import conv3

RESIDUAL_SCALE = 0.2
"""By which a block's output is scaled before it is added to its input."""


class DenseBlock(nn.Module):
    """Five convolutions, each of which sees the input and all outputs before it."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        for i in range(1, 5):
            self.add_module(f"conv{i}", conv3(channels + (i - 1) * growth, growth))
        self.conv5 = conv3(channels + 4 * growth, channels)

    def forward(self, x: Tensor) -> Tensor:
        joined = x
        for i in range(1, 5):
            joined = torch.cat([joined, F.leaky_relu(getattr(self, f"conv{i}")(joined), 0.2)], 1)
        return x + RESIDUAL_SCALE * self.conv5(joined)


class ResidualInResidual(nn.Module):
    """Three dense blocks under a skip connection (RRDB)."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        for i in (1, 2, 3):
            self.add_module(f"rdb{i}", DenseBlock(channels, growth))

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for i in (1, 2, 3):
            y = getattr(self, f"rdb{i}")(y)
        return x + RESIDUAL_SCALE * y


class RRDBNet(nn.Module):
    """`blocks` residual-in-residual blocks under one skip connection, and one pixel shuffle."""

    def __init__(self, *, channels: int, growth: int, blocks: int, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.conv_first = conv3(3, channels)
        self.body = nn.Sequential(*(ResidualInResidual(channels, growth) for _ in range(blocks)))
        self.conv_body = conv3(channels, channels)
        self.conv_last = conv3(channels, 3 * scale**2)

    def forward(self, x: Tensor) -> Tensor:
        features = self.conv_first(x)
        return F.pixel_shuffle(self.conv_last(features + self.conv_body(self.body(features))), self.scale)


def detect(state: StateDict) -> bool:
    needed = ("conv_first", "body.0.rdb1.conv5", "conv_body", "conv_last")
    # The published form enlarges before its last convolution, which then makes three channels.
    return all(f"{name}.weight" in state for name in needed) and state["conv_last.weight"].shape[0] > 3


def infer(state: StateDict) -> Hyperparameters:
    return {
        "channels": state["conv_first.weight"].shape[0],
        "growth": state["body.0.rdb1.conv1.weight"].shape[0],
        "blocks": count(state, r"body\.(\d+)\.rdb1\.conv1\.weight"),
        "scale": round((state["conv_last.weight"].shape[0] / 3) ** 0.5),
    }


ARCHITECTURE = Architecture(
    id="rrdbnet-direct",
    name="RRDBNet",
    build=RRDBNet,
    detect=detect,
    infer=infer,
)
