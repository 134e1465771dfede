"""Scans, segments and orders: cumulative operations, scatters by value, choices by rank."""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.conformance.fuzz.block import CHANNELS, Layered, later

C = CHANNELS


@later
class Cumulative(Layered):
    """Running figures along rows or columns; of neighbourhoods by an integral image."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["cumsum", "cummax", "logcumsumexp", "cumprod", "box", "diff", "flipped"])
        self.local = self.way == "diff"

    def forward(self, y: Tensor) -> Tensor:
        x = self.c(y)
        if self.way == "cumsum":
            return x + 0.1 * y.cumsum(3) / torch.arange(1, y.shape[3] + 1)
        if self.way == "cummax":
            return x + y.cummax(2).values
        if self.way == "logcumsumexp":
            return x + y.logcumsumexp(3)
        if self.way == "cumprod":
            return x + (1 + 0.01 * y.tanh()).cumprod(2)
        if self.way == "box":
            whole = F.pad(y, (2, 1, 2, 1)).cumsum(2).cumsum(3)
            part = whole[..., 3:, 3:] - whole[..., :-3, 3:] - whole[..., 3:, :-3] + whole[..., :-3, :-3]
            return x + part / 9
        if self.way == "diff":
            return x + torch.diff(y, dim=3, prepend=y[..., :1])
        return x + 0.01 * y.flip(2).cumsum(2).flip(2)


@later
class Segments(Layered):
    """Means of all pixels that fall into one class, given back to each."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.score = nn.Conv2d(C, 5, 1)
        self.way = draw.choice(["mean", "amax", "index_add", "bincount", "unique", "onehot", "accumulate"])

    def forward(self, y: Tensor) -> Tensor:
        b, _, h, w = y.shape
        label = self.score(y).argmax(1).flatten(1)
        flat = y.flatten(2)
        index = label.unsqueeze(1).expand(-1, C, -1)
        if self.way in ("mean", "amax"):
            empty = y.new_zeros(b, C, 5)
            means = empty.scatter_reduce(2, index, flat, self.way, include_self=self.way == "amax")
            found = means.gather(2, index)
        elif self.way == "index_add":
            found = torch.stack([y.new_zeros(C, 5).index_add(1, k, x)[:, k] for k, x in zip(label, flat, strict=True)])
            found = found / (h * w)
        elif self.way == "bincount":
            count = torch.stack([torch.bincount(k, minlength=5) for k in label]).to(y)
            found = flat * (count / (h * w)).gather(1, label).unsqueeze(1)
        elif self.way == "unique":
            _, inverse, count = label.unique(return_inverse=True, return_counts=True)
            found = flat / count[inverse].unsqueeze(1).sqrt()
        elif self.way == "onehot":
            hot = F.one_hot(label, 5).to(y.dtype)
            found = (flat @ hot / hot.sum(1, keepdim=True).clamp(1)) @ hot.transpose(1, 2)
        else:
            table = y.new_zeros(b, C, 5)
            rows = torch.arange(b)[:, None, None], torch.arange(C)[None, :, None], index
            found = table.index_put(rows, flat, accumulate=True)[rows] / (h * w)
        return self.c(y) + found.view(b, C, h, w)


