"""RNAN: Zhang et al., "Residual Non-local Attention Networks for Image Restoration", ICLR 2019.

Key names of the authors' code: `sub_mean, head, body_nl_low, body, body_nl_high, tail, add_mean`. Without a tail's
upsampler (scale 1) it is a restoration network.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zoo.architectures.architecture import (
    Architecture,
    Hyperparameters,
    StateDict,
    count,
    has_keys,
)
from zoo.architectures.layers import (
    MeanShift,
    NonLocal,
    ResidualBlock,
    conv3,
    infer_reconstruction,
    range_of_mean_shift,
    reconstruction,
)
from zoo.architectures.rcan import readings


class MaskBranch(nn.Module):
    """Halves and doubles the plane again to see further, and ends in a mask (figure 3)."""

    def __init__(self, channels: int, *, non_local: bool) -> None:
        super().__init__()
        # The published code normalises over the places that ask, not over those that answer; weights expect it.
        first = [NonLocal(channels, channels // 2, sums_to_one="given")] if non_local else []
        self.MB_RB1 = nn.Sequential(*first, ResidualBlock(channels))
        self.MB_Down = nn.Sequential(nn.Conv2d(channels, channels, 3, stride=2, padding=1))
        self.MB_RB2 = nn.Sequential(ResidualBlock(channels), ResidualBlock(channels))
        self.MB_Up = nn.Sequential(nn.ConvTranspose2d(channels, channels, 6, stride=2, padding=2))
        self.MB_RB3 = nn.Sequential(ResidualBlock(channels))
        self.MB_1x1conv = nn.Sequential(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.MB_RB1(x)
        x = x + self.MB_Up(self.MB_RB2(self.MB_Down(x)))
        return torch.sigmoid(self.MB_1x1conv(self.MB_RB3(x)))


class Trunk(nn.Module):
    """Two residual blocks: the branch that is masked."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(ResidualBlock(channels), ResidualBlock(channels))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


class Attention(nn.Module):
    """A trunk, scaled by a mask and added to its input, between residual blocks."""

    def __init__(self, channels: int, *, non_local: bool) -> None:
        super().__init__()
        self.RA_RB1 = nn.Sequential(ResidualBlock(channels))
        self.RA_TB = nn.Sequential(Trunk(channels))
        self.RA_MB = nn.Sequential(MaskBranch(channels, non_local=non_local))
        self.RA_tail = nn.Sequential(ResidualBlock(channels), ResidualBlock(channels))

    def forward(self, x: Tensor) -> Tensor:
        x = self.RA_RB1(x)
        return self.RA_tail(self.RA_TB(x) * self.RA_MB(x) + x)


class Group(nn.Module):
    """An attention module and a convolution, without a skip connection."""

    def __init__(self, channels: int, *, non_local: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(Attention(channels, non_local=non_local), conv3(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


class RNAN(nn.Module):
    """`groups` attention groups, the first and the last of them non-local. Height and width must be even."""

    def __init__(
        self,
        *,
        channels: int,
        groups: int,
        scale: int,
        mean_shift: bool = True,
        input_range: float = 255.0,
        direct: bool = False,
    ) -> None:
        super().__init__()
        self.mean_shift = mean_shift
        if mean_shift:
            self.sub_mean = MeanShift(input_range, -1)
            self.add_mean = MeanShift(input_range, 1)
        self.head = nn.Sequential(conv3(3, channels))
        self.body_nl_low = nn.Sequential(Group(channels, non_local=True))
        self.body = nn.Sequential(
            *(Group(channels, non_local=False) for _ in range(groups - 2)), conv3(channels, channels)
        )
        self.body_nl_high = nn.Sequential(Group(channels, non_local=True))
        self.tail = reconstruction(channels, scale, direct=direct)

    def forward(self, x: Tensor) -> Tensor:
        x = self.head(self.sub_mean(x) if self.mean_shift else x)
        x = self.tail(x + self.body_nl_high(self.body(self.body_nl_low(x))))
        return self.add_mean(x) if self.mean_shift else x


def infer(state: StateDict) -> Hyperparameters:
    return {
        "channels": state["head.0.weight"].shape[0],
        "groups": count(state, r"body\.(\d+)\.body\.0\.RA_RB1\.") + 2,
        **infer_reconstruction(state),
        "mean_shift": "sub_mean.bias" in state,
        "input_range": range_of_mean_shift("sub_mean.bias")(state),
    }


ARCHITECTURE = Architecture(
    id="rnan",
    name="RNAN",
    build=RNAN,
    detect=has_keys(
        "head.0.weight", "body_nl_low.0.body.0.RA_MB.0.MB_RB1.0.theta.weight", "body_nl_high.0.body.1.weight"
    ),
    infer=infer,
    input_range=range_of_mean_shift("sub_mean.bias"),
    readings=readings,
    pad_multiple=2,
)
