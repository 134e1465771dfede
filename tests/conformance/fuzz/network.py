"""The grammar: random networks of blocks, each from a seed.

network := head body tail
body    := item | item body
item    := block | residual(body) | sum(item, item) | joined(item) | smaller(item) | twice(item) | gate(item)
         | checkpointed(item)

From seed 500 on, most blocks are drawn from the second part of the grammar.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from lam_core.convention import Convention
from tests.conformance.fuzz import (  # noqa: F401  Their blocks register themselves.
    attention,
    casts,
    chance,
    convolutions,
    fourier,
    hooks,
    in_place,
    layouts,
    recurrent,
    resizing,
    routing,
    state,
    statistics,
)
from tests.conformance.fuzz.block import BLOCKS, CHANNELS, LATER, Block
from tests.conformance.fuzz.later import composed, folded, foreign, kept, scans, sequences, written  # noqa: F401

C = CHANNELS
FIRST_LATER = 500
"""The first seed whose networks are drawn from both parts of the grammar."""
LATER_SHARE = 0.75
"""Of their blocks, the share that is drawn from the second part."""


DrawBlock = Callable[[random.Random], Block]
"""Draws one block."""


class Residual(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, y: Tensor) -> Tensor:
        return y + 0.7 * self.inner(y)


class Sum(nn.Module):
    def __init__(self, a: nn.Module, b: nn.Module) -> None:
        super().__init__()
        self.a, self.b = a, b

    def forward(self, y: Tensor) -> Tensor:
        return self.a(y) + self.b(y)


class Joined(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.mix = inner, nn.Conv2d(2 * C, C, 1)

    def forward(self, y: Tensor) -> Tensor:
        return self.mix(torch.cat([y, self.inner(y)], 1))


class Smaller(nn.Module):
    """On a picture of half the size."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.down, self.up = inner, nn.Conv2d(4 * C, C, 1), nn.Conv2d(C, 4 * C, 1)

    def forward(self, y: Tensor) -> Tensor:
        h, w = y.shape[-2:]
        x = self.down(F.pixel_unshuffle(F.pad(y, (0, w % 2, 0, h % 2), "reflect"), 2))
        return y + F.pixel_shuffle(self.up(self.inner(x)), 2)[..., :h, :w]


class Twice(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, y: Tensor) -> Tensor:
        return self.inner(torch.tanh(self.inner(y)))


class Gate(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, y: Tensor) -> Tensor:
        return y * torch.sigmoid(self.inner(y))


class Checkpointed(nn.Module):
    def __init__(self, inner: nn.Module, reentrant: bool) -> None:
        super().__init__()
        self.inner, self.reentrant = inner, reentrant

    def forward(self, y: Tensor) -> Tensor:
        return checkpoint(self.inner, y, use_reentrant=self.reentrant)


class Network(nn.Module):
    """Three colours in, three out, `scale` times as large."""

    def __init__(self, draw: random.Random, body: Callable[[random.Random], nn.Module]) -> None:
        super().__init__()
        self.scale = draw.choice([1, 2, 3, 4])
        self.head = nn.Conv2d(3, C, 3, padding=1)
        self.body = body(draw)
        self.way = draw.choice(["shuffle", "nearest", "transposed", "late"])
        s = self.scale
        wide = 3 * s * s if self.way == "shuffle" else 3
        self.tail = nn.ConvTranspose2d(C, 3, s, s) if self.way == "transposed" else nn.Conv2d(C, wide, 3, padding=1)
        self.skip = draw.choice([None, "nearest", "bilinear", "bicubic"])
        blocks = self.blocks
        # Which random numbers a pixel is given follows from the size of the whole picture.
        self.local = all(block.local and not block.chance for block in blocks)
        self.single = any(block.single for block in blocks)
        self.chance = any(block.chance for block in blocks)

    @property
    def blocks(self) -> list[Block]:
        return [module for module in self.modules() if isinstance(module, Block)]

    def forward(self, x: Tensor) -> Tensor:
        y = self.body(self.head(x))
        if self.way == "shuffle":
            y = F.pixel_shuffle(self.tail(y), self.scale)
        elif self.way == "nearest":
            y = self.tail(F.interpolate(y, scale_factor=self.scale, mode="nearest"))
        elif self.way == "transposed":
            y = self.tail(y)
        else:
            y = F.interpolate(self.tail(y), scale_factor=self.scale, mode="bilinear", align_corners=False)
        if self.skip is not None:
            corners = {} if self.skip == "nearest" else {"align_corners": False}
            y = y + F.interpolate(x, scale_factor=self.scale, mode=self.skip, **corners)
        return y

    def source(self) -> str:
        """Its structure, and the source of its blocks."""
        ways = {
            f"{type(b).__module__.split('.')[-1]}.{type(b).__name__}({getattr(b, 'way', '')})": type(b)
            for b in self.blocks
        }
        kinds = dict.fromkeys(
            kind
            for one in ways.values()
            for kind in reversed(one.__mro__)
            if issubclass(kind, Block) and kind is not Block
        )
        return "\n".join([repr(self), "Blocks: " + ", ".join(ways), *(inspect.getsource(kind) for kind in kinds)])


