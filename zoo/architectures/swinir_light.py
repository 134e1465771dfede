"""SwinIR in its light form: Liang et al., "SwinIR: Image Restoration Using Swin Transformer", ICCV Workshops 2021.

The trunk is the paper's: residual groups of transformer blocks that attend within windows, every second block with
windows moved by half their side; then one convolution and one pixel shuffle. An own, smaller form, with key names
of this project; the authors' networks are spandrel's `SwinIR`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, count
from zoo.architectures.layers import conv3
from zoo.architectures.windows import into_windows, out_of_windows, relative_places, strangers


class WindowAttention(nn.Module):
    """Attention among the places of a window, with a learned bias for each offset and head."""

    def __init__(self, channels: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads, self.window = heads, window
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)
        self.bias = nn.Parameter(torch.randn((2 * window - 1) ** 2, heads) * 0.02)

    def forward(self, x: Tensor, forbidden: Tensor | None) -> Tensor:
        """Windows [B · windows, window², C]; `forbidden` [windows, window², window²] pairs do not see each other."""
        count, places, channels = x.shape
        q, k, v = self.qkv(x).view(count, places, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        scores = (q * (channels // self.heads) ** -0.5) @ k.transpose(-2, -1)
        scores = scores + self.bias[relative_places(self.window).to(x.device)].permute(2, 0, 1)
        if forbidden is not None:
            shape = scores.shape
            mask = forbidden.to(x.device)[:, None]
            scores = scores.view(-1, mask.shape[0], *shape[1:]).masked_fill(mask, -100.0).view(shape)
        return self.proj((scores.softmax(-1) @ v).transpose(1, 2).reshape(x.shape))


class TransformerBlock(nn.Module):
    """Window attention and a perceptron of two layers, each normalised before and added to its input."""

    def __init__(self, channels: int, heads: int, window: int, hidden: int, *, moved: bool) -> None:
        super().__init__()
        self.window, self.moved = window, moved
        self.norm1 = nn.LayerNorm(channels)
        self.attn = WindowAttention(channels, heads, window)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = nn.Sequential(nn.Linear(channels, hidden), nn.GELU(), nn.Linear(hidden, channels))

    def forward(self, x: Tensor) -> Tensor:
        """[B, h, w, C]; height and width are multiples of the window."""
        y = self.norm1(x)
        move = self.window // 2 if self.moved and min(x.shape[1:3]) > self.window else 0
        if move:
            y = torch.roll(y, (-move, -move), (1, 2))
        forbidden = strangers(x.shape[1], x.shape[2], self.window) if move else None
        y = out_of_windows(self.attn(into_windows(y, self.window), forbidden), self.window, x.shape)
        if move:
            y = torch.roll(y, (move, move), (1, 2))
        x = x + y
        return x + self.mlp(self.norm2(x))


class ResidualGroup(nn.Module):
    """`blocks` transformer blocks and a convolution, added to the input (RSTB)."""

    def __init__(self, channels: int, heads: int, window: int, hidden: int, blocks: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            *(TransformerBlock(channels, heads, window, hidden, moved=i % 2 == 1) for i in range(blocks))
        )
        self.conv = conv3(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        y = self.blocks(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return x + self.conv(y)


class SwinIR(nn.Module):
    """`groups` residual groups under one skip connection, and one pixel shuffle.

    A picture whose sides are no multiples of the window is continued by its last row and column.
    """

    def __init__(
        self, *, channels: int, groups: int, blocks: int, heads: int, window: int, hidden: int, scale: int
    ) -> None:
        super().__init__()
        self.scale, self.window = scale, window
        self.conv_first = conv3(3, channels)
        self.groups = nn.Sequential(*(ResidualGroup(channels, heads, window, hidden, blocks) for _ in range(groups)))
        self.norm = nn.LayerNorm(channels)
        self.conv_after_body = conv3(channels, channels)
        self.conv_last = conv3(channels, 3 * scale**2)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        x = F.pad(x, (0, -width % self.window, 0, -height % self.window), mode="replicate")
        first = self.conv_first(x)
        y = self.norm(self.groups(first).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        y = F.pixel_shuffle(self.conv_last(first + self.conv_after_body(y)), self.scale)
        return y[..., : height * self.scale, : width * self.scale]


def detect(state: StateDict) -> bool:
    return all(f"{name}.weight" in state for name in ("conv_first", "groups.0.blocks.0.attn.qkv", "conv_after_body"))


def infer(state: StateDict) -> Hyperparameters:
    offsets, heads = state["groups.0.blocks.0.attn.bias"].shape
    return {
        "channels": state["conv_first.weight"].shape[0],
        "groups": count(state, r"groups\.(\d+)\.conv\.weight"),
        "blocks": count(state, r"groups\.0\.blocks\.(\d+)\.norm1\.weight"),
        "heads": heads,
        "window": (round(offsets**0.5) + 1) // 2,
        "hidden": state["groups.0.blocks.0.mlp.0.weight"].shape[0],
        "scale": round((state["conv_last.weight"].shape[0] / 3) ** 0.5),
    }


ARCHITECTURE = Architecture(
    id="swinir-light",
    name="SwinIR",
    build=SwinIR,
    detect=detect,
    infer=infer,
)
