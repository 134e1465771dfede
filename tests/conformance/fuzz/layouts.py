"""Memory layouts, views and their order."""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.conformance.fuzz.block import CHANNELS, Block, family

C = CHANNELS
layouts = family("layouts")


@layouts
class Strided(Block):
    """Means of 3×3 windows by as_strided."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        y = F.pad(y, (1, 1, 1, 1)).contiguous()
        b, c, h, w = y.shape
        i, j, k, m = y.stride()
        return self.c(y.as_strided((b, c, h - 2, w - 2, 3, 3), (i, j, k, m, k, m)).mean((-1, -2)))


@layouts
class ChannelsLast(Block):
    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)
        self.way = draw.choice(["to", "contiguous", "permute"])

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "to":
            return self.c(y.to(memory_format=torch.channels_last))
        if self.way == "contiguous":
            return self.c(y.contiguous(memory_format=torch.channels_last)).contiguous()
        return self.c(y.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2))


@layouts
class OwnStrides(Block):
    """Another way where the memory is laid out otherwise."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        y = self.c(y.contiguous())
        rows = y.reshape(-1)[: y.numel()].view(y.shape[0], C, -1)
        if not y.is_contiguous():
            return torch.flip(y, (1,))
        return (rows * rows.new_tensor(0.5)).view(y.size())


@layouts
class FlatMemory(Block):
    """The elements in the order in which they lie: channels mixed as the author's layout has it."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 1)

    def forward(self, y: Tensor) -> Tensor:
        b, c, h, w = y.shape
        return self.c(y.permute(0, 2, 3, 1).contiguous().view(b, c, h, w)) + y


@layouts
class Unfolded(Block):
    """Windows by Tensor.unfold, or by unfold and fold."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.w = nn.Parameter(torch.rand(3, 3))
        self.way = draw.choice(["tensor", "fold", "module", "stride"])

    def forward(self, y: Tensor) -> Tensor:
        b, c, h, w = y.shape
        if self.way == "tensor":
            return (F.pad(y, (1, 1, 1, 1), "reflect").unfold(2, 3, 1).unfold(3, 3, 1) * self.w).sum((-1, -2))
        if self.way == "stride":
            x = F.pad(y, (0, (-w) % 2, 0, (-h) % 2))
            t = F.unfold(x, 2, stride=2).tanh()
            return F.fold(t, x.shape[-2:], 2, stride=2)[..., :h, :w]
        columns = F.unfold(y, 3, padding=1)
        columns = columns * self.w.view(1, 1, 9, 1).expand(b, c, 9, 1).reshape(b, c * 9, 1)
        ones = F.fold(F.unfold(torch.ones_like(y[:, :1]), 3, padding=1), (h, w), 3, padding=1)
        return F.fold(columns, (h, w), 3, padding=1) / ones


@layouts
class Turned(Block):
    """Flips, turns, rolls and their way back, as self-ensembles do."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)
        self.way = draw.choice(["flip", "turn", "transpose"])
        self.local = self.way == "transpose"

    local = False  # the mirrored place is read as well

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "flip":
            return self.c(y) + self.c(y.flip(-1)).flip(-1) + 0.1 * y.flip(-2)
        if self.way == "turn":
            return torch.rot90(self.c(torch.rot90(y, 1, (2, 3))), -1, (2, 3))
        return self.c(y.transpose(2, 3)).transpose(2, 3)


@layouts
class Ensemble(Block):
    """Eight turns in one batch, averaged."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        batch = torch.cat([y, y.flip(2), y.flip(3), y.flip(2, 3)])
        a, b, c, d = self.c(batch).tanh().chunk(4)
        return (a + b.flip(2) + c.flip(3) + d.flip(2, 3)) / 4


@layouts
class Repeated(Block):
    """Expands, repeats, tiles and their sums."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.w = nn.Parameter(torch.rand(3, 1, C, 1, 1))
        self.c = nn.Conv2d(2 * C, C, 1)

    def forward(self, y: Tensor) -> Tensor:
        three = (y.unsqueeze(0).expand(3, -1, -1, -1, -1) * self.w).sum(0)
        two = torch.repeat_interleave(three, 2, dim=1) + torch.tile(y, (1, 2, 1, 1))
        return self.c(two)


@layouts
class Squeezed(Block):
    """A dimension of one picture squeezed away and put back."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)
        self.way = draw.choice(["squeeze", "index", "view", "assert"])

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "squeeze":
            return self.c(y.squeeze(0)).view(-1, C, *y.shape[-2:])
        if self.way == "index":
            return self.c(y[0]).unsqueeze(0)
        if self.way == "view":
            return self.c(y).view(1, C, *y.shape[-2:])
        assert y.shape[0] == 1, "one picture, please"
        return self.c(y)


@layouts
class Products(Block):
    """Matrix products over channels in several notations."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.w = nn.Parameter(torch.randn(C, C) * 0.4)
        self.way = draw.choice(["matmul", "tensordot", "einsum", "bmm", "linear", "addmm"])

    def forward(self, y: Tensor) -> Tensor:
        b, c, h, w = y.shape
        if self.way == "matmul":
            return (self.w @ y.flatten(2)).view_as(y)
        if self.way == "tensordot":
            return torch.tensordot(self.w, y, dims=([1], [1])).transpose(0, 1)
        if self.way == "einsum":
            return torch.einsum("dc,bchw->bdhw", self.w, y)
        if self.way == "bmm":
            return torch.bmm(self.w.expand(b, -1, -1), y.reshape(b, c, -1)).reshape(b, c, h, w)
        if self.way == "linear":
            return F.linear(y.movedim(1, -1), self.w).movedim(-1, 1)
        return torch.addmm(self.w[0], y.permute(0, 2, 3, 1).reshape(-1, c), self.w).view(b, h, w, c).permute(0, 3, 1, 2)


@layouts
class TokenMixer(Block):
    """An MLP across all tokens of a fixed grid, and a Gram matrix of the channels."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.mix = nn.Linear(36, 36)

    def forward(self, y: Tensor) -> Tensor:
        small = F.adaptive_avg_pool2d(y, 6).flatten(2)
        gram = torch.baddbmm(torch.eye(C).to(y).expand(y.shape[0], -1, -1), small, small.transpose(1, 2), alpha=0.05)
        mixed = F.interpolate(self.mix(small).view(-1, C, 6, 6), y.shape[-2:], mode="bicubic", align_corners=False)
        return torch.bmm(gram, y.flatten(2)).view_as(y) + mixed
