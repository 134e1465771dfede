"""MSRN: Li et al., "Multi-scale Residual Network for Image Super-Resolution", ECCV 2018.

Key names of the authors' code: `sub_mean, head, body, tail, add_mean`.
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
from zoo.architectures.edsr import readings
from zoo.architectures.layers import MeanShift, conv3, infer_reconstruction, range_of_mean_shift, reconstruction


class MultiScaleBlock(nn.Module):
    """Two rounds of 3×3 beside 5×5 convolutions that exchange their features, fused and added to the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_3_1 = conv3(channels, channels)
        self.conv_3_2 = conv3(channels * 2, channels * 2)
        self.conv_5_1 = nn.Conv2d(channels, channels, 5, padding=2)
        self.conv_5_2 = nn.Conv2d(channels * 2, channels * 2, 5, padding=2)
        self.confusion = nn.Conv2d(channels * 4, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(torch.cat([self.conv_3_1(x), self.conv_5_1(x)], 1))
        y = torch.relu(torch.cat([self.conv_3_2(y), self.conv_5_2(y)], 1))
        return x + self.confusion(y)


class MSRN(nn.Module):
    """`blocks` multi-scale blocks, all of whose outputs are fused, and a pixel-shuffle tail."""

    def __init__(
        self,
        *,
        channels: int,
        blocks: int,
        scale: int,
        input_range: float = 255.0,
        mean_shift: bool = True,
        direct: bool = False,
    ) -> None:
        super().__init__()
        self.mean_shift = mean_shift
        self.sub_mean = MeanShift(input_range, -1)
        self.add_mean = MeanShift(input_range, 1)
        self.head = nn.Sequential(conv3(3, channels))
        self.body = nn.Sequential(*(MultiScaleBlock(channels) for _ in range(blocks)))
        self.tail = nn.Sequential(
            nn.Conv2d(channels * (blocks + 1), channels, 1),
            conv3(channels, channels),
            *reconstruction(channels, scale, direct=direct),
        )

    def forward(self, x: Tensor) -> Tensor:
        first = x = self.head(self.sub_mean(x) if self.mean_shift else x)
        outputs = []
        for block in self.body:
            x = block(x)
            outputs.append(x)
        x = self.tail(torch.cat([*outputs, first], 1))
        return self.add_mean(x) if self.mean_shift else x


def infer(state: StateDict) -> Hyperparameters:
    return {
        "channels": state["head.0.weight"].shape[0],
        "blocks": count(state, r"body\.(\d+)\.confusion\.weight"),
        **infer_reconstruction(state, "tail.2"),
        "input_range": range_of_mean_shift("sub_mean.bias")(state),
    }


ARCHITECTURE = Architecture(
    id="msrn",
    name="MSRN",
    build=MSRN,
    detect=has_keys("sub_mean.bias", "head.0.weight", "body.0.conv_5_2.weight", "tail.1.weight"),
    infer=infer,
    input_range=range_of_mean_shift("sub_mean.bias"),
    readings=readings,
)
