"""Random numbers in evaluation."""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.conformance.fuzz.block import CHANNELS, Block, family

C = CHANNELS
randomness = family("randomness")


@randomness
class Noise(Block):
    chance = True

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)
        self.way = draw.choice(["randn_like", "rand", "normal_", "buffer"])

    def forward(self, y: Tensor) -> Tensor:
        y = self.c(y)
        if self.way == "randn_like":
            return y + 0.3 * torch.randn_like(y)
        if self.way == "rand":
            return y * (1 + torch.rand(y.shape[0], 1, *y.shape[-2:]).to(y))
        if self.way == "normal_":
            return y * torch.empty_like(y).normal_(1, 0.2)
        return y * torch.bernoulli(torch.full((1, C, 1, 1), 0.7).to(y))


@randomness
class Dropped(Block):
    chance = True

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)
        self.way = draw.choice(["dropout", "dropout2d", "rrelu", "alpha"])

    def forward(self, y: Tensor) -> Tensor:
        y = self.c(y)
        if self.way == "dropout":
            return F.dropout(y, 0.3, training=True)
        if self.way == "dropout2d":
            return F.dropout2d(y, 0.3, training=True)
        return F.rrelu(y, 0.1, 0.4, training=True) if self.way == "rrelu" else F.alpha_dropout(y, 0.2, training=True)


@randomness
class Gumbel(Block):
    chance = True

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.gate = nn.Conv2d(C, C, 1)
        self.hard = draw.random() < 0.5

    def forward(self, y: Tensor) -> Tensor:
        return y * F.gumbel_softmax(self.gate(y), tau=1.0, hard=self.hard, dim=1)


@randomness
class Permuted(Block):
    """Random channels and random depth."""

    chance = True

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        y = y[:, torch.randperm(C)]
        return self.c(y) if torch.rand(()) < 0.5 else y + self.c(y)


@randomness
class Idle(Block):
    """Layers that draw in training and do not in evaluation."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)
        self.d = draw.choice([nn.Dropout(0.5), nn.Dropout2d(0.5), nn.RReLU(), nn.Identity()])

    def forward(self, y: Tensor) -> Tensor:
        return self.d(self.c(y))


@randomness
class Seeded(Block):
    """Noise from a generator of its own: the same at every pass."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        generator = torch.Generator().manual_seed(3)
        noise = torch.randn((1, C, *y.shape[-2:]), generator=generator).to(y)
        return self.c(y) + 0.1 * noise
