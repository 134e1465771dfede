"""Ways chosen by values: sorting, gating, masks, indices and branches."""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.conformance.fuzz.block import CHANNELS, Block, family

C = CHANNELS
routing = family("routing")


@routing
class BestChannels(Block):
    """The channels of the largest means alone."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C // 2, C, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        b, _, h, w = y.shape
        index = y.mean((2, 3)).topk(C // 2, 1)[1]
        return self.c(torch.gather(y, 1, index[:, :, None, None].expand(b, -1, h, w)))


@routing
class BestExpert(Block):
    """One of three convolutions at every pixel, by argmax."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.gate = nn.Conv2d(C, 3, 1)
        self.experts = nn.ModuleList(nn.Conv2d(C, C, 3, padding=1) for _ in range(3))

    def forward(self, y: Tensor) -> Tensor:
        which = F.one_hot(self.gate(y).argmax(1), 3).permute(0, 3, 1, 2).to(y.dtype)
        return sum(which[:, i : i + 1] * e(y) for i, e in enumerate(self.experts))


@routing
class PictureExperts(Block):
    """Two of three experts for a picture, as SeemoRe's routing."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.gate = nn.Linear(C, 3)
        self.experts = nn.ModuleList(nn.Conv2d(C, C, 3, padding=1) for _ in range(3))

    def forward(self, y: Tensor) -> Tensor:
        weights, chosen = self.gate(y.mean((2, 3))).softmax(-1).topk(2)
        out = torch.zeros_like(y)
        for i, expert in enumerate(self.experts):
            picture, place = torch.where(chosen == i)
            if len(picture):
                out[picture] += weights[picture, place, None, None, None] * expert(y[picture])
        return out


@routing
class OneExpert(Block):
    """An expert fetched by number."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.gate = nn.Linear(C, 2)
        self.experts = nn.ModuleList(nn.Conv2d(C, C, 3, padding=1) for _ in range(2))

    def forward(self, y: Tensor) -> Tensor:
        scores = self.gate(y.mean((2, 3))).softmax(-1)
        return torch.cat([scores[i].max() * self.experts[int(s.argmax())](y[i : i + 1]) for i, s in enumerate(scores)])


@routing
class SortedChannels(Block):
    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 1)

    def forward(self, y: Tensor) -> Tensor:
        return self.c(torch.sort(y, dim=1, descending=True)[0])


@routing
class SortedPixels(Block):
    """Tokens sorted by their score, averaged with their neighbours, put back."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.score = nn.Conv2d(C, 1, 1)

    def forward(self, y: Tensor) -> Tensor:
        order = self.score(y).flatten(1).argsort(1)
        t = y.flatten(2)
        t = torch.gather(t, 2, order[:, None].expand_as(t))
        t = F.avg_pool1d(t, 3, 1, 1, count_include_pad=False)
        back = torch.zeros_like(t).scatter(2, order[:, None].expand_as(t), t)
        return y + back.view_as(y)


@routing
class Rearranged(Block):
    """Channels in the order of their values at every pixel, and back by scatter."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.w = nn.Parameter(torch.rand(1, C, 1, 1))

    def forward(self, y: Tensor) -> Tensor:
        order = torch.argsort(y, 1)
        out = torch.empty_like(y)
        return out.scatter_(1, order, torch.gather(y, 1, order) * self.w)


@routing
class Masked(Block):
    """What is positive, taken out, changed and put back."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["select", "index", "where"])

    def forward(self, y: Tensor) -> Tensor:
        mask = y > 0
        if self.way == "select":
            return y.masked_scatter(mask, torch.masked_select(y, mask) ** 2)
        if self.way == "index":
            out = y.clone()
            out[mask] = y[mask] * 2
            return out
        return torch.where(mask, y * 2, y.tanh())


@routing
class Punched(Block):
    """Rows and columns written by index tensors."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        y = self.c(y)
        rows = torch.arange(0, y.shape[-2], 2)
        y = y.index_put((torch.tensor(0), torch.tensor(1)), y[0, 2]) if y.shape[0] == 1 else y.clone()
        y[:, :, rows] = y[:, :, rows] * 0.5
        return y.index_add(1, torch.tensor([0, 2]), y[:, :2], alpha=0.5)


