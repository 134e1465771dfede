"""SMFANet: Zheng et al., "SMFANet: A Lightweight Self-Modulation Feature Aggregation Network", ECCV 2024.

Key names of the authors' code: `to_feat, feats.i.{smfa, pcfn}, to_img`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, count, has_keys
from zoo.architectures.layers import conv3

REDUCTION = 8
"""Side of the squares whose maxima the non-local branch takes."""


class LocalDetail(nn.Module):
    """Depthwise 3×3 and 1×1 convolutions to twice the channels, and back (LDE)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        wide = 2 * channels
        self.conv_0 = nn.Sequential(nn.Conv2d(channels, wide, 3, padding=1, groups=channels), nn.Conv2d(wide, wide, 1))
        self.conv_1 = nn.Conv2d(wide, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv_1(F.gelu(self.conv_0(x)))


class SelfModulation(nn.Module):
    """A non-local branch of maxima and variance that scales its own input, beside local detail (SMFA)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear_0 = nn.Conv2d(channels, 2 * channels, 1)
        self.linear_1 = nn.Conv2d(channels, channels, 1)
        self.linear_2 = nn.Conv2d(channels, channels, 1)
        self.lde = LocalDetail(channels)
        self.dw_conv = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.alpha = nn.Parameter(torch.ones(1, channels, 1, 1))
        self.belt = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        local, modulated = self.linear_0(x).chunk(2, 1)
        small = self.dw_conv(F.adaptive_max_pool2d(modulated, (height // REDUCTION, width // REDUCTION)))
        variance = modulated.var((2, 3), keepdim=True)
        factor = F.gelu(self.linear_1(small * self.alpha + variance * self.belt))
        modulated = modulated * F.interpolate(factor, (height, width), mode="nearest")
        return self.linear_2(modulated + self.lde(local))


class PartialConvolution(nn.Module):
    """A 1×1 perceptron in whose middle a 3×3 convolution mixes the first channels only (PCFN)."""

    def __init__(self, channels: int, hidden: int, mixed: int) -> None:
        super().__init__()
        self.conv_0 = nn.Conv2d(channels, hidden, 1)
        self.conv_1 = conv3(mixed, mixed)
        self.conv_2 = nn.Conv2d(hidden, channels, 1)
        self.split = [mixed, hidden - mixed]

    def forward(self, x: Tensor) -> Tensor:
        mixed, kept = F.gelu(self.conv_0(x)).split(self.split, 1)
        return self.conv_2(torch.cat([F.gelu(self.conv_1(mixed)), kept], 1))


class FeatureModulationBlock(nn.Module):
    """Self-modulation and partial convolution, each of features of unit length and added to its input (FMB)."""

    def __init__(self, channels: int, hidden: int, mixed: int) -> None:
        super().__init__()
        self.smfa = SelfModulation(channels)
        self.pcfn = PartialConvolution(channels, hidden, mixed)

    def forward(self, x: Tensor) -> Tensor:
        x = self.smfa(F.normalize(x)) + x
        return self.pcfn(F.normalize(x)) + x


class SMFANet(nn.Module):
    """`blocks` feature modulation blocks under one skip connection, and one pixel shuffle."""

    def __init__(self, *, channels: int, blocks: int, scale: int, hidden: int = 0, mixed: int = 0) -> None:
        """`hidden` channels lie within a partial convolution, `mixed` of them are mixed; twice, and half, `channels`
        where zero.
        """
        super().__init__()
        hidden = hidden or 2 * channels
        self.to_feat = conv3(3, channels)
        self.feats = nn.Sequential(
            *(FeatureModulationBlock(channels, hidden, mixed or hidden // 4) for _ in range(blocks))
        )
        self.to_img = nn.Sequential(conv3(channels, 3 * scale**2), nn.PixelShuffle(scale))

    def forward(self, x: Tensor) -> Tensor:
        x = self.to_feat(x)
        return self.to_img(self.feats(x) + x)


def infer(state: StateDict) -> Hyperparameters:
    return {
        "channels": state["to_feat.weight"].shape[0],
        "blocks": count(state, r"feats\.(\d+)\.smfa\.alpha"),
        "scale": round((state["to_img.0.weight"].shape[0] / 3) ** 0.5),
        "hidden": state["feats.0.pcfn.conv_0.weight"].shape[0],
        "mixed": state["feats.0.pcfn.conv_1.weight"].shape[0],
    }


ARCHITECTURE = Architecture(
    id="smfanet",
    name="SMFANet",
    build=SMFANet,
    detect=has_keys("to_feat.weight", "feats.0.smfa.alpha", "feats.0.pcfn.conv_1.weight", "to_img.0.weight"),
    infer=infer,
    minimum_size=REDUCTION,
)
