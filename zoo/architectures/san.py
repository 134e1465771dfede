"""SAN: Dai et al., "Second-order Attention Network for Single Image Super-Resolution", CVPR 2019.

Key names of the authors' code: `sub_mean, head, gamma, RG, conv_last, non_local, tail, add_mean`. It holds layers
that it never calls (`conv_last`, `non_local.soca`, each group's `gamma`); they are kept, for the weights hold them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, count, has_keys
from zoo.architectures.layers import (
    ChannelAttention,
    MeanShift,
    NonLocal,
    conv3,
    infer_reconstruction,
    range_of_mean_shift,
    reconstruction,
)
from zoo.architectures.rcan import readings

ITERATIONS = 5
"""Newton-Schulz steps towards the covariance's square root."""
LARGEST_PLANE = 1000
"""Side in pixels beyond which the covariance is that of the plane's centre."""


def covariance(x: Tensor) -> Tensor:
    """Covariance of the channels over all places: [B, C, h, w] to [B, C, C]."""
    values = x.flatten(2)
    centred = values - values.mean(2, keepdim=True)
    return torch.bmm(centred, centred.transpose(1, 2)) / values.shape[2]


def square_root(matrix: Tensor) -> Tensor:
    """Square root of positive matrices [B, C, C] by Newton-Schulz steps on the matrix over its trace."""
    # A flat plane has no covariance, and nothing to divide by.
    trace = matrix.diagonal(dim1=1, dim2=2).sum(1).clamp_min(1e-12)[:, None, None]
    three = 3 * torch.eye(matrix.shape[1], dtype=matrix.dtype, device=matrix.device)
    y = matrix / trace
    step = 0.5 * (three - y)
    y, z = torch.bmm(y, step), step
    for _ in range(ITERATIONS - 2):
        step = 0.5 * (three - torch.bmm(z, y))
        y, z = torch.bmm(y, step), torch.bmm(step, z)
    return torch.bmm(0.5 * y, three - torch.bmm(z, y)) * trace.sqrt()


class SecondOrderAttention(ChannelAttention):
    """Scales channels by a function of their covariance's square root (SOCA)."""

    def statistics(self, x: Tensor) -> Tensor:
        top, left = (max(side - LARGEST_PLANE, 0) // 2 for side in x.shape[2:])
        centre = x[:, :, top : top + LARGEST_PLANE, left : left + LARGEST_PLANE]
        return square_root(covariance(centre)).mean(1)[:, :, None, None]


class RegionNonLocal(nn.Module):
    """A non-local block on each quarter of the plane by itself (RL-NL)."""

    def __init__(self, channels: int, hidden: int, hidden_attention: int) -> None:
        super().__init__()
        self.soca = SecondOrderAttention(channels, hidden_attention)
        self.non_local = NonLocal(channels, hidden)

    def forward(self, x: Tensor) -> Tensor:
        middle = x.shape[2] // 2
        return torch.cat([self._row(x[:, :, :middle]), self._row(x[:, :, middle:])], 2)

    def _row(self, x: Tensor) -> Tensor:
        middle = x.shape[3] // 2
        return torch.cat([self.non_local(x[..., :middle]), self.non_local(x[..., middle:])], 3)


class Residual(nn.Module):
    """Two convolutions added to the input, under the key name `conv_first`."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_first = nn.Sequential(conv3(channels, channels), nn.ReLU(inplace=True), conv3(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_first(x)


class AttentionGroup(nn.Module):
    """`blocks` residual blocks, second-order attention and a convolution under a skip connection (LSRAG)."""

    def __init__(self, channels: int, hidden: int, blocks: int) -> None:
        super().__init__()
        self.rcab = nn.Sequential(*(Residual(channels) for _ in range(blocks)))
        self.soca = SecondOrderAttention(channels, hidden)
        self.conv_last = conv3(channels, channels)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_last(self.soca(self.rcab(x)))


class SAN(nn.Module):
    """`groups` attention groups, each added to the first non-local features, and a pixel-shuffle tail."""

    def __init__(
        self,
        *,
        channels: int,
        groups: int,
        blocks: int,
        scale: int,
        hidden: int,
        hidden_non_local: int,
        hidden_unused: int,
        input_range: float = 255.0,
        direct: bool = False,
    ) -> None:
        super().__init__()
        self.sub_mean = MeanShift(input_range, -1)
        self.gamma = nn.Parameter(torch.zeros(1))
        self.RG = nn.ModuleList(AttentionGroup(channels, hidden, blocks) for _ in range(groups))
        self.conv_last = conv3(channels, channels)
        self.add_mean = MeanShift(input_range, 1)
        self.non_local = RegionNonLocal(channels, hidden_non_local, hidden_unused)
        self.head = nn.Sequential(conv3(3, channels))
        self.tail = reconstruction(channels, scale, direct=direct)

    def forward(self, x: Tensor) -> Tensor:
        first = self.head(self.sub_mean(x))
        shared = y = self.non_local(first)
        for group in self.RG:
            y = group(y) + self.gamma * shared
        return self.add_mean(self.tail(self.non_local(y) + first))


def infer(state: StateDict) -> Hyperparameters:
    return {
        "channels": state["head.0.weight"].shape[0],
        "groups": count(state, r"RG\.(\d+)\."),
        "blocks": count(state, r"RG\.0\.rcab\.(\d+)\."),
        **infer_reconstruction(state),
        "hidden": state["RG.0.soca.conv_du.0.weight"].shape[0],
        "hidden_non_local": state["non_local.non_local.g.weight"].shape[0],
        "hidden_unused": state["non_local.soca.conv_du.0.weight"].shape[0],
        "input_range": range_of_mean_shift("sub_mean.bias")(state),
    }


ARCHITECTURE = Architecture(
    id="san",
    name="SAN",
    build=SAN,
    detect=has_keys(
        "sub_mean.bias", "head.0.weight", "RG.0.rcab.0.conv_first.0.weight", "non_local.non_local.theta.weight"
    ),
    infer=infer,
    input_range=range_of_mean_shift("sub_mean.bias"),
    readings=readings,
    minimum_size=2,
)