@routing
class Branch(Block):
    """A branch on a value of the picture."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.a, self.b = nn.Conv2d(C, C, 3, padding=1), nn.Conv2d(C, C, 1)
        self.way = draw.choice(["item", "bool", "float"])
        self.level = draw.choice([-10.0, 0.0, 0.1])

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "item":
            other = y.mean().item() > self.level
        elif self.way == "bool":
            other = bool((y.amax() > self.level).all())
        else:
            other = float(y.detach().std()) > self.level
        return self.a(y) if other else self.b(y)


@routing
class Until(Block):
    """A loop that ends when the values are small enough."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        steps = 0
        while y.abs().max() > 0.5 and steps < 4:
            y, steps = 0.5 * torch.tanh(self.c(y)), steps + 1
        return y


@routing
class Codebook(Block):
    """Vector quantisation with a straight-through gradient."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.codes = nn.Embedding(16, C)
        self.c = nn.Conv2d(C, C, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        t = y.permute(0, 2, 3, 1).contiguous()
        distances = torch.cdist(t.view(-1, C), self.codes.weight)
        q = self.codes(distances.argmin(1)).view(t.shape)
        q = t + (q - t).detach()
        return self.c(q.permute(0, 3, 1, 2)) + 0.1 * y


@routing
class Rounded(Block):
    """Values in steps, the gradient passed straight through; or looked up."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.register_buffer("edges", torch.linspace(-1, 1, 9))
        self.table = nn.Parameter(torch.randn(10))
        self.way = draw.choice(["round", "bucket", "search"])

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "round":
            return y + ((y * 8).round() / 8 - y).detach()
        edges = self.edges.to(y.dtype)
        index = torch.bucketize(y, edges) if self.way == "bucket" else torch.searchsorted(edges, y.contiguous())
        return y * self.table[index]


@routing
class Ranked(Block):
    """Medians, k-th values and modes over channels or neighbourhoods."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["median", "kth", "neighbours", "quantile"])

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "median":
            return y - y.median(1, keepdim=True).values
        if self.way == "kth":
            return y - torch.kthvalue(y, 3, dim=1, keepdim=True)[0]
        if self.way == "quantile":
            return y - y.quantile(0.3, dim=1, keepdim=True)
        b, c, h, w = y.shape
        return y + F.unfold(y, 3, padding=1).view(b, c, 9, h * w).median(2)[0].view_as(y)


@routing
class Classified(Block):
    """ClassSR: patches sorted into classes by their values, each class through its own layer."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.simple, self.complex = nn.Conv2d(C, C, 1), nn.Conv2d(C, C, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        out = torch.zeros_like(y)
        half = y.shape[-1] // 2
        for columns in (slice(0, half), slice(half, None)):
            patch = y[..., columns]
            out[..., columns] = self.complex(patch) if patch.std() > 0.3 else self.simple(patch)
        return out


@routing
class Counted(Block):
    """A histogram by scatter_add, read back as a gain."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.w = nn.Parameter(torch.randn(4))

    def forward(self, y: Tensor) -> Tensor:
        bins = (y.detach() * 2).long().clamp(-2, 1) + 2
        counts = torch.zeros(y.shape[0], 4, dtype=y.dtype).scatter_add(
            1, bins.flatten(1), torch.ones_like(y).flatten(1)
        )
        return y * torch.gather(counts / counts.sum(1, keepdim=True) + self.w, 1, bins.flatten(1)).view_as(y)


@routing
class Pruned(Block):
    """Half of the tokens by score are processed and written back by index."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.score, self.mlp = nn.Linear(C, 1), nn.Sequential(nn.Linear(C, C), nn.GELU(), nn.Linear(C, C))

    def forward(self, y: Tensor) -> Tensor:
        t = y.flatten(2).transpose(1, 2)
        kept = self.score(t).squeeze(-1).topk(t.shape[1] // 2, dim=1, sorted=False).indices
        picked = torch.stack([row[index] for row, index in zip(t, kept, strict=True)])
        picked = self.mlp(picked)
        out = t.clone()
        for i in range(t.shape[0]):
            out[i, kept[i]] = picked[i]
        return out.transpose(1, 2).reshape(y.shape)
