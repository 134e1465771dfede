"""Networks that are asked for colours at coordinates, such as LIIF (Chen, Liu and Wang, CVPR 2021), as SR networks."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from lam_core.errors import LamError


class CoordinateError(LamError, ValueError):
    """A scale or an answer that a network asked at coordinates cannot have."""


class CoordinateNetwork(nn.Module):
    """A network of (image, coordinates, cells) as one of the image alone, at a whole or a fractional scale.

    Its output has round(s·h) × round(s·w) pixels. Fractional scales are for `attribute_tensor`.

    Args:
        network: `network(x, coord, cell)` gives [B, Q, C] for x [B, C, h, w], `coord` [B, Q, 2] (row first, the image
            from -1 to 1) and `cell` [B, Q, 2], the size of an output pixel in the same units.
        scale: enlargement along each side, 1 or more.
        at_once: output pixels that are asked for together.
    """

    def __init__(self, network: nn.Module, scale: float, *, at_once: int = 65_536) -> None:
        super().__init__()
        if isinstance(scale, bool) or not isinstance(scale, int | float) or not 0 < scale < math.inf:
            raise CoordinateError(f"scale is {scale!r}; give a number above 0, such as 4 or 2.5")
        self.network = network
        self.scale = float(scale)
        self.at_once = at_once

    def forward(self, x: Tensor) -> Tensor:
        height, width = (round(side * self.scale) for side in x.shape[-2:])
        rows, columns = (centres(side).to(x) for side in (height, width))
        coord = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), -1).view(1, -1, 2).expand(len(x), -1, -1)
        cell = x.new_tensor([2 / height, 2 / width]).expand_as(coord)
        pieces = [
            self.network(x, coord[:, start : start + self.at_once], cell[:, start : start + self.at_once])
            for start in range(0, coord.shape[1], self.at_once)
        ]
        answer = torch.cat(pieces, 1)
        if answer.shape[:2] != coord.shape[:2] or answer.dim() != 3:
            raise CoordinateError(
                f"{type(self.network).__name__} gave {tuple(answer.shape)} for {coord.shape[1]} coordinates; "
                f"a network asked at coordinates gives [B, {coord.shape[1]}, 3]"
            )
        return answer.transpose(1, 2).reshape(len(x), -1, height, width)


def centres(side: int) -> Tensor:
    """Centres of `side` pixels that fill -1 to 1.

    >>> centres(2).tolist()
    [-0.5, 0.5]
    """
    return (2 * torch.arange(side, dtype=torch.float64) + 1) / side - 1
