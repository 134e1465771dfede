"""RFDN: Liu, Tang and Wu, "Residual Feature Distillation Network for Lightweight Image Super-Resolution".

ECCV Workshops 2020. Key names of the authors' code: `fea_conv, B1 … Bn, c, LR_conv, upsampler`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.architecture import (
    Architecture,
    Hyperparameters,
    StateDict,
    count,
    either_range,
    has_keys,
)
from zoo.architectures.layers import conv3


class SpatialAttention(nn.Module):
    """A mask computed on a plane reduced by a stride of two and a 7×7 maximum of stride three (ESA)."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, hidden, 1)
        self.conv_f = nn.Conv2d(hidden, hidden, 1)
        self.conv_max = conv3(hidden, hidden)
        self.conv2 = nn.Conv2d(hidden, hidden, 3, stride=2)
        self.conv3 = conv3(hidden, hidden)
        self.conv3_ = conv3(hidden, hidden)
        self.conv4 = nn.Conv2d(hidden, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        narrow = self.conv1(x)
        small = F.relu(self.conv_max(F.max_pool2d(self.conv2(narrow), 7, stride=3)))
        small = self.conv3_(F.relu(self.conv3(small)))
        wide = F.interpolate(small, x.shape[-2:], mode="bilinear", align_corners=False)
        return x * torch.sigmoid(self.conv4(wide + self.conv_f(narrow)))


class ResidualFeatureDistillation(nn.Module):
    """Three shallow residual blocks, each beside a 1×1 convolution that keeps a part of its input."""

    def __init__(self, channels: int, distilled: int, attention: int) -> None:
        super().__init__()
        for i in (1, 2, 3):
            self.add_module(f"c{i}_d", nn.Conv2d(channels, distilled, 1))
            self.add_module(f"c{i}_r", conv3(channels, channels))
        self.c4 = conv3(channels, distilled)
        self.c5 = nn.Conv2d(distilled * 4, channels, 1)
        self.esa = SpatialAttention(channels, attention)

    def forward(self, x: Tensor) -> Tensor:
        kept = []
        for i in (1, 2, 3):
            kept.append(F.leaky_relu(getattr(self, f"c{i}_d")(x), 0.05))
            x = F.leaky_relu(getattr(self, f"c{i}_r")(x) + x, 0.05)
        kept.append(F.leaky_relu(self.c4(x), 0.05))
        return self.esa(self.c5(torch.cat(kept, 1)))


class RFDN(nn.Module):
    """`blocks` distillation blocks, all fused by a 1×1 convolution, and one pixel shuffle."""

    def __init__(self, *, channels: int, blocks: int, scale: int, distilled: int = 0, attention: int = 0) -> None:
        super().__init__()
        distilled, attention = distilled or channels // 2, attention or channels // 4
        self.fea_conv = conv3(3, channels)
        self.names = [f"B{i + 1}" for i in range(blocks)]
        for name in self.names:
            self.add_module(name, ResidualFeatureDistillation(channels, distilled, attention))
        self.c = nn.Sequential(nn.Conv2d(channels * blocks, channels, 1), nn.LeakyReLU(0.05))
        self.LR_conv = conv3(channels, channels)
        self.upsampler = nn.Sequential(conv3(channels, 3 * scale**2), nn.PixelShuffle(scale))

    def forward(self, x: Tensor) -> Tensor:
        features = block = self.fea_conv(x)
        outputs = []
        for name in self.names:
            block = getattr(self, name)(block)
            outputs.append(block)
        return self.upsampler(self.LR_conv(self.c(torch.cat(outputs, 1))) + features)


def infer(state: StateDict) -> Hyperparameters:
    return {
        "channels": state["fea_conv.weight"].shape[0],
        "blocks": count(state, r"B(\d+)\.c1_d\.weight"),
        "scale": round((state["upsampler.0.weight"].shape[0] / 3) ** 0.5),
        "distilled": state["B1.c1_d.weight"].shape[0],
        "attention": state["B1.esa.conv1.weight"].shape[0],
    }


ARCHITECTURE = Architecture(
    id="rfdn",
    name="RFDN",
    build=RFDN,
    detect=has_keys("fea_conv.weight", "B1.c1_d.weight", "B1.esa.conv_max.weight", "LR_conv.weight"),
    infer=infer,
    readings=either_range,
    # The stride-two convolution must leave the 7×7 maximum a full window.
    minimum_size=15,
)
"""Weights do not tell the range: the authors' own were trained on 0 to 255, many others on 0 to 1."""
