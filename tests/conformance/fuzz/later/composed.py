"""Modules put together in other ways: scripts, functional calls, shared weights, parametrizations, lazy layers."""

from __future__ import annotations

import copy
import functools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from einops import rearrange, reduce, repeat
from einops.layers.torch import Rearrange
from torch import Tensor, nn
from torch.func import functional_call, jvp, stack_module_state, vjp, vmap
from torch.nn import functional as F
from torch.nn.utils import parametrizations, parametrize, prune
from torch.utils.checkpoint import checkpoint, checkpoint_sequential

from tests.conformance.fuzz.block import CHANNELS, Block, Layered, later

C = CHANNELS


@torch.jit.script
def _leaky_product(x: Tensor, y: Tensor, slope: float) -> Tensor:
    if x.dim() == 4:
        return torch.where(x > 0, x, x * slope) * y
    return x


class _Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.c = nn.Conv2d(C, C, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        x = self.c(y)
        for _ in range(2):
            x = F.gelu(x) + 0.1 * y
        return x


@later
class Scripted(Layered):
    """Parts in TorchScript: a function, a module, a trace."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["function", "module", "trace"])
        if self.way == "module":
            self.part = torch.jit.script(_Plain())
        elif self.way == "trace":
            self.part = torch.jit.trace(nn.Sequential(nn.Conv2d(C, C, 1), nn.SiLU()), torch.rand(1, C, 12, 12))

    def forward(self, y: Tensor) -> Tensor:
        return _leaky_product(self.c(y), y, 0.2) if self.way == "function" else self.c(y) + self.part(y)


@later
class Mapped(Layered):
    """torch.func inside a forward pass: vmap over heads, derivatives along a direction, kernels of several models."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["heads", "jvp", "vjp", "stacked", "call", "pixels"])
        self.others = nn.ModuleList(nn.Conv2d(C, C, 3, padding=1) for _ in range(2))

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "heads":
            return self.c(
                vmap(lambda part: part.softmax(1), in_dims=2, out_dims=2)(
                    rearrange(y, "b (g c) h w -> b c g h w", g=4)
                ).flatten(1, 2)
            )
        if self.way == "jvp":
            return jvp(lambda x: torch.tanh(self.c(x)), (y,), (torch.ones_like(y),))[1] + y
        if self.way == "vjp":
            value, pull = vjp(lambda x: torch.tanh(self.c(x)), y)
            return value + 0.1 * pull(torch.ones_like(value))[0]
        if self.way == "stacked":
            weights, buffers = stack_module_state(list(self.others))
            call = functools.partial(functional_call, self.others[0])
            return vmap(lambda w, b, x: call((w, b), (x,)), (0, 0, None))(weights, buffers, y).mean(0)
        if self.way == "call":
            return functional_call(self.c, {"weight": self.others[0].weight.flip(-1)}, (y,))
        return self.c(vmap(vmap(lambda v: v / (1 + v.norm()), 1, 1), 2, 2)(y))


@later
class Shared(Layered):
    """One weight read in several ways: by two modules, transposed, turned, called twice."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.d = nn.Conv2d(C, C, 3, padding=1)
        self.d.weight = self.c.weight
        self.alias = [self.c]
        self.way = draw.choice(["modules", "transposed", "turned", "list"])

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "modules":
            return self.d(torch.relu(self.c(y)))
        if self.way == "transposed":
            return F.conv_transpose2d(torch.relu(self.c(y)), self.c.weight, padding=1)
        if self.way == "turned":
            return sum((F.conv2d(y, self.c.weight.rot90(k, (2, 3)), padding=1) for k in range(4)), torch.zeros(()))
        return self.alias[0](torch.tanh(self.c(y)))


class _Positive(nn.Module):
    def forward(self, weight: Tensor) -> Tensor:
        return F.softplus(weight) - 0.6


@later
class Parametrized(Layered):
    """Weights that are made of others at each call."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(
            ["weight", "old weight", "spectral", "old spectral", "orthogonal", "own", "pruned", "cached", "fused"]
        )
        if self.way == "weight":
            parametrizations.weight_norm(self.c)
        elif self.way == "old weight":
            nn.utils.weight_norm(self.c)
        elif self.way == "spectral":
            parametrizations.spectral_norm(self.c)
        elif self.way == "old spectral":
            nn.utils.spectral_norm(self.c)
        elif self.way == "orthogonal":
            parametrizations.orthogonal(self.c)
        elif self.way == "pruned":
            prune.l1_unstructured(self.c, "weight", 0.3)
        elif self.way == "own":
            parametrize.register_parametrization(self.c, "weight", _Positive())

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "cached":
            with parametrize.cached():
                return self.c(torch.relu(self.c(y)))
        if self.way == "fused":
            weight = self.c.weight + F.pad(torch.eye(C).to(y)[:, :, None, None], (1, 1, 1, 1))
            return F.conv2d(y, weight, self.c.bias, padding=1)
        return torch.relu(self.c(y))