def _early(draw: random.Random) -> Block:
    return draw.choice(BLOCKS[draw.choice(list(BLOCKS))])(draw)


def _late(draw: random.Random) -> Block:
    return draw.choice(LATER)(draw) if draw.random() < LATER_SHARE else _early(draw)


def _body(draw: random.Random, block: DrawBlock, depth: int) -> nn.Module:
    items = [_item(draw, block, depth) for _ in range(draw.choice([1, 1, 2, 2, 3] if depth == 2 else [1, 1, 2]))]
    return items[0] if len(items) == 1 else nn.Sequential(*items)


def _item(draw: random.Random, block: DrawBlock, depth: int) -> nn.Module:
    if depth == 0 or draw.random() < 0.65:
        return block(draw)
    way = draw.choice(["residual", "sum", "joined", "smaller", "twice", "gate", "checkpointed"])
    if way == "residual":
        return Residual(_body(draw, block, depth - 1))
    if way == "sum":
        return Sum(_item(draw, block, depth - 1), _item(draw, block, depth - 1))
    if way == "checkpointed":
        return Checkpointed(_item(draw, block, depth - 1), draw.random() < 0.5)
    kind = {"joined": Joined, "smaller": Smaller, "twice": Twice, "gate": Gate}[way]
    return kind(_item(draw, block, depth - 1))


@dataclass(frozen=True)
class Case:
    """A network with all that it is asked on."""

    seed: int
    height: int
    width: int
    size: int
    """Side of the window, in SR pixels."""
    corner: tuple[float, float]
    """Where the window lies: shares of the free height and width."""
    convention: Convention

    def body(self, draw: random.Random) -> nn.Module:
        """What stands between head and tail."""
        return _body(draw, _early if self.seed < FIRST_LATER else _late, 2)

    def build(self, *, twin: bool = False) -> Network:
        """The network in float32, always the same; `twin`: as autograd can follow it."""
        torch.manual_seed(self.seed)
        network = Network(_draw(self.seed), self.body).eval()
        for parameter in network.parameters():
            # Norms start as one and zero, which would hide them.
            if parameter.dim() == 1:
                parameter.data.add_(torch.rand(parameter.shape) * 0.4 - 0.2)
        for block in network.blocks:
            block.twin = twin
        return network


@dataclass(frozen=True)
class Alone(Case):
    """A network of a single block."""

    block: type[Block]

    def body(self, draw: random.Random) -> nn.Module:
        return self.block(_draw(self.seed))

    @property
    def name(self) -> str:
        """Of the block, in its module, and the way it was drawn in."""
        made = self.block(_draw(self.seed))
        return f"{self.block.__module__.rpartition('.')[2]}.{self.block.__name__}({getattr(made, 'way', '')})"


def alone(block: type[Block], draws: int = 60) -> list[Alone]:
    """A case for each way in which a block is drawn."""
    cases = [Alone(seed, 26, 28, 6, (0.5, 0.5), Convention(), block) for seed in range(draws)]
    return list({one.name: one for one in cases}.values())


def case(seed: int) -> Case:
    """What a seed stands for."""
    draw = random.Random(f"case {seed}")
    convention = draw.choice(
        [Convention()] * 5
        + [Convention(input_range=255.0), Convention(pad_multiple=8), Convention(colour="bgr", mean=(0.4, 0.5, 0.3))]
    )
    return Case(
        seed,
        draw.randrange(30, 46),
        draw.randrange(30, 46),
        draw.choice([4, 6, 9]),
        (draw.choice([0.5, 0.5, 0.4, 0.0, 1.0]), draw.choice([0.5, 0.5, 0.6, 0.0, 1.0])),
        convention,
    )


def _draw(seed: int) -> random.Random:
    return random.Random(f"network {seed}")
