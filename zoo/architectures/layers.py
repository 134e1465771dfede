"""Layers that several architectures share."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn

from zoo.architectures.architecture import StateDict

DIV2K_MEAN = (0.4488, 0.4371, 0.4040)
"""Mean RGB of DIV2K in [0, 1], which EDSR and its descendants subtract at the input and add at the output."""


class MeanShift(nn.Conv2d):
    """Adds `sign` times the mean RGB of the training set: a 1×1 convolution with frozen weights."""

    def __init__(self, input_range: float, sign: int, mean: Sequence[float] = DIV2K_MEAN) -> None:
        super().__init__(3, 3, kernel_size=1)
        self.weight.data = torch.eye(3).view(3, 3, 1, 1)
        self.bias.data = sign * input_range * torch.tensor(mean)  # type: ignore[union-attr]
        self.requires_grad_(False)


def range_of_mean_shift(bias_key: str):
    """Reads the input range from the bias of a mean shift: below 1 in the unit range only."""

    def input_range(state: StateDict) -> float:
        return 255.0 if float(state[bias_key].abs().max()) > 1 else 1.0

    return input_range


def shuffle_steps(scale: int) -> list[int]:
    """Factors of the pixel shuffles that reach `scale`: twos for a power of two, one three for 3.

    >>> shuffle_steps(4), shuffle_steps(3), shuffle_steps(1)
    ([2, 2], [3], [])
    """
    if scale == 3:
        return [3]
    if scale & (scale - 1):
        raise ValueError(f"no pixel-shuffle upsampler reaches scale {scale}; use 1, 2, 3, 4 or 8")
    return [2] * int(math.log2(scale))