@later
class SpectralInTraining(Layered):
    """A spectral norm left in training: each pass turns its vector further."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        nn.utils.spectral_norm(self.c)

    def forward(self, y: Tensor) -> Tensor:
        self.c.training = True
        y = self.c(y)
        self.c.training = False
        return y


@later
class Rearranged(Layered):
    """einops in all its verbs, and a layer of it."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["shuffle", "windows", "layer", "repeat", "reduce", "mix"])
        self.layer = Rearrange("b (g c) h w -> b (c g) h w", g=2)

    def forward(self, y: Tensor) -> Tensor:
        h, w = y.shape[-2:]
        if self.way == "shuffle":
            return self.c(rearrange(y, "b (g c) h w -> b (c g) h w", g=4))
        if self.way == "windows":
            x = F.pad(y, (0, -w % 4, 0, -h % 4), "reflect")
            x = rearrange(x, "b c (h p) (w q) -> b h w p q c", p=4, q=4)
            x = x * torch.softmax(x.mean((3, 4), keepdim=True), -1)
            return self.c(rearrange(x, "b h w p q c -> b c (h p) (w q)")[..., :h, :w])
        if self.way == "layer":
            return self.c(self.layer(y))
        if self.way == "repeat":
            return self.c(
                reduce(repeat(y, "b c h w -> b c (h k) (w l)", k=2, l=2), "b c (h 2) (w 2) -> b c h w", "max")
            )
        if self.way == "reduce":
            return y * torch.sigmoid(self.c(reduce(y, "b (g c) h w -> b g h w", "mean", g=C)))
        return torch.einsum("b c h w, d c -> b d h w", y, self.c.weight[:, :, 1, 1]).contiguous() + y


@later
class Nested(Layered):
    """Checkpoints in checkpoints, with keywords, with several inputs and results, in a sequence."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.d = nn.Conv2d(C, C, 1)
        self.reentrant = draw.random() < 0.5
        self.way = draw.choice(["nested", "several", "sequence", "context"])

    def _two(self, a: Tensor, b: Tensor | None, by: float) -> tuple[Tensor, Tensor]:
        return self.c(a) * by, torch.relu(a if b is None else b)

    def _outer(self, y: Tensor) -> Tensor:
        return checkpoint(self.c, torch.tanh(self.d(y)), use_reentrant=self.reentrant)

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "nested":
            return checkpoint(self._outer, y, use_reentrant=self.reentrant)
        if self.way == "several":
            a, b = checkpoint(self._two, y, None, 0.5, use_reentrant=self.reentrant)
            return a + b
        if self.way == "sequence":
            part = nn.Sequential(self.c, nn.ReLU(), self.d, nn.Sigmoid())
            return y + checkpoint_sequential(part, 2, y, use_reentrant=self.reentrant)
        return checkpoint(self._outer, y, use_reentrant=False, determinism_check="none", preserve_rng_state=False)


@dataclass
class _Features:
    low: Tensor
    high: Tensor
    weight: float = 0.5


class _Pair(NamedTuple):
    first: Tensor
    second: Tensor


class _Split(nn.Module):
    def __init__(self, way: str) -> None:
        super().__init__()
        self.c, self.way = nn.Conv2d(C, 2 * C, 3, padding=1), way

    def forward(self, y: Tensor) -> object:
        a, b = self.c(y).chunk(2, 1)
        kinds = {"dataclass": _Features, "named": _Pair}
        return kinds[self.way](a, b) if self.way in kinds else {"low": a, "high": [b, {"deep": b}]}

    def each(self, y: Tensor) -> Iterator[Tensor]:
        for part in self.c(y).split(C, 1):
            yield torch.tanh(part)


@later
class Handed(Block):
    """Results of inner modules as dataclasses, named tuples, dictionaries or from a generator."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["dataclass", "named", "dictionary", "generator"])
        self.split = _Split(self.way)

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "generator":
            return functools.reduce(torch.mul, self.split.each(y))
        found = self.split(y)
        if isinstance(found, _Features):
            return found.low + found.weight * torch.relu(found.high)
        if isinstance(found, _Pair):
            return found.first * found.second.sigmoid()
        assert isinstance(found, dict)
        return found["low"] - found["high"][1]["deep"].tanh()


@later
class Lazy(Block):
    """Lazy layers that have seen a picture before; and one copied within the pass."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c, self.norm = nn.LazyConv2d(C, 3, padding=1), nn.LazyBatchNorm2d()
        self.copied = draw.random() < 0.3
        self.eval()
        self.norm(self.c(torch.rand(1, C, 8, 8)))

    def forward(self, y: Tensor) -> Tensor:
        layer = copy.deepcopy(self.c) if self.copied else self.c
        return torch.relu(self.norm(layer(y)))
