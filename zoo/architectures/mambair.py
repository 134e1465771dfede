"""MambaIR: Guo et al., "MambaIR: A Simple Baseline for Image Restoration with State-Space Model", ECCV 2024.

Key names of the authors' code, in the frame of SwinIR: `layers.i.residual_group.blocks.j.{ln_1, self_attention,
skip_scale, conv_blk, ln_2, skip_scale2}`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, has_keys
from zoo.architectures.layers import conv3
from zoo.architectures.selective_scan import discretised, selective_scan
from zoo.architectures.swin_frame import Reconstruction, SwinFrame, infer_frame

DIRECTIONS = 4
"""By rows and by columns, each to and fro."""


class SelectiveScan2D(nn.Module):
    """State space models along four ways through the plane, added up and gated (2D-SSM)."""

    def __init__(self, channels: int, inner: int, states: int, rank: int) -> None:
        super().__init__()
        self.split = [rank, states, states]
        self.in_proj = nn.Linear(channels, 2 * inner, bias=False)
        self.conv2d = nn.Conv2d(inner, inner, 3, padding=1, groups=inner)
        self.x_proj_weight = nn.Parameter(torch.randn(DIRECTIONS, rank + 2 * states, inner) * inner**-0.5)
        self.dt_projs_weight = nn.Parameter(torch.randn(DIRECTIONS, inner, rank) * rank**-0.5)
        self.dt_projs_bias = nn.Parameter(torch.empty(DIRECTIONS, inner).uniform_(-7, -2))
        self.A_logs = nn.Parameter(torch.arange(1.0, states + 1).log().repeat(DIRECTIONS * inner, 1))
        self.Ds = nn.Parameter(torch.ones(DIRECTIONS * inner))
        self.out_norm = nn.LayerNorm(inner)
        self.out_proj = nn.Linear(inner, channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, h, w, C]."""
        x, gate = self.in_proj(x).chunk(2, -1)
        x = F.silu(self.conv2d(x.permute(0, 3, 1, 2)))
        ways = torch.stack([x.flatten(2), x.transpose(2, 3).flatten(2)], 1)
        ways = torch.cat([ways, ways.flip(-1)], 1)
        dt, b, c = torch.einsum("bkdl,kcd->bkcl", ways, self.x_proj_weight).split(self.split, 2)
        delta = discretised(dt, self.dt_projs_weight, self.dt_projs_bias)
        shape = (DIRECTIONS, x.shape[1], -1)
        y = selective_scan(ways, delta, -self.A_logs.exp().view(shape), b, c, self.Ds.view(shape[:2]))
        rows, columns = (y[:, :2] + y[:, 2:].flip(-1)).unbind(1)
        y = rows.unflatten(-1, x.shape[2:]) + columns.unflatten(-1, x.shape[:1:-1]).transpose(2, 3)
        return self.out_proj(self.out_norm(y.permute(0, 2, 3, 1)) * F.silu(gate))


class ChannelAttention(nn.Module):
    """Scales each channel by a function of all channels' means."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.attention = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, hidden, 1),
            nn.ReLU(),
            nn.Conv2d(hidden, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * self.attention(x)


class AttendedConvolutions(nn.Module):
    """Convolutions through fewer channels and channel attention (CAB); in light networks depthwise and dilated."""

    def __init__(self, channels: int, compressed: int, squeezed: int, *, light: bool) -> None:
        super().__init__()
        if light:
            layers = [
                nn.Conv2d(channels, compressed, 1),
                nn.Conv2d(compressed, compressed, 3, padding=1, groups=compressed),
                nn.GELU(),
                nn.Conv2d(compressed, channels, 1),
                nn.Conv2d(channels, channels, 3, padding=2, groups=channels, dilation=2),
            ]
        else:
            layers = [conv3(channels, compressed), nn.GELU(), conv3(compressed, channels)]
        self.cab = nn.Sequential(*layers, ChannelAttention(channels, squeezed))

    def forward(self, x: Tensor) -> Tensor:
        return self.cab(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


class StateSpaceBlock(nn.Module):
    """Selective scans and attended convolutions, each added to its scaled input (RSSB)."""

    def __init__(
        self, channels: int, inner: int, states: int, rank: int, compressed: int, squeezed: int, *, light: bool
    ) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(channels)
        self.self_attention = SelectiveScan2D(channels, inner, states, rank)
        self.skip_scale = nn.Parameter(torch.ones(channels))
        self.conv_blk = AttendedConvolutions(channels, compressed, squeezed, light=light)
        self.ln_2 = nn.LayerNorm(channels)
        self.skip_scale2 = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        x = x * self.skip_scale + self.self_attention(self.ln_1(x))
        return x * self.skip_scale2 + self.conv_blk(self.ln_2(x))


class MambaIR(SwinFrame):
    """Groups of state space blocks in the frame of SwinIR."""

    def __init__(
        self,
        *,
        channels: int,
        depths: Sequence[int],
        inner: int,
        compressed: int,
        squeezed: int,
        scale: int,
        light: bool = False,
        states: int = 16,
        rank: int = 0,
        upsampler: Reconstruction = "pixelshuffle",
        width: int = 64,
        convolutions: int = 1,
        img_range: float = 1.0,
    ) -> None:
        """`inner` channels are scanned, with `states` numbers each; step sizes have `rank`, a sixteenth where zero."""
        rank = rank or math.ceil(channels / 16)
        groups = [
            [StateSpaceBlock(channels, inner, states, rank, compressed, squeezed, light=light) for _ in range(depth)]
            for depth in depths
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
    first = "layers.0.residual_group.blocks.0"
    light = f"{first}.conv_blk.cab.1.weight" in state
    return {
        **infer_frame(state),
        "inner": state[f"{first}.self_attention.conv2d.weight"].shape[0],
        "states": state[f"{first}.self_attention.A_logs"].shape[1],
        "rank": state[f"{first}.self_attention.dt_projs_weight"].shape[2],
        "compressed": state[f"{first}.conv_blk.cab.0.weight"].shape[0],
        "squeezed": state[f"{first}.conv_blk.cab.{5 if light else 3}.attention.1.weight"].shape[0],
        "light": light,
    }


ARCHITECTURE = Architecture(
    id="mambair",
    name="MambaIR",
    build=MambaIR,
    detect=has_keys(
        "conv_first.weight",
        "layers.0.residual_group.blocks.0.self_attention.A_logs",
        "layers.0.residual_group.blocks.0.self_attention.conv2d.weight",
        "layers.0.residual_group.blocks.0.conv_blk.cab.0.weight",
    ),
    infer=infer,
)
