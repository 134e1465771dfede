"""A start from which a network need not learn to copy: its first output is bilinear interpolation.

Networks with a long skip connection and a direct upsampler can hold the picture itself in three of their channels.
Weights alone are set, and all of them go on learning: the architecture stays what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn


def bilinear_taps(scale: int) -> Tensor:
    """Weights of three neighbouring LR pixels for each of the `scale` SR pixels within the middle one: [scale, 3].

    >>> bilinear_taps(2)
    tensor([[0.2500, 0.7500, 0.0000],
            [0.0000, 0.7500, 0.2500]])
    """
    taps = torch.zeros(scale, 3)
    for i in range(scale):
        offset = (i + 0.5) / scale - 0.5
        taps[i, 1] = 1 - abs(offset)
        taps[i, 2 if offset > 0 else 0] += abs(offset)
    return taps


@torch.no_grad()
def begin_as_interpolation(network: nn.Module, layers: Sequence[str], scale: int) -> None:
    """Sets weights so that `network` interpolates; `layers` names the first convolution, that at the end of the
    trunk, whose output the skip connection adds to the first one's, and the last, before the pixel shuffle.

    The first two make channels 0 to 2 the picture; the last reads nothing else yet.
    """
    first, trunk, last = (cast(nn.Conv2d, network.get_submodule(name)) for name in layers)
    for layer in (first, trunk):
        layer.weight[:3] = 0
        cast(Tensor, layer.bias)[:3] = 0
    last.weight.zero_()
    cast(Tensor, last.bias).zero_()
    taps = bilinear_taps(scale)
    kernels = torch.einsum("ia,jb->ijab", taps, taps).reshape(scale**2, 3, 3)
    for channel in range(3):
        first.weight[channel, channel, 1, 1] = 1
        last.weight[channel * scale**2 : (channel + 1) * scale**2, channel] = kernels
