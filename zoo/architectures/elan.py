"""ELAN: Zhang et al., "Efficient Long-Range Attention Network for Image Super-Resolution", ECCV 2022.

Key names of the authors' code: `sub_mean, head, body.i.modules_{lfe, gmsa}.…, tail, add_mean`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, count, has_keys
from zoo.architectures.layers import MeanShift, conv3, range_of_mean_shift
from zoo.architectures.windows import check_side, into_windows, mirrored, out_of_windows

WINDOWS = (4, 8, 16)
"""Sides of the windows of the published networks, a third of the channels each."""


class ShiftConvolution(nn.Module):
    """A fifth of the channels moved by one place to each side, a fifth left where it is; then a 1×1 convolution."""

    weight: Tensor

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        weight = torch.zeros(channels_in, 1, 3, 3)
        fifth = channels_in // 5
        for i, (row, column) in enumerate(((1, 2), (1, 0), (2, 1), (0, 1))):
            weight[i * fifth : (i + 1) * fifth, 0, row, column] = 1
        weight[4 * fifth :, 0, 1, 1] = 1
        self.register_buffer("weight", weight)
        self.conv1x1 = nn.Conv2d(channels_in, channels_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv1x1(F.conv2d(x, self.weight, padding=1, groups=len(self.weight)))


class Shift(nn.Module):
    """A shift convolution under the name that the authors' code gives to its choice among two."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.shift_conv = ShiftConvolution(channels_in, channels_out)

    def forward(self, x: Tensor) -> Tensor:
        return self.shift_conv(x)


class LocalFeatures(nn.Module):
    """Two shift convolutions with a ReLU between them (LFE)."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.conv0 = Shift(channels, hidden)
        self.conv1 = Shift(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv1(F.relu(self.conv0(x)))


class GroupwiseAttention(nn.Module):
    """Attention within windows of several sides, one group of channels each; queries are keys (GMSA).

    A shared one has no queries: it takes the weights of an earlier one.
    """

    def __init__(self, channels: int, windows: Sequence[int], *, moved: bool, shared: bool) -> None:
        super().__init__()
        self.windows, self.moved = windows, moved
        projected = channels if shared else 2 * channels
        self.project_inp = nn.Sequential(nn.Conv2d(channels, projected, 1), nn.BatchNorm2d(projected))
        self.project_out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor, weights: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        groups = self.project_inp(x).chunk(len(self.windows), 1)
        attended, calculated = [], []
        for i, (window, group) in enumerate(zip(self.windows, groups, strict=True)):
            # Half a window, rounded as the authors' code rounds it.
            move = (window + 1) // 2 if self.moved else 0
            group = torch.roll(group, (-move, -move), (2, 3)).permute(0, 2, 3, 1).contiguous()
            if not weights:
                query, value = (into_windows(part, window) for part in group.chunk(2, -1))
                calculated.append((query @ query.transpose(-2, -1)).softmax(-1))
            else:
                value = into_windows(group, window)
            y = (weights or calculated)[i] @ value
            y = out_of_windows(y, window, (*group.shape[:3], y.shape[-1])).permute(0, 3, 1, 2)
            attended.append(torch.roll(y, (window // 2, window // 2) if self.moved else (0, 0), (2, 3)))
        return self.project_out(torch.cat(attended, 1)), weights or calculated


class LongRangeAttentionBlock(nn.Module):
    """Local features and attention in turn, `shared` times more with the weights of the first attention (ELAB)."""

    def __init__(self, channels: int, hidden: int, windows: Sequence[int], shared: int, *, moved: bool) -> None:
        super().__init__()
        names = range(shared + 1)
        self.modules_lfe = nn.ModuleDict({f"lfe_{i}": LocalFeatures(channels, hidden) for i in names})
        self.modules_gmsa = nn.ModuleDict(
            {f"gmsa_{i}": GroupwiseAttention(channels, windows, moved=moved, shared=i > 0) for i in names}
        )

    def forward(self, x: Tensor) -> Tensor:
        weights: list[Tensor] = []
        for local, attention in zip(self.modules_lfe.values(), self.modules_gmsa.values(), strict=True):
            x = local(x) + x
            y, weights = attention(x, weights)
            x = y + x
        return x


class ELAN(nn.Module):
    """`blocks` blocks, every second one with moved windows, under one skip connection, and one pixel shuffle.

    A picture whose sides are no multiples of every window is continued by its mirror image.
    """

    def __init__(
        self,
        *,
        channels: int,
        blocks: int,
        scale: int,
        shared: int = 1,
        hidden: int = 0,
        windows: Sequence[int] = WINDOWS,
        input_range: float = 255.0,
    ) -> None:
        super().__init__()
        self.scale, self.multiple = scale, check_side(math.lcm(*windows))
        self.sub_mean = MeanShift(input_range, -1)
        self.add_mean = MeanShift(input_range, 1)
        self.head = nn.Sequential(conv3(3, channels))
        self.body = nn.Sequential(
            *(
                LongRangeAttentionBlock(channels, hidden or 2 * channels, windows, shared, moved=i % 2 == 1)
                for i in range(blocks)
            )
        )
        self.tail = nn.Sequential(conv3(channels, 3 * scale**2), nn.PixelShuffle(scale))

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        features = self.head(self.sub_mean(mirrored(x, self.multiple)))
        y = self.add_mean(self.tail(self.body(features) + features))
        return y[..., : height * self.scale, : width * self.scale]


RANGE = range_of_mean_shift("add_mean.bias")


def infer(state: StateDict) -> Hyperparameters:
    return {
        "channels": state["head.0.weight"].shape[0],
        "blocks": count(state, r"body\.(\d+)\.modules_lfe\."),
        "scale": round((state["tail.0.weight"].shape[0] / 3) ** 0.5),
        "shared": count(state, r"body\.0\.modules_gmsa\.gmsa_(\d+)\.") - 1,
        "hidden": state["body.0.modules_lfe.lfe_0.conv0.shift_conv.conv1x1.weight"].shape[0],
        "windows": list(WINDOWS),
        "input_range": RANGE(state),
    }


ARCHITECTURE = Architecture(
    id="elan",
    name="ELAN",
    build=ELAN,
    detect=has_keys(
        "head.0.weight",
        "body.0.modules_lfe.lfe_0.conv0.shift_conv.weight",
        "body.0.modules_gmsa.gmsa_0.project_out.weight",
    ),
    infer=infer,
    input_range=RANGE,
)
"""No weights tell the sides of the windows: those of the published networks are taken."""
