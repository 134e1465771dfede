"""HiT-SR: Zhang, Zhang and Yu, "HiT-SR: Hierarchical Transformer for Efficient Image Super-Resolution", ECCV 2024.

HiT-SIR, HiT-SNG and HiT-SRF are one network with other parts of its blocks. Key names of the authors' code, in the
frame of SwinIR: `layers.i.residual_group.blocks.j.{correlation, norm1, mlp, norm2}`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, has_keys
from zoo.architectures.layers import ConvolutionalPerceptron, Perceptron
from zoo.architectures.ngram_windows import NGramContext
from zoo.architectures.swin_frame import Reconstruction, SwinFrame, infer_frame
from zoo.architectures.windows import check_side, into_windows, mirrored, out_of_windows, relative_places

Variant = Literal["SIR", "SNG", "SRF"]
BASE = 8
RATIOS = (0.5, 1, 2, 4, 6, 8)
"""Sides of the windows of a group's blocks, in base windows, in the published networks."""


class DualFeatures(nn.Module):
    """A product of a 1×1 convolution and of three convolutions through a fifth of the channels (DFE)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        fifth = channels // 5
        self.conv = nn.Sequential(
            nn.Conv2d(channels, fifth, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(fifth, fifth, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(fifth, channels, 1),
        )
        self.linear = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = x.permute(0, 3, 1, 2)
        return (self.conv(x) * self.linear(x)).permute(0, 2, 3, 1)


class PositionBias(nn.Module):
    """A bias for each offset of two places and each head, by a perceptron of the offset."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.pos_proj = nn.Linear(2, channels)
        self.pos1, self.pos2, self.pos3 = (
            nn.Sequential(nn.LayerNorm(channels), nn.ReLU(), nn.Linear(channels, width))
            for width in (channels, channels, heads)
        )

    def forward(self, window: int) -> Tensor:
        """[(2 · window - 1)², heads]."""
        sides = torch.arange(1 - window, window, device=self.pos_proj.weight.device)
        offsets = torch.stack(torch.meshgrid(sides, sides, indexing="ij"), -1).flatten(0, 1)
        return self.pos3(self.pos2(self.pos1(self.pos_proj(offsets.to(self.pos_proj.weight)))))