@later
class Routed(Layered):
    """Tokens sent to experts by rank, each with its own number of them, and put back."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.gate = nn.Linear(C, 3)
        self.experts = nn.ModuleList(nn.Linear(C, C) for _ in range(3))
        self.way = draw.choice(["top1", "top2", "capacity", "sorted", "dense"])
        self.local = self.way in ("top1", "top2", "dense")

    def forward(self, y: Tensor) -> Tensor:
        b, _, h, w = y.shape
        tokens = y.permute(0, 2, 3, 1).reshape(-1, C)
        score = self.gate(tokens).softmax(1)
        out = torch.zeros_like(tokens)
        if self.way in ("top1", "top2"):
            weight, chosen = score.topk(1 if self.way == "top1" else 2, 1)
            for k, expert in enumerate(self.experts):
                row, place = torch.where(chosen == k)
                out.index_add_(0, row, expert(tokens[row]) * weight[row, place].unsqueeze(1))
        elif self.way == "capacity":
            for k, expert in enumerate(self.experts):
                value, row = score[:, k].topk(len(tokens) // 3)
                out = out.index_add(0, row, expert(tokens[row]) * value.unsqueeze(1))
        elif self.way == "sorted":
            order = score.argmax(1).argsort(stable=True)
            parts = tokens[order].tensor_split(3)
            mixed = torch.cat([expert(part) for expert, part in zip(self.experts, parts, strict=True)])
            out = mixed[order.argsort()]
        else:
            out = torch.einsum("nk,knc->nc", score, torch.stack([expert(tokens) for expert in self.experts]))
        return self.c(y) + out.view(b, h, w, C).permute(0, 3, 1, 2)


@later
class Taken(Layered):
    """Values taken along a dimension where others say, and masked ones spread."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["along", "take", "masked", "put", "copy", "embedding", "select"])
        self.local = self.way not in ("masked", "take")

    def forward(self, y: Tensor) -> Tensor:
        x = self.c(y)
        if self.way == "along":
            return x * torch.take_along_dim(y, x.argsort(1), 1)
        if self.way == "take":
            return x + y.take(torch.arange(y.numel()).view_as(y).flip(-1))
        if self.way == "masked":
            return y.masked_scatter(y > 0.2, x)
        if self.way == "put":
            return y.scatter(1, x.argmax(1, keepdim=True), x[:, :1])
        if self.way == "copy":
            return x.index_copy(1, torch.tensor([1, 3]), y[:, :2]).index_fill(1, torch.tensor([5]), 0.3)
        if self.way == "embedding":
            return x + F.embedding(y.argmax(1), self.c.weight[:, :, 0, 0]).permute(0, 3, 1, 2)
        return x.index_select(1, torch.tensor([7, 0, 1, 2, 3, 4, 5, 5])) + y


@later
class Linear(Layered):
    """Small systems of linear algebra at every pixel or over the picture."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["solve", "inverse", "expm", "qr", "cholesky", "cdist", "baddbmm", "whiten"])
        self.local = self.way != "whiten"

    def forward(self, y: Tensor) -> Tensor:
        b, _, h, w = y.shape
        x = self.c(y)
        m = torch.tanh(x).permute(0, 2, 3, 1).reshape(b, h, w, 2, 4)
        s = m @ m.mT + torch.eye(2).to(y)
        if self.way == "solve":
            r = torch.linalg.solve(s, m)
        elif self.way == "inverse":
            r = torch.linalg.inv(s) @ m
        elif self.way == "expm":
            r = torch.linalg.matrix_exp(-s) @ m
        elif self.way == "qr":
            r = torch.linalg.qr(s).Q.sum(-1, keepdim=True) * m
        elif self.way == "cholesky":
            r = torch.linalg.cholesky(s) @ m
        elif self.way == "cdist":
            d = torch.cdist(m, m[..., :1, :] + 0.5)
            r = m * torch.exp(-d)
        elif self.way == "baddbmm":
            r = torch.baddbmm(m.reshape(-1, 2, 4), s.reshape(-1, 2, 2), m.reshape(-1, 2, 4), beta=0.5)
        else:
            f = y.flatten(2)
            cov = f @ f.mT / (h * w) + 0.1 * torch.eye(C).to(y)
            value, vector = torch.linalg.eigh(cov)
            return (vector @ torch.diag_embed(value.rsqrt()) @ vector.mT @ f).view_as(y) * 0.3 + x
        return y + r.reshape(b, h, w, C).permute(0, 3, 1, 2)


@later
class Polar(Layered):
    """Amplitude and phase of pairs of channels or of the spectrum."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["pair", "phase", "swap", "conj", "complexconv", "stft", "hermitian", "log"])
        self.local = self.way in ("pair", "complexconv", "conj", "log")
        self.weight = nn.Parameter(torch.randn(4, 4, 3, 3, dtype=torch.cfloat) * 0.2)

    def forward(self, y: Tensor) -> Tensor:
        x = self.c(y)
        z = torch.complex(x[:, :4] + 0.5, x[:, 4:])
        if self.way == "pair":
            r = torch.polar(z.abs(), z.angle() * 0.5)
        elif self.way == "conj":
            r = z.conj() * z.sgn() + z.mH.transpose(-1, -2)
        elif self.way == "log":
            r = torch.log(z * z.conj() + 1) * torch.exp(1j * z.angle())
        elif self.way == "complexconv":
            r = F.conv2d(z, self.weight.to(z.dtype), padding=1)
        elif self.way == "hermitian":
            return x + torch.fft.hfft(z, n=y.shape[-1], norm="ortho").repeat(1, 2, 1, 1) * 0.2
        elif self.way == "stft":
            lines = y[:, 0].flatten(0, 1)
            s = torch.stft(lines, 8, 4, window=torch.hann_window(8).to(y), return_complex=True)
            lines = torch.istft(s * s.abs(), 8, 4, window=torch.hann_window(8).to(y), length=y.shape[-1])
            return x + lines.view_as(y[:, :1])
        else:
            s = torch.fft.fft2(y, norm="ortho")
            s = (
                torch.polar(s.abs() + 0.1, s.angle())
                if self.way == "phase"
                else torch.polar(s.flip(1).abs(), s.angle())
            )
            return x + torch.fft.ifft2(s, norm="ortho").real
        return y + torch.cat([r.real, r.imag], 1)


