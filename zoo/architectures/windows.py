"""Windows of a plane, which the attention of many networks stays within (Liu et al., Swin Transformer, ICCV 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

LARGEST = 256
"""No network's windows need a picture of more than this side."""


def check_side(side: int) -> int:
    """A side that pictures are continued to a multiple of, as it is; raises `ValueError` beyond `LARGEST`."""
    if not 1 <= side <= LARGEST:
        raise ValueError(f"windows of {side} pixels a side; 1 to {LARGEST} are known")
    return side


@cache
def relative_places(window: int) -> Tensor:
    """For each pair of places in a window, the index of their offset: [window², window²]."""
    side = torch.arange(window, device="cpu")
    rows, columns = torch.meshgrid(side, side, indexing="ij")
    places = torch.stack([rows.flatten(), columns.flatten()])
    offsets = places[:, :, None] - places[:, None, :] + window - 1
    return offsets[0] * (2 * window - 1) + offsets[1]


@cache
def parts(height: int, width: int, window: int, move: int) -> Tensor:
    """Which part of the picture each place of each window comes from where the plane was moved: [windows, window²]."""
    part = torch.zeros(height, width)
    for label, rows in enumerate((slice(0, -window), slice(-window, -move), slice(-move, None))):
        for other, columns in enumerate((slice(0, -window), slice(-window, -move), slice(-move, None))):
            part[rows, columns] = 3 * label + other
    return into_windows(part[None, ..., None], window)[..., 0]


@cache
def strangers(height: int, width: int, window: int) -> Tensor:
    """Which pairs of places meet in a window only because the moved plane wraps around: [windows, window², window²]."""
    found = parts(height, width, window, window // 2)
    return found[:, None, :] != found[:, :, None]


def into_windows(x: Tensor, window: int) -> Tensor:
    """[B, h, w, C] to [B · windows, window², C]."""
    batch, height, width, channels = x.shape
    x = x.view(batch, height // window, window, width // window, window, channels)
    return x.transpose(2, 3).reshape(-1, window * window, channels)


def out_of_windows(x: Tensor, window: int, shape: Sequence[int]) -> Tensor:
    """The inverse of `into_windows`, to `shape`."""
    batch, height, width, channels = shape
    x = x.view(batch, height // window, width // window, window, window, channels)
    return x.transpose(2, 3).reshape(batch, height, width, channels)


def mirrored(x: Tensor, multiple: int) -> Tensor:
    """[B, C, h, w] continued at the bottom and the right by its mirror image, to multiples of `multiple`.

    A picture smaller than what is added is mirrored again and again; one of a single row or column is repeated.
    """
    down, right = -x.shape[2] % multiple, -x.shape[3] % multiple
    if min(x.shape[2:]) == 1:
        return F.pad(x, (0, right, 0, down), mode="replicate")
    while down or right:
        now = min(down, x.shape[2] - 1), min(right, x.shape[3] - 1)
        x = F.pad(x, (0, now[1], 0, now[0]), mode="reflect")
        down, right = down - now[0], right - now[1]
    return x


def repeated_mirror(x: Tensor, multiple: int) -> Tensor:
    """As `mirrored`, but with the last row and column twice where the mirror image begins."""
    height, width = (-(-side // multiple) * multiple for side in x.shape[2:])
    while x.shape[2] < height:
        x = torch.cat([x, x.flip(2)], 2)[:, :, :height]
    while x.shape[3] < width:
        x = torch.cat([x, x.flip(3)], 3)[:, :, :, :width]
    return x
