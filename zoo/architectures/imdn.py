"""IMDN: Hui et al., "Lightweight Image Super-Resolution with Information Multi-distillation Network".

ACM Multimedia 2019.

Key names of the authors' code: `fea_conv, IMDB1 … IMDBn, c, LR_conv, upsampler`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zoo.architectures.architecture import (
    Architecture,
    Hyperparameters,
    StateDict,
    count,
    either_range,
    has_keys,
)
from zoo.architectures.layers import ChannelAttention


class ContrastAttention(ChannelAttention):
    """Channel attention on each channel's standard deviation plus mean over the whole plane (equation 3)."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__(channels, max(channels // reduction, 1))

    def statistics(self, x: Tensor) -> Tensor:
        mean = x.mean((2, 3), keepdim=True)
        variance = (x - mean).pow(2).mean((2, 3), keepdim=True)
        # A root of exactly zero has no gradient: a flat plane would turn the whole map into NaN.
        deviation = variance.clamp_min(1e-24).sqrt()
        return deviation + mean


class InformationMultiDistillation(nn.Module):
    """Splits off a quarter of the channels after each of three convolutions and fuses what was split off."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.distilled = channels // 4
        self.remaining = channels - self.distilled
        self.c1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.c2 = nn.Conv2d(self.remaining, channels, 3, padding=1)
        self.c3 = nn.Conv2d(self.remaining, channels, 3, padding=1)
        self.c4 = nn.Conv2d(self.remaining, self.distilled, 3, padding=1)
        self.act = nn.LeakyReLU(0.05)
        self.c5 = nn.Conv2d(self.distilled * 4, channels, 1)
        self.cca = ContrastAttention(self.distilled * 4)

    def forward(self, x: Tensor) -> Tensor:
        kept = []
        rest = x
        for conv in (self.c1, self.c2, self.c3):
            part, rest = torch.split(self.act(conv(rest)), [self.distilled, self.remaining], dim=1)
            kept.append(part)
        kept.append(self.c4(rest))
        return self.c5(self.cca(torch.cat(kept, dim=1))) + x


class IMDN(nn.Module):
    """`modules` distillation blocks, all fused by a 1×1 convolution, and one pixel shuffle."""

    def __init__(self, *, channels: int, modules: int, scale: int) -> None:
        super().__init__()
        self.fea_conv = nn.Conv2d(3, channels, 3, padding=1)
        self.blocks = [f"IMDB{i + 1}" for i in range(modules)]
        for name in self.blocks:
            self.add_module(name, InformationMultiDistillation(channels))
        self.c = nn.Sequential(nn.Conv2d(channels * modules, channels, 1), nn.LeakyReLU(0.05))
        self.LR_conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.upsampler = nn.Sequential(nn.Conv2d(channels, 3 * scale**2, 3, padding=1), nn.PixelShuffle(scale))

    def forward(self, x: Tensor) -> Tensor:
        features = self.fea_conv(x)
        outputs = []
        block = features
        for name in self.blocks:
            block = getattr(self, name)(block)
            outputs.append(block)
        fused = self.LR_conv(self.c(torch.cat(outputs, dim=1)))
        return self.upsampler(fused + features)


def infer(state: StateDict) -> Hyperparameters:
    return {
        "channels": state["fea_conv.weight"].shape[0],
        "modules": count(state, r"IMDB(\d+)\.c1\.weight"),
        "scale": round((state["upsampler.0.weight"].shape[0] / 3) ** 0.5),
    }


ARCHITECTURE = Architecture(
    id="imdn",
    name="IMDN",
    build=IMDN,
    detect=has_keys("fea_conv.weight", "IMDB1.cca.conv_du.0.weight", "LR_conv.weight"),
    infer=infer,
    readings=either_range,
)