@later
class Numbers(Layered):
    """Rare elementwise functions, with kinks, cases and special values."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(
            [
                "hypot",
                "nan",
                "logit",
                "special",
                "lerp",
                "frac",
                "fmod",
                "copysign",
                "threshold",
                "logaddexp",
                "prelu",
                "glu",
                "celu",
                "heaviside",
                "clip",
                "renorm",
                "bilinear",
                "cosine",
                "trapezoid",
            ]
        )
        self.local = self.way != "renorm"
        self.slope = nn.Parameter(torch.rand(C))
        self.two = nn.Bilinear(C, C, C)

    def forward(self, y: Tensor) -> Tensor:
        x = self.c(y)
        if self.way == "bilinear":
            return self.two(x.permute(0, 2, 3, 1), y.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return {
            "hypot": lambda: torch.hypot(x, y + 1) + torch.atan2(x, y + 3),
            "nan": lambda: torch.nan_to_num(torch.where(y > 0.5, x * float("nan"), x), nan=0.1) + y,
            "logit": lambda: torch.logit(torch.sigmoid(x).clamp(0.1, 0.9)) + torch.erf(y),
            "special": lambda: (
                torch.special.i0e(x) + torch.lgamma(y.abs() + 1) + torch.sinc(x) + torch.xlogy(x, y.abs() + 1)
            ),
            "lerp": lambda: torch.lerp(x, y, torch.sigmoid(y)),
            "frac": lambda: x.frac() + y.trunc() * x,
            "fmod": lambda: torch.fmod(x, 0.7) + torch.remainder(y, 0.4),
            "copysign": lambda: torch.copysign(x, y) + torch.ldexp(x, torch.tensor(1)),
            "threshold": lambda: F.threshold(x, 0.1, -0.2) + F.hardshrink(y) + F.softshrink(x, 0.1),
            "logaddexp": lambda: torch.logaddexp(x, y) + F.logsigmoid(y),
            "prelu": lambda: F.prelu(x, self.slope.to(x)) + F.mish(y),
            "glu": lambda: F.glu(torch.cat([x, y], 1), 1) + F.hardswish(x),
            "celu": lambda: F.celu(x, 0.7) + F.selu(y) + F.softsign(x) + F.tanhshrink(y),
            "heaviside": lambda: x * torch.heaviside(y.detach() - 0.1, torch.tensor(0.5).to(y)),
            "clip": lambda: (
                torch.clip(x, min=y - 0.3, max=y + 0.3) + torch.fmin(x, y) + torch.aminmax(x, dim=1)[0].unsqueeze(1)
            ),
            "renorm": lambda: y + torch.renorm(x.transpose(0, 1), 2, 0, 3.0).transpose(0, 1),
            "cosine": lambda: x * F.cosine_similarity(x, y, 1).unsqueeze(1),
            "trapezoid": lambda: x + torch.trapezoid(y, dim=1).unsqueeze(1) * 0.1,
        }[self.way]()
