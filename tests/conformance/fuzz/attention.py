"""Attention over channels, windows, neighbourhoods, rows and whole pictures."""

from __future__ import annotations

import random

import torch
from torch import Tensor, einsum, nn
from torch.nn import functional as F

from tests.conformance.fuzz.block import CHANNELS, Block, family

C = CHANNELS
attention = family("attention")


def windows(y: Tensor, side: int) -> Tensor:
    """[B, C, H, W] to [B·windows, side², C]."""
    b, c, h, w = y.shape
    y = y.view(b, c, h // side, side, w // side, side)
    return y.permute(0, 2, 4, 3, 5, 1).contiguous().view(-1, side * side, c)


def from_windows(tokens: Tensor, side: int, h: int, w: int) -> Tensor:
    """The inverse of `windows`."""
    b = int(tokens.shape[0] / (h * w / side / side))
    y = tokens.view(b, h // side, w // side, side, side, -1)
    return y.permute(0, 5, 1, 3, 2, 4).contiguous().view(b, -1, h, w)


class Windowed(Block):
    """Tokens of windows of 4×4 pixels; the picture is padded to whole windows and cut again."""

    side = 4

    def tokens(self, t: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, y: Tensor) -> Tensor:
        h, w = y.shape[-2:]
        padded = F.pad(y, (0, (-w) % self.side, 0, (-h) % self.side), mode="reflect")
        t = windows(padded, self.side)
        return y + from_windows(self.tokens(t), self.side, *padded.shape[-2:])[..., :h, :w]


@attention
class WindowHeads(Windowed):
    """nn.MultiheadAttention on windows."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.m = nn.MultiheadAttention(C, 2, batch_first=True, bias=draw.random() < 0.5)
        self.need = draw.random() < 0.5

    def tokens(self, t: Tensor) -> Tensor:
        return self.m(t, t, t, need_weights=self.need)[0]


@attention
class WindowEncoder(Windowed):
    """nn.TransformerEncoderLayer on windows, batch first or last, norm first or last."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.first = draw.random() < 0.7
        layer = nn.TransformerEncoderLayer(
            C, 2, 2 * C, 0.1, draw.choice(["relu", "gelu"]), batch_first=self.first, norm_first=draw.random() < 0.5
        )
        self.m = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False) if draw.random() < 0.4 else layer

    def tokens(self, t: Tensor) -> Tensor:
        return self.m(t) if self.first else self.m(t.transpose(0, 1)).transpose(0, 1)


@attention
class WindowProduct(Windowed):
    """SDPA on windows, queries, keys and values in one projection."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.qkv, self.out, self.norm = nn.Linear(C, 3 * C), nn.Linear(C, C), nn.LayerNorm(C)
        self.causal = draw.random() < 0.3

    def tokens(self, t: Tensor) -> Tensor:
        b, n, c = t.shape
        q, k, v = self.qkv(self.norm(t)).reshape(b, n, 3, 2, c // 2).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        return self.out(y.transpose(1, 2).reshape(b, n, c))


@attention
class Swin(Block):
    """Window attention with a shift, a bias of relative positions and a mask, as SwinIR's."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.side, self.shift = 4, draw.choice([0, 2])
        self.qkv, self.proj, self.norm = nn.Linear(C, 3 * C), nn.Linear(C, C), nn.LayerNorm(C)
        self.table = nn.Parameter(torch.randn((2 * self.side - 1) ** 2, 2) * 0.2)
        axis = torch.stack(torch.meshgrid(torch.arange(4), torch.arange(4), indexing="ij")).flatten(1)
        away = (axis[:, :, None] - axis[:, None]).permute(1, 2, 0) + self.side - 1
        self.register_buffer("index", away[..., 0] * (2 * self.side - 1) + away[..., 1])
        self.masks: dict[tuple[int, int], Tensor] = {}

    def mask(self, h: int, w: int, like: Tensor) -> Tensor:
        if (h, w) not in self.masks:
            labels = torch.zeros(1, h, w, 1)
            parts = slice(0, -self.side), slice(-self.side, -self.shift), slice(-self.shift, None)
            for i, rows in enumerate(parts):
                for j, columns in enumerate(parts):
                    labels[:, rows, columns] = 3 * i + j
            flat = windows(labels.permute(0, 3, 1, 2), self.side).squeeze(2)
            gap = flat[:, None] - flat[:, :, None]
            self.masks[h, w] = gap.masked_fill(gap != 0, -100.0).masked_fill(gap == 0, 0.0)
        return self.masks[h, w].to(like)

    def forward(self, y: Tensor) -> Tensor:
        h0, w0 = y.shape[-2:]
        x = F.pad(y, (0, (-w0) % self.side, 0, (-h0) % self.side), "reflect")
        h, w = x.shape[-2:]
        if self.shift:
            x = torch.roll(x, (-self.shift, -self.shift), (2, 3))
        t = windows(x, self.side)
        b, n, c = t.shape
        q, k, v = self.qkv(self.norm(t)).reshape(b, n, 3, 2, c // 2).permute(2, 0, 3, 1, 4)
        scores = (q * (c // 2) ** -0.5) @ k.transpose(-2, -1)
        scores = scores + self.table[self.index.view(-1)].view(n, n, -1).permute(2, 0, 1).contiguous().unsqueeze(0)
        if self.shift:
            mask = self.mask(h, w, t)
            scores = scores.view(b // len(mask), len(mask), 2, n, n) + mask.unsqueeze(1).unsqueeze(0)
            scores = scores.view(-1, 2, n, n)
        t = self.proj((scores.softmax(-1) @ v).transpose(1, 2).reshape(b, n, c))
        x = from_windows(t, self.side, h, w)
        if self.shift:
            x = torch.roll(x, (self.shift, self.shift), (2, 3))
        return y + x[..., :h0, :w0]


@attention
class Einsum(Windowed):
    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.q, self.k, self.v = (nn.Linear(C, C, bias=False) for _ in range(3))

    def tokens(self, t: Tensor) -> Tensor:
        scores = einsum("bic,bjc->bij", self.q(t), self.k(t)) * C**-0.5
        return einsum("bij,bjc->bic", scores.softmax(dim=-1), self.v(t))


@attention
class Neighbourhood(Block):
    """Every pixel attends to its 3×3 neighbours."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.qkv = nn.Conv2d(C, 3 * C, 1)

    def forward(self, y: Tensor) -> Tensor:
        b, c, h, w = y.shape
        q, k, v = self.qkv(y).chunk(3, 1)
        k, v = (F.unfold(z, 3, padding=1).view(b, c, 9, h * w) for z in (k, v))
        scores = (q.reshape(b, c, 1, h * w) * k).sum(1, keepdim=True).softmax(2)
        return y + (scores * v).sum(2).view(b, c, h, w)


@attention
class Channels(Block):
    """Squeeze and excitation."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        pool = nn.AdaptiveMaxPool2d(1) if draw.random() < 0.3 else nn.AdaptiveAvgPool2d(1)
        self.gate = nn.Sequential(pool, nn.Conv2d(C, 2, 1), nn.ReLU(True), nn.Conv2d(2, C, 1), nn.Sigmoid())

    def forward(self, y: Tensor) -> Tensor:
        return y * self.gate(y)


@attention
class Spatial(Block):
    """CBAM's spatial half."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(2, 1, 7, padding=3)

    def forward(self, y: Tensor) -> Tensor:
        both = torch.cat((torch.max(y, 1)[0].unsqueeze(1), torch.mean(y, 1).unsqueeze(1)), dim=1)
        return y * torch.sigmoid(self.c(both))


@attention
class Gated(Block):
    """NAFNet's simple gate beside pixel attention."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c, self.p = nn.Conv2d(C, 2 * C, 1), nn.Conv2d(C, C, 1)

    def forward(self, y: Tensor) -> Tensor:
        a, b = self.c(y).chunk(2, dim=1)
        return y + a * b * self.p(y).sigmoid()


@attention
class Restormer(Block):
    """Attention between channels, normalised over all pixels."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.qkv = nn.Sequential(nn.Conv2d(C, 3 * C, 1, bias=False), nn.Conv2d(3 * C, 3 * C, 3, 1, 1, groups=3 * C))
        self.temperature = nn.Parameter(torch.ones(2, 1, 1))
        self.out = nn.Conv2d(C, C, 1)

    def forward(self, y: Tensor) -> Tensor:
        b, c, h, w = y.shape
        q, k, v = (z.reshape(b, 2, c // 2, h * w) for z in self.qkv(y).chunk(3, 1))
        q, k = F.normalize(q, dim=-1), F.normalize(k, dim=-1)
        scores = (q @ k.transpose(-2, -1) * self.temperature).softmax(-1)
        return y + self.out((scores @ v).reshape(b, c, h, w))


@attention
class ChannelProduct(Block):
    """SDPA with channels as tokens, the pixels of a smaller picture as their features."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.contiguous = draw.random() < 0.5

    def forward(self, y: Tensor) -> Tensor:
        b, c, h, w = y.shape
        t = y.view(b, 2, c // 2, h * w) / 8
        t = t.contiguous() if self.contiguous else t
        return y + F.scaled_dot_product_attention(t, t, t).reshape_as(y)


@attention
class Pixels(Block):
    """SDPA over all pixels of a smaller picture; their features are strided."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.stride, self.q, self.kv = 4, nn.Conv2d(C, C, 1), nn.Conv2d(C, 2 * C, 1)

    def forward(self, y: Tensor) -> Tensor:
        small = F.avg_pool2d(y, self.stride)
        q = self.q(small).flatten(2).transpose(1, 2).unsqueeze(1)
        k, v = (z.flatten(2).transpose(1, 2).unsqueeze(1) for z in self.kv(small).chunk(2, 1))
        t = F.scaled_dot_product_attention(q, k, v).squeeze(1).transpose(1, 2)
        return y + F.interpolate(t.reshape(small.shape), size=y.shape[-2:], mode="bilinear", align_corners=False)


@attention
class Rows(Block):
    """nn.MultiheadAttention along rows or columns."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.m = nn.MultiheadAttention(C, 2, batch_first=True)
        self.down = draw.random() < 0.5

    def forward(self, y: Tensor) -> Tensor:
        c = y.shape[1]
        t = y.permute(0, 3, 2, 1) if self.down else y.permute(0, 2, 3, 1)
        s = t.reshape(-1, t.shape[2], c)
        s = self.m(s, s, s)[0].view(t.shape)
        return y + (s.permute(0, 3, 2, 1) if self.down else s.permute(0, 3, 1, 2))


@attention
class Linear(Block):
    """Linear attention over all pixels."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.qkv = nn.Conv2d(C, 3 * C, 1)

    def forward(self, y: Tensor) -> Tensor:
        q, k, v = self.qkv(y).flatten(2).chunk(3, 1)
        q, k = F.elu(q) + 1, F.elu(k) + 1
        context = einsum("bcn,bdn->bcd", k / k.sum(-1, keepdim=True), v)
        return y + einsum("bcn,bcd->bdn", q, context).view_as(y)


@attention
class Queries(Block):
    """Learned queries gather from the picture, the picture reads them back."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.queries = nn.Parameter(torch.randn(1, 5, C))
        self.gather = nn.MultiheadAttention(C, 1, batch_first=True)
        self.back = nn.MultiheadAttention(C, 1)

    def forward(self, y: Tensor) -> Tensor:
        t = F.avg_pool2d(y, 2).flatten(2).transpose(1, 2)
        found, _ = self.gather(self.queries.expand(y.shape[0], -1, -1), t, t, need_weights=False)
        q, found = y.flatten(2).permute(2, 0, 1), found.transpose(0, 1)
        return y + self.back(q, found, found)[0].permute(1, 2, 0).reshape_as(y)


@attention
class TopKeys(Windowed):
    """Attention to the best four keys of a window."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.qk = nn.Linear(C, 2 * C)

    def tokens(self, t: Tensor) -> Tensor:
        q, k = self.qk(t).chunk(2, -1)
        scores = q @ k.transpose(1, 2)
        index = scores.topk(4, dim=-1)[1]
        mask = torch.zeros_like(scores).scatter_(-1, index, 1.0)
        scores = torch.where(mask > 0, scores, torch.full_like(scores, float("-inf")))
        return scores.softmax(-1) @ t


@attention
class NonLocal(Block):
    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.theta, self.phi, self.g = (nn.Conv2d(C, C // 2, 1) for _ in range(3))
        self.out = nn.Conv2d(C // 2, C, 1)

    def forward(self, y: Tensor) -> Tensor:
        small = F.max_pool2d(y, 3)
        b, _, h, w = small.shape
        q = self.theta(small).view(b, C // 2, -1).permute(0, 2, 1)
        scores = torch.matmul(q, self.phi(small).view(b, C // 2, -1)).softmax(-1)
        t = torch.matmul(scores, self.g(small).view(b, C // 2, -1).permute(0, 2, 1)).permute(0, 2, 1).contiguous()
        return y + F.interpolate(self.out(t.view(b, C // 2, h, w)), y.shape[-2:], mode="nearest")
