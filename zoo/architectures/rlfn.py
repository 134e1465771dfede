"""RLFN: Kong et al., "Residual Local Feature Network for Efficient Super-Resolution", CVPR Workshops 2022.

Key names of the authors' code: `conv_1, block_1 … block_n, conv_2, upsampler`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, count, either_range, has_keys
from zoo.architectures.layers import conv3


class SpatialAttention(nn.Module):
    """ESA with one convolution behind its maximum instead of RFDN's three (section 3.2)."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, hidden, 1)
        self.conv_f = nn.Conv2d(hidden, hidden, 1)
        self.conv2 = nn.Conv2d(hidden, hidden, 3, stride=2)
        self.conv3 = conv3(hidden, hidden)
        self.conv4 = nn.Conv2d(hidden, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        narrow = self.conv1(x)
        small = self.conv3(F.max_pool2d(self.conv2(narrow), 7, stride=3))
        wide = F.interpolate(small, x.shape[-2:], mode="bilinear", align_corners=False)
        return x * torch.sigmoid(self.conv4(wide + self.conv_f(narrow)))


class ResidualLocalFeatureBlock(nn.Module):
    """Three convolutions with leaky ReLU added to the input, a 1×1 convolution and spatial attention (RLFB)."""

    def __init__(self, channels: int, hidden: int, attention: int) -> None:
        super().__init__()
        self.c1_r = conv3(channels, hidden)
        self.c2_r = conv3(hidden, hidden)
        self.c3_r = conv3(hidden, channels)
        self.c5 = nn.Conv2d(channels, channels, 1)
        self.esa = SpatialAttention(channels, attention)

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for layer in (self.c1_r, self.c2_r, self.c3_r):
            y = F.leaky_relu(layer(y), 0.05)
        return self.esa(self.c5(y + x))


class RLFN(nn.Module):
    """`blocks` local feature blocks in a row under one skip connection, and one pixel shuffle."""

    def __init__(self, *, channels: int, blocks: int, scale: int, hidden: int = 0, attention: int = 16) -> None:
        """`hidden` channels lie within a block, as many as outside where it is zero."""
        super().__init__()
        self.conv_1 = conv3(3, channels)
        self.names = [f"block_{i + 1}" for i in range(blocks)]
        for name in self.names:
            self.add_module(name, ResidualLocalFeatureBlock(channels, hidden or channels, attention))
        self.conv_2 = conv3(channels, channels)
        self.upsampler = nn.Sequential(conv3(channels, 3 * scale**2), nn.PixelShuffle(scale))

    def forward(self, x: Tensor) -> Tensor:
        features = y = self.conv_1(x)
        for name in self.names:
            y = getattr(self, name)(y)
        return self.upsampler(self.conv_2(y) + features)


def infer(state: StateDict) -> Hyperparameters:
    return {
        "channels": state["conv_1.weight"].shape[0],
        "blocks": count(state, r"block_(\d+)\.c1_r\.weight"),
        "scale": round((state["upsampler.0.weight"].shape[0] / 3) ** 0.5),
        "hidden": state["block_1.c1_r.weight"].shape[0],
        "attention": state["block_1.esa.conv1.weight"].shape[0],
    }


ARCHITECTURE = Architecture(
    id="rlfn",
    name="RLFN",
    build=RLFN,
    detect=has_keys("conv_1.weight", "block_1.c1_r.weight", "block_1.esa.conv1.weight", "conv_2.weight"),
    infer=infer,
    readings=either_range,
    # The stride-two convolution must leave the 7×7 maximum a full window.
    minimum_size=15,
)
"""Weights do not tell the range."""
