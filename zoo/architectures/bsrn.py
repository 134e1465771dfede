"""BSRN: Li et al., "Blueprint Separable Residual Network for Efficient Image Super-Resolution", CVPR Workshops 2022.

Key names of the authors' code: `fea_conv, B1 … Bn, c1, c2, upsampler.upsampleOneStep`. BSRN-S of the NTIRE challenge,
whose blocks hold linear layers, is another network and not read.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, count, has_keys
from zoo.architectures.imdn import ContrastAttention
from zoo.architectures.layers import conv3

COPIES = 4
"""How often the input is put beside itself."""


class BlueprintConvolution(nn.Module):
    """A 1×1 convolution, then a depthwise 3×3 one (BSConv)."""

    def __init__(self, channels_in: int, channels_out: int, *, stride: int = 1) -> None:
        super().__init__()
        self.pw = nn.Conv2d(channels_in, channels_out, 1, bias=False)
        padding = 1 if stride == 1 else 0
        self.dw = nn.Conv2d(channels_out, channels_out, 3, stride, padding, groups=channels_out)

    def forward(self, x: Tensor) -> Tensor:
        return self.dw(self.pw(x))


class SpatialAttention(nn.Module):
    """RFDN's spatial attention of blueprint convolutions and GELU (ESA)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = channels // 4
        self.conv1 = nn.Conv2d(channels, hidden, 1)
        self.conv_f = nn.Conv2d(hidden, hidden, 1)
        self.conv_max = BlueprintConvolution(hidden, hidden)
        self.conv2 = BlueprintConvolution(hidden, hidden, stride=2)
        self.conv3 = BlueprintConvolution(hidden, hidden)
        self.conv3_ = BlueprintConvolution(hidden, hidden)
        self.conv4 = nn.Conv2d(hidden, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        narrow = self.conv1(x)
        small = F.gelu(self.conv_max(F.max_pool2d(self.conv2(narrow), 7, stride=3)))
        small = self.conv3_(F.gelu(self.conv3(small)))
        wide = F.interpolate(small, x.shape[-2:], mode="bilinear", align_corners=False)
        return x * torch.sigmoid(self.conv4(wide + self.conv_f(narrow)))


class SeparableDistillation(nn.Module):
    """RFDN's block of blueprint convolutions, with spatial and contrast attention (ESDB)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        for i in (1, 2, 3):
            self.add_module(f"c{i}_d", nn.Conv2d(channels, half, 1))
            self.add_module(f"c{i}_r", BlueprintConvolution(channels, channels))
        self.c4 = BlueprintConvolution(channels, half)
        self.c5 = nn.Conv2d(half * 4, channels, 1)
        self.esa = SpatialAttention(channels)
        self.cca = ContrastAttention(channels)

    def forward(self, x: Tensor) -> Tensor:
        y, kept = x, []
        for i in (1, 2, 3):
            kept.append(F.gelu(getattr(self, f"c{i}_d")(y)))
            y = F.gelu(getattr(self, f"c{i}_r")(y) + y)
        kept.append(F.gelu(self.c4(y)))
        return self.cca(self.esa(self.c5(torch.cat(kept, 1)))) + x


class BSRN(nn.Module):
    """`blocks` distillation blocks, all fused by a 1×1 convolution, and one pixel shuffle."""

    def __init__(self, *, channels: int, blocks: int, scale: int) -> None:
        super().__init__()
        self.fea_conv = BlueprintConvolution(3 * COPIES, channels)
        self.names = [f"B{i + 1}" for i in range(blocks)]
        for name in self.names:
            self.add_module(name, SeparableDistillation(channels))
        self.c1 = nn.Conv2d(channels * blocks, channels, 1)
        self.c2 = BlueprintConvolution(channels, channels)
        shuffle = nn.Sequential(conv3(channels, 3 * scale**2), nn.PixelShuffle(scale))
        self.upsampler = nn.Sequential()
        self.upsampler.add_module("upsampleOneStep", shuffle)

    def forward(self, x: Tensor) -> Tensor:
        features = y = self.fea_conv(torch.cat([x] * COPIES, 1))
        outputs = []
        for name in self.names:
            y = getattr(self, name)(y)
            outputs.append(y)
        return self.upsampler(self.c2(F.gelu(self.c1(torch.cat(outputs, 1)))) + features)


def infer(state: StateDict) -> Hyperparameters:
    return {
        "channels": state["fea_conv.pw.weight"].shape[0],
        "blocks": count(state, r"B(\d+)\.c5\.weight"),
        "scale": round((state["upsampler.upsampleOneStep.0.weight"].shape[0] / 3) ** 0.5),
    }


ARCHITECTURE = Architecture(
    id="bsrn",
    name="BSRN",
    build=BSRN,
    detect=has_keys(
        "fea_conv.pw.weight", "B1.c1_r.pw.weight", "B1.esa.conv2.dw.weight", "B1.cca.conv_du.0.weight", "c1.weight"
    ),
    infer=infer,
    # The stride-two convolution must leave the 7×7 maximum a full window.
    minimum_size=15,
)
