"""PAN: Zhao et al., "Efficient Image Super-Resolution Using Pixel Attention", ECCV Workshops 2020.

Key names of the authors' code: `conv_first, SCPA_trunk, trunk_conv, upconv1, att1, HRconv1, …, conv_last`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.architecture import (
    Architecture,
    Hyperparameters,
    Reading,
    StateDict,
    count,
    has_keys,
)
from zoo.architectures.layers import PixelAttention, conv3


class PixelAttentionConvolution(nn.Module):
    """A 3×3 convolution scaled by a sigmoid of a 1×1 convolution, then another 3×3 convolution (PAConv)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.k2 = nn.Conv2d(channels, channels, 1)
        self.k3 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.k4 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.k4(self.k3(x) * torch.sigmoid(self.k2(x)))


class SelfCalibratedPixelAttention(nn.Module):
    """Two half-width branches, one plain and one with pixel attention, joined and added to the input (SCPA)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.conv1_a = nn.Conv2d(channels, half, 1, bias=False)
        self.conv1_b = nn.Conv2d(channels, half, 1, bias=False)
        self.k1 = nn.Sequential(nn.Conv2d(half, half, 3, padding=1, bias=False))
        self.PAConv = PixelAttentionConvolution(half)
        self.conv3 = nn.Conv2d(2 * half, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        a = F.leaky_relu(self.k1(F.leaky_relu(self.conv1_a(x), 0.2)), 0.2)
        b = F.leaky_relu(self.PAConv(F.leaky_relu(self.conv1_b(x), 0.2)), 0.2)
        return self.conv3(torch.cat([a, b], 1)) + x


class PixelAttentionUpsampler(nn.Module):
    """The trunk's features enlarged by nearest neighbour and pixel attention, added to the bilinear picture.

    A base class: PAN and A2N differ in their trunks alone.
    """

    def __init__(self, *, channels: int, upsampling_channels: int, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.steps = [2, 2] if scale == 4 else [scale]
        self.conv_first = conv3(3, channels)
        self.trunk_conv = conv3(channels, channels)
        width = channels
        for i in range(1, len(self.steps) + 1):
            self.add_module(f"upconv{i}", conv3(width, upsampling_channels))
            self.add_module(f"att{i}", PixelAttention(upsampling_channels))
            self.add_module(f"HRconv{i}", conv3(upsampling_channels, upsampling_channels))
            width = upsampling_channels
        self.conv_last = conv3(upsampling_channels, 3)

    def trunk(self, x: Tensor) -> Tensor:
        """The features between first and last convolution of the trunk."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv_first(x)
        y = y + self.trunk_conv(self.trunk(y))
        for i, step in enumerate(self.steps, 1):
            y = getattr(self, f"upconv{i}")(F.interpolate(y, scale_factor=step, mode="nearest"))
            y = F.leaky_relu(getattr(self, f"att{i}")(y), 0.2)
            y = F.leaky_relu(getattr(self, f"HRconv{i}")(y), 0.2)
        enlarged = F.interpolate(x, scale_factor=self.scale, mode="bilinear", align_corners=False)
        return self.conv_last(y) + enlarged


class PAN(PixelAttentionUpsampler):
    """`blocks` self-calibrated blocks with pixel attention."""

    def __init__(self, *, channels: int, upsampling_channels: int, blocks: int, scale: int) -> None:
        super().__init__(channels=channels, upsampling_channels=upsampling_channels, scale=scale)
        self.SCPA_trunk = nn.Sequential(*(SelfCalibratedPixelAttention(channels) for _ in range(blocks)))

    def trunk(self, x: Tensor) -> Tensor:
        return self.SCPA_trunk(x)


def infer_upsampler(state: StateDict) -> Hyperparameters:
    """What a `PixelAttentionUpsampler` tells of itself: ×4 has a second step, ×2 and ×3 look alike."""
    return {
        "channels": state["conv_first.weight"].shape[0],
        "upsampling_channels": state["upconv1.weight"].shape[0],
        "scale": 4 if "upconv2.weight" in state else 2,
    }


def readings(state: StateDict) -> tuple[Reading, ...]:
    """×2 or ×3 where no second upsampling step says ×4."""
    if "upconv2.weight" in state:
        return ()
    return Reading(1.0, {"scale": 2}), Reading(1.0, {"scale": 3})


def infer(state: StateDict) -> Hyperparameters:
    return {**infer_upsampler(state), "blocks": count(state, r"SCPA_trunk\.(\d+)\.")}


ARCHITECTURE = Architecture(
    id="pan",
    name="PAN",
    build=PAN,
    detect=has_keys("conv_first.weight", "SCPA_trunk.0.PAConv.k2.weight", "att1.conv.weight"),
    infer=infer,
    readings=readings,
)