class SpatialChannelCorrelation(nn.Module):
    """Correlation among places and among channels of a window, half the channels each; no softmax (SCC)."""

    def __init__(self, channels: int, heads: int, window: int, base: int, *, ngrams: bool) -> None:
        super().__init__()
        self.heads, self.window = heads, window
        self.parts = min(window, base)
        self.qv = DualFeatures(channels)
        self.proj = nn.Linear(channels, channels)
        self.spatial_linear = nn.Linear(window**2 // self.parts**2, 1)
        self.pos = PositionBias(channels // 16, heads)
        if ngrams:
            self.ngram_window_partition = nn.ModuleDict({"ngram_context": NGramContext(channels, heads, window)})

    def forward(self, x: Tensor) -> Tensor:
        """[B, h, w, C]; height and width are multiples of the window, of twice as much with n-grams."""
        features = self.qv(x)
        if hasattr(self, "ngram_window_partition"):
            features = features + self.ngram_window_partition["ngram_context"](features)
        windows = into_windows(features, self.window)
        query, value = windows.unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        spatial = self._spatial(query, value).transpose(1, 2).flatten(2)
        q, v = (part.transpose(1, 2).flatten(2) for part in (query, value))
        channel = (q.transpose(1, 2) @ v / self.window**2 @ v.transpose(1, 2)).transpose(1, 2)
        return self.proj(out_of_windows(torch.cat([spatial, channel], -1), self.window, x.shape))

    def _spatial(self, query: Tensor, value: Tensor) -> Tensor:
        """Both [windows, heads, window², c]; values are merged to one for each part of the window."""
        value = self.spatial_linear(self._parted(value, 2).transpose(-1, -2))[..., 0]
        bias = self.pos(self.window)[relative_places(self.window).to(query.device)]
        bias = self._parted(bias, 1).mean(2).permute(2, 0, 1)
        return (query @ value.transpose(-2, -1) / query.shape[-1] + bias) @ value

    def _parted(self, x: Tensor, dim: int) -> Tensor:
        """[..., window², c] with the places at `dim` as [..., parts², places of a part, c]."""
        side = self.window // self.parts
        x = x.unflatten(dim, (self.parts, side, self.parts, side)).transpose(dim + 1, dim + 2)
        return x.flatten(dim + 2, dim + 3).flatten(dim, dim + 1)


class HierarchicalBlock(nn.Module):
    """Correlation within windows of one size and a perceptron, each normalised behind and added to its input."""

    def __init__(self, channels: int, heads: int, window: int, hidden: int, *, base: int, variant: Variant) -> None:
        super().__init__()
        self.multiple = check_side(2 * window if variant == "SNG" else window)
        self.norm1 = nn.LayerNorm(channels)
        self.correlation = SpatialChannelCorrelation(channels, heads, window, base, ngrams=variant == "SNG")
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = (ConvolutionalPerceptron if variant == "SRF" else Perceptron)(channels, hidden)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[1:3]
        padded = mirrored(x.permute(0, 3, 1, 2), self.multiple).permute(0, 2, 3, 1)
        x = x + self.norm1(self.correlation(padded)[:, :height, :width])
        return x + self.norm2(self.mlp(x))


class HiTSR(SwinFrame):
    """Groups of blocks whose windows grow from block to block, in the frame of SwinIR."""

    def __init__(
        self,
        *,
        channels: int,
        depths: Sequence[int],
        heads: Sequence[int],
        hidden: int,
        variant: Variant,
        scale: int,
        upsampler: Reconstruction = "pixelshuffledirect",
        windows: Sequence[int] = (),
        base: int = BASE,
        width: int = 64,
        convolutions: int = 1,
        img_range: float = 1.0,
    ) -> None:
        """`windows` are the sides for each block of a group; those of the published networks where empty."""
        windows = windows or [int(BASE * ratio) for ratio in RATIOS]
        groups = [
            [HierarchicalBlock(channels, head, windows[i], hidden, base=base, variant=variant) for i in range(depth)]
            for depth, head in zip(depths, heads, strict=True)
        ]
        super().__init__(
            groups,
            channels=channels,
            scale=scale,
            upsampler=upsampler,
            width=width,
            convolutions=convolutions,
            img_range=img_range,
        )


def infer(state: StateDict) -> Hyperparameters:
    frame = infer_frame(state)
    first = "layers.0.residual_group.blocks.0"
    variant: Variant = "SIR"
    if f"{first}.mlp.dwconv.depthwise_conv.0.weight" in state:
        variant = "SRF"
    elif f"{first}.correlation.ngram_window_partition.ngram_context.unigram_embed.weight" in state:
        variant = "SNG"
    windows, base = _windows(state, max(frame["depths"]))
    return {
        **frame,
        "heads": [
            state[f"layers.{i}.residual_group.blocks.0.correlation.pos.pos3.2.weight"].shape[0]
            for i in range(len(frame["depths"]))
        ],
        "hidden": state[f"{first}.mlp.fc1.weight"].shape[0],
        "variant": variant,
        "windows": windows,
        "base": base,
    }


def _windows(state: StateDict, depth: int) -> tuple[list[int], int]:
    """Sides of a group's windows and of the base window.

    The kernels of n-grams tell them. Else weights tell how many base windows lie in each, and that the base and the
    smaller one have the published sizes is a guess.
    """
    blocks = [f"layers.0.residual_group.blocks.{i}.correlation" for i in range(depth)]
    ratios = [round(state[f"{block}.spatial_linear.weight"].shape[1] ** 0.5) for block in blocks]
    kernel = "ngram_window_partition.ngram_context.unigram_embed.weight"
    if f"{blocks[0]}.{kernel}" in state:
        windows = [state[f"{block}.{kernel}"].shape[-1] for block in blocks]
        return windows, next((w // r for w, r in zip(windows, ratios, strict=True) if r > 1), max(windows))
    published = [max(round(ratio), 1) for ratio in RATIOS]
    if ratios == published[:depth]:
        return [int(BASE * ratio) for ratio in RATIOS[:depth]], BASE
    return [BASE * ratio for ratio in ratios], BASE


ARCHITECTURE = Architecture(
    id="hit-sr",
    name="HiT-SR",
    build=HiTSR,
    detect=has_keys(
        "conv_first.weight",
        "layers.0.residual_group.blocks.0.correlation.qv.linear.weight",
        "layers.0.residual_group.blocks.0.correlation.spatial_linear.weight",
    ),
    infer=infer,
)
