"""Types other than the input's: single and half precision, integers, booleans."""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.conformance.fuzz.block import CHANNELS, Block, family

C = CHANNELS
casts = family("casts")


@casts
class Single(Block):
    """A layer that computes in float32 whatever it is given, as FFTformer's and SeemoRe's do."""

    single = True

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)
        self.way = draw.choice(["float", "type_as", "softmax"])

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "softmax":
            return y * y.float().softmax(1).to(y.dtype)
        if self.way == "type_as":
            one = torch.ones(1)
            return F.gelu(self.c(y).type_as(one)).type_as(y)
        return (self.c(y).float() ** 2).to(y.dtype)


@casts
class Half(Block):
    """An activation in half precision and back."""

    single = True

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)
        self.dtype = draw.choice([torch.float16, torch.bfloat16])

    def forward(self, y: Tensor) -> Tensor:
        z = self.c(y).to(self.dtype)
        return y + F.silu(z).to(y.dtype)


@casts
class Double(Block):
    """A normalisation in float64."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        z = self.c(y).double()
        return (z / (z.abs().mean(1, keepdim=True) + 0.1)).to(y.dtype)


@casts
class Indices(Block):
    """A table of gains by integer coordinates."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.table = nn.Embedding(8, C)
        self.c = nn.Conv2d(C, C, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        h, w = y.shape[-2:]
        index = (torch.arange(h)[:, None] // 3 + torch.arange(w)) % 8
        return self.c(y) * self.table(index.to(torch.int32)).permute(2, 0, 1)


@casts
class Bits(Block):
    """Eight bits, booleans and signs: parts whose gradient is zero."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)
        self.way = draw.choice(["bytes", "bool", "sign", "floor"])

    def forward(self, y: Tensor) -> Tensor:
        z = self.c(y)
        if self.way == "bytes":
            return z + (y.clamp(0, 1) * 255).to(torch.uint8).to(y.dtype) / 255
        if self.way == "bool":
            return z * (y > 0.1).to(y.dtype) + (z > 0) * y
        return z * y.sign() if self.way == "sign" else z + y.floor().int()


@casts
class Parameterless(Block):
    """Constants of the default type, joined or multiplied: the type is promoted."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        ramp = torch.linspace(0.5, 1, y.shape[-1])
        return self.c(y * ramp + torch.zeros(1, C, 1, 1)) * torch.tensor(0.5) + torch.ones(
            y.shape[-2], 1, dtype=torch.int64
        )


@casts
class Autocast(Block):
    """A region of automatic mixed precision, switched off or on."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        with torch.autocast("cpu", enabled=False):
            return self.c(y).tanh()
