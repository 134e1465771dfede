"""ESC: Lee et al., "Emulating Self-attention with Convolution for Efficient Image Super-Resolution", ICCV 2025.

Key names of the authors' code: `plk_filter, proj, blocks.i.{ln_proj, proj, ln_attn, attn, lns, pconvs, convffns,
ln_out, conv_out}, last, to_img`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, count, has_keys
from zoo.architectures.layers import ChannelNorm, conv3
from zoo.architectures.windows import check_side, into_windows, mirrored, out_of_windows, relative_places


class ConvolutionalFeedForward(nn.Module):
    """1×1 convolutions with a depthwise one added in their middle."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, hidden, 1)
        self.dwc = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden)
        self.aggr = nn.Conv2d(hidden, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.gelu(self.proj(x))
        return self.aggr(F.gelu(self.dwc(x)) + x)


class WindowAttention(nn.Module):
    """Attention within windows, with a learned bias for each offset and head."""

    def __init__(self, channels: int, window: int, heads: int) -> None:
        super().__init__()
        self.window, self.heads = check_side(window), heads
        self.to_qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.to_out = nn.Conv2d(channels, channels, 1)
        self.relative_position_bias = nn.Parameter(torch.randn(heads, (2 * window - 1) ** 2) * 0.001)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        planes = self.to_qkv(mirrored(x, self.window)).permute(0, 2, 3, 1)
        q, k, v = into_windows(planes, self.window).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        # Offsets count from the query to the key.
        places = relative_places(self.window).to(x.device).T
        scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5 + self.relative_position_bias[:, places]
        y = (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)
        y = out_of_windows(y, self.window, (*planes.shape[:3], y.shape[-1])).permute(0, 3, 1, 2)
        return self.to_out(y[..., :height, :width])


class PartialLargeKernel(nn.Module):
    """A large kernel shared by all blocks and a small one made of the means, on the first channels (ConvAttn)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.channels = channels
        self.dwc_proj = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, half, 1), nn.GELU(), nn.Conv2d(half, 9 * channels, 1)
        )

    def forward(self, x: Tensor, kernel: Tensor) -> Tensor:
        mixed, kept = x.split([self.channels, x.shape[1] - self.channels], 1)
        # One kernel for each picture and channel: pictures take the place of channels.
        own = self.dwc_proj(mixed).view(-1, 1, 3, 3)
        pictures = mixed.reshape(1, -1, *mixed.shape[2:])
        small = F.conv2d(pictures, own, padding=1, groups=len(own)).view(mixed.shape)
        return torch.cat([F.conv2d(mixed, kernel, padding=kernel.shape[-1] // 2) + small, kept], 1)


class ConvolutionalAttention(nn.Module):
    """A partial large kernel and a 1×1 convolution."""

    def __init__(self, channels: int, mixed: int) -> None:
        super().__init__()
        self.plk = PartialLargeKernel(mixed)
        self.aggr = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor, kernel: Tensor) -> Tensor:
        return self.aggr(self.plk(x, kernel))


class Block(nn.Module):
    """One window attention, then convolutions that emulate it, `layers` times."""

    def __init__(
        self, channels: int, mixed: int, layers: int, window: int, heads: int, hidden: int, *, normalised: bool
    ) -> None:
        super().__init__()
        self.ln_proj = ChannelNorm(channels)
        self.proj = ConvolutionalFeedForward(channels, 2 * channels)
        self.ln_attn = ChannelNorm(channels)
        self.attn = WindowAttention(channels, window, heads)
        self.lns = nn.ModuleList(ChannelNorm(channels) if normalised else nn.Identity() for _ in range(layers))
        self.pconvs = nn.ModuleList(ConvolutionalAttention(channels, mixed) for _ in range(layers))
        self.convffns = nn.ModuleList(ConvolutionalFeedForward(channels, hidden) for _ in range(layers))
        self.ln_out = ChannelNorm(channels)
        self.conv_out = conv3(channels, channels)

    def forward(self, x: Tensor, kernel: Tensor) -> Tensor:
        y = self.proj(self.ln_proj(x))
        y = y + self.attn(self.ln_attn(y))
        for norm, attention, feed in zip(self.lns, self.pconvs, self.convffns, strict=True):
            y = y + attention(feed(norm(y)), kernel)
        return self.conv_out(self.ln_out(y)) + x


class ESC(nn.Module):
    """Blocks under one skip connection, one pixel shuffle, and every pixel of the input repeated and added."""

    def __init__(
        self,
        *,
        channels: int,
        mixed: int,
        blocks: int,
        layers: int,
        window: int,
        heads: int,
        hidden: int,
        scale: int,
        kernel: int = 13,
        normalised: bool = False,
    ) -> None:
        super().__init__()
        self.scale = scale
        self.plk_filter = nn.Parameter(torch.randn(mixed, mixed, kernel, kernel) / (kernel * mixed**0.5))
        self.proj = conv3(3, channels)
        self.blocks = nn.ModuleList(
            Block(channels, mixed, layers, window, heads, hidden, normalised=normalised) for _ in range(blocks)
        )
        self.last = conv3(channels, channels)
        self.to_img = conv3(channels, 3 * scale**2)

    def forward(self, x: Tensor) -> Tensor:
        features = y = self.proj(x)
        kernel = symmetric(self.plk_filter)
        for block in self.blocks:
            y = block(y, kernel)
        colours = self.to_img(self.last(y) + features) + x.repeat_interleave(self.scale**2, 1)
        return F.pixel_shuffle(colours, self.scale)


def symmetric(kernel: Tensor) -> Tensor:
    """The mean of a kernel over the eight symmetries of the square."""
    flipped = kernel + kernel.flip(2) + kernel.flip(3) + kernel.flip((2, 3))
    return (flipped + flipped.transpose(2, 3)) / 8


def infer(state: StateDict) -> Hyperparameters:
    heads, offsets = state["blocks.0.attn.relative_position_bias"].shape
    return {
        "channels": state["proj.weight"].shape[0],
        "mixed": state["plk_filter"].shape[0],
        "blocks": count(state, r"blocks\.(\d+)\."),
        "layers": count(state, r"blocks\.0\.pconvs\.(\d+)\."),
        "window": (round(offsets**0.5) + 1) // 2,
        "heads": heads,
        "hidden": state["blocks.0.convffns.0.proj.weight"].shape[0],
        "scale": round((state["to_img.weight"].shape[0] / 3) ** 0.5),
        "kernel": state["plk_filter"].shape[-1],
        "normalised": "blocks.0.lns.0.weight" in state,
    }


ARCHITECTURE = Architecture(
    id="esc",
    name="ESC",
    build=ESC,
    detect=has_keys(
        "plk_filter",
        "proj.weight",
        "blocks.0.ln_proj.weight",
        "blocks.0.attn.relative_position_bias",
        "blocks.0.pconvs.0.plk.dwc_proj.1.weight",
        "to_img.weight",
    ),
    infer=infer,
)
