"""What every block of the fuzz is: a module from features [B, C, H, W] to features of that shape."""

from __future__ import annotations

import random
from typing import ClassVar

from torch import nn

CHANNELS = 8
"""Features of every block: a multiple of all groups and heads."""


class Block(nn.Module):
    """One operation of published networks, as its authors write it, with sizes drawn by `draw`."""

    local: bool = True
    """Whether a pixel's output depends, by construction, on a bounded neighbourhood of the pixel alone."""
    single: ClassVar[bool] = False
    """Whether it computes in less than the precision of its input."""
    chance: ClassVar[bool] = False
    """Whether it draws random numbers from PyTorch's own generator."""

    twin: bool = False
    """Whether to compute the same in a way that autograd can follow, for blocks that published code cannot
    differentiate."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__()


class Layered(Block):
    """A block with a 3×3 convolution `c`."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)


BLOCKS: dict[str, list[type[Block]]] = {}
LATER: list[type[Block]] = []
"""Blocks that were added when the first five hundred networks were right."""


def family(name: str):
    """Registers a block in a family; families are drawn with equal probability."""

    def register(kind: type[Block]) -> type[Block]:
        BLOCKS.setdefault(name, []).append(kind)
        return kind

    return register


def later(kind: type[Block]) -> type[Block]:
    """Registers a block of the second part of the grammar; all are drawn with equal probability."""
    LATER.append(kind)
    return kind
