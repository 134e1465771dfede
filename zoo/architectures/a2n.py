"""A2N: Chen, Gu and Zhang, "Attention in Attention Network for Image Super-Resolution", 2021 (arXiv 2104.09497).

Key names of the authors' code: PAN's, with `AAB_trunk` for the trunk. A2N-M has a 1×1 convolution in the branch
without attention.
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
    has_keys,
)
from zoo.architectures.pan import PixelAttentionUpsampler, infer_upsampler, readings

TEMPERATURE = 30
"""Divides the scores of the two branches before their softmax."""


class AttentionBranch(nn.Module):
    """A 3×3 convolution scaled by pixel attention that itself looks at 3×3 pixels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.k1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.k2 = nn.Conv2d(channels, channels, 1)
        self.k3 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.k4 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        mask = torch.sigmoid(self.k2(F.leaky_relu(self.k1(x), 0.2)))
        return self.k4(self.k3(x) * mask)


class AttentionInAttention(nn.Module):
    """Weighs a branch with attention against one without, by the means of the block's input (equation 4)."""

    def __init__(self, channels: int, hidden: int, kernel: int) -> None:
        super().__init__()
        self.conv_first = nn.Conv2d(channels, channels, 1, bias=False)
        self.conv_last = nn.Conv2d(channels, channels, 1, bias=False)
        self.ADM = nn.Sequential(
            nn.Linear(channels, hidden, bias=False), nn.ReLU(inplace=True), nn.Linear(hidden, 2, bias=False)
        )
        self.attention = AttentionBranch(channels)
        self.non_attention = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = F.leaky_relu(self.conv_first(x), 0.2)
        weights = torch.softmax(self.ADM(y.mean((2, 3))) / TEMPERATURE, dim=1)[..., None, None, None]
        y = self.attention(y) * weights[:, 0] + self.non_attention(y) * weights[:, 1]
        return self.conv_last(F.leaky_relu(y, 0.2)) + x


class A2N(PixelAttentionUpsampler):
    """`blocks` attention-in-attention blocks before PAN's upsampler."""

    def __init__(
        self,
        *,
        channels: int,
        upsampling_channels: int,
        blocks: int,
        scale: int,
        hidden: int,
        kernel: int = 3,
    ) -> None:
        super().__init__(channels=channels, upsampling_channels=upsampling_channels, scale=scale)
        self.AAB_trunk = nn.Sequential(*(AttentionInAttention(channels, hidden, kernel) for _ in range(blocks)))

    def trunk(self, x: Tensor) -> Tensor:
        return self.AAB_trunk(x)


def infer(state: StateDict) -> Hyperparameters:
    return {
        **infer_upsampler(state),
        "blocks": count(state, r"AAB_trunk\.(\d+)\."),
        "hidden": state["AAB_trunk.0.ADM.0.weight"].shape[0],
        "kernel": state["AAB_trunk.0.non_attention.weight"].shape[-1],
    }


ARCHITECTURE = Architecture(
    id="a2n",
    name="A2N",
    build=A2N,
    detect=has_keys("conv_first.weight", "AAB_trunk.0.ADM.0.weight", "att1.conv.weight"),
    infer=infer,
    readings=readings,
)
