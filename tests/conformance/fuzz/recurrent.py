"""Recurrent layers over rows, columns, pixels, channels and steps."""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.conformance.fuzz.block import CHANNELS, Block, family

C = CHANNELS
recurrent = family("recurrent")


@recurrent
class Lines(Block):
    """LSTM, GRU or RNN along rows or columns."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        kind = draw.choice([nn.LSTM, nn.GRU, nn.RNN])
        both = draw.random() < 0.5
        self.r = kind(C, C // 2 if both else C, batch_first=True, bidirectional=both)
        self.down = draw.random() < 0.5

    def forward(self, y: Tensor) -> Tensor:
        b, c, h, w = y.shape
        if self.down:
            t = self.r(y.permute(0, 3, 2, 1).reshape(b * w, h, c))[0]
            return y + t.view(b, w, h, c).permute(0, 3, 2, 1)
        t = self.r(y.permute(0, 2, 3, 1).reshape(b * h, w, c))[0]
        return y + t.view(b, h, w, c).permute(0, 3, 1, 2)


@recurrent
class Pixels(Block):
    """LSTM over the pixels of a smaller picture, transposed without a copy."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.r = draw.choice([nn.LSTM, nn.GRU])(C, C, batch_first=True)

    def forward(self, y: Tensor) -> Tensor:
        small = F.avg_pool2d(y, 4)
        t = self.r(small.flatten(2).transpose(1, 2))[0].transpose(1, 2).reshape_as(small)
        return y + F.interpolate(t, size=y.shape[-2:], mode="nearest")


@recurrent
class First(Block):
    """The same with the sequence first and a state of its own."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.r = nn.LSTM(C, C, num_layers=2)

    def forward(self, y: Tensor) -> Tensor:
        small = F.adaptive_avg_pool2d(y, (5, 6))
        state = torch.zeros(2, y.shape[0], C, dtype=y.dtype), torch.ones(2, y.shape[0], C, dtype=y.dtype)
        t, (hidden, _) = self.r(small.flatten(2).permute(2, 0, 1), state)
        return y * torch.sigmoid(t[-1] + hidden[0])[:, :, None, None]


@recurrent
class Depth(Block):
    """A GRU along the channels of every pixel."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.r = nn.GRU(1, 2, batch_first=True)
        self.out = nn.Linear(2, 1)

    def forward(self, y: Tensor) -> Tensor:
        b, c, h, w = y.shape
        t = y.permute(0, 2, 3, 1).reshape(-1, c, 1)
        return self.out(self.r(t)[0]).view(b, h, w, c).permute(0, 3, 1, 2)


@recurrent
class Cells(Block):
    """A ConvGRU that runs a few steps."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.gates, self.new = nn.Conv2d(2 * C, 2 * C, 3, padding=1), nn.Conv2d(2 * C, C, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        state = torch.zeros_like(y)
        for _ in range(2):
            z, r = torch.sigmoid(self.gates(torch.cat([y, state], 1))).chunk(2, 1)
            state = (1 - z) * state + z * torch.tanh(self.new(torch.cat([y, r * state], 1)))
        return state


@recurrent
class Steps(Block):
    """An LSTMCell unrolled over pixels as a batch."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.cell = nn.LSTMCell(C, C)

    def forward(self, y: Tensor) -> Tensor:
        t = y.permute(0, 2, 3, 1).reshape(-1, C)
        hidden, memory = self.cell(t)
        hidden, _ = self.cell(t, (hidden, memory))
        return hidden.view(y.shape[0], *y.shape[-2:], C).permute(0, 3, 1, 2).contiguous()


@recurrent
class Sums(Block):
    """Running sums along rows, as selective scans are written."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.decay = nn.Parameter(torch.rand(C, 1, 1))
        self.dim = draw.choice([2, 3])

    def forward(self, y: Tensor) -> Tensor:
        steps = torch.arange(y.shape[self.dim], dtype=y.dtype).view((-1, 1) if self.dim == 2 else (1, -1))
        weights = torch.exp(-0.1 * self.decay * steps)
        return torch.cumsum(y * weights.flip(1 if self.dim == 2 else 2), self.dim) * weights * 0.2


@recurrent
class Scan(Block):
    """A state-space scan in a loop, both ways."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.a, self.b = nn.Parameter(torch.rand(C) * 0.5), nn.Conv2d(C, C, 1)

    def scan(self, u: Tensor) -> Tensor:
        state, out = u.new_zeros(u.shape[0], C, u.shape[2]), []
        for j in range(u.shape[-1]):
            state = self.a[:, None] * state + u[..., j]
            out.append(state)
        return torch.stack(out, -1)

    def forward(self, y: Tensor) -> Tensor:
        u = self.b(y)
        return self.scan(u) + self.scan(u.flip(-1)).flip(-1)
