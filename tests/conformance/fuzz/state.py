"""What a network keeps of itself from one pass to the next."""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.conformance.fuzz.block import CHANNELS, Block, family

C = CHANNELS
state = family("state")


@state
class KeptMean(Block):
    """SwinIR's mean, given the type of the input at every pass."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.mean = torch.rand(1, C, 1, 1)
        self.c = nn.Conv2d(C, C, 3, padding=1)
        self.way = draw.choice(["type_as", "to"])

    def forward(self, y: Tensor) -> Tensor:
        self.mean = self.mean.type_as(y) if self.way == "type_as" else self.mean.to(y.device, y.dtype)
        return self.c(y - self.mean) + self.mean


@state
class KeptMeanAndBranch(KeptMean):
    """The same before a branch that tracing cannot take."""

    local = False

    def forward(self, y: Tensor) -> Tensor:
        y = super().forward(y)
        return -y if y.mean() > 1e9 else y


@state
class RunningFigure(Block):
    """A running mean of what passes, which nothing reads."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.register_buffer("r", torch.zeros(C))
        self.c = nn.Conv2d(C, C, 3, padding=1)
        self.way = draw.choice(["assign", "copy", "lerp", "no_grad"])

    def forward(self, y: Tensor) -> Tensor:
        y = self.c(y)
        figure = y.detach().mean((0, 2, 3))
        if self.way == "assign":
            self.r = 0.9 * self.r + 0.1 * figure
        elif self.way == "copy":
            self.r.copy_(figure)
        elif self.way == "lerp":
            self.r.lerp_(figure, 0.1)
        else:
            with torch.no_grad():
                self.r.mul_(0.9).add_(figure, alpha=0.1)
        return y


@state
class Kept(Block):
    """Features kept for whoever looks."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)
        self.features: list[Tensor] = []
        self.named: dict[str, Tensor] = {}
        self.last: Tensor | None = None
        self.way = draw.choice(["attribute", "list", "dict", "detached"])

    def forward(self, y: Tensor) -> Tensor:
        y = self.c(y)
        if self.way == "attribute":
            self.last = y
        elif self.way == "list":
            self.features.append(y)
        elif self.way == "dict":
            self.named["out"] = y
        else:
            self.last = y.detach().cpu()
        return y


@state
class CachedByShape(Block):
    """Coordinates kept by the shape of the input."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.cache: dict[tuple[int, ...], Tensor] = {}
        self.c = nn.Conv2d(C + 2, C, 3, padding=1)
        self.whole = draw.random() < 0.5

    def forward(self, y: Tensor) -> Tensor:
        key = tuple(y.shape) if self.whole else tuple(y.shape[-2:])
        if key not in self.cache:
            h, w = y.shape[-2:]
            rows = torch.linspace(-1, 1, h, device=y.device, dtype=y.dtype)
            columns = torch.linspace(-1, 1, w, device=y.device, dtype=y.dtype)
            self.cache[key] = torch.stack(torch.meshgrid(rows, columns, indexing="ij"))[None]
        return self.c(torch.cat([y, self.cache[key].expand(y.shape[0], -1, -1, -1)], 1))


@state
class CachedOnce(Block):
    """A position map that is made at the first pass and kept, whatever comes later."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.position: Tensor | None = None
        self.c = nn.Conv2d(C, C, 3, padding=1)
        self.of_input = draw.random() < 0.5

    def forward(self, y: Tensor) -> Tensor:
        if self.position is None or self.position.shape[-2:] != y.shape[-2:]:
            base = torch.zeros_like(y[:1]) if self.of_input else torch.zeros(1, C, *y.shape[-2:]).to(y)
            self.position = base + torch.arange(y.shape[-1]).to(y) / y.shape[-1]
        return self.c(y + self.position)


@state
class Counter(Block):
    """Passes counted, in a number or a buffer; nothing reads it."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.calls = 0
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))
        self.c = nn.Conv2d(C, C, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        self.calls += 1
        self.steps += 1
        return self.c(y)


@state
class Fused(Block):
    """SPAN: its kernels are fused at the first pass and written into its own weights."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.a, self.b = nn.Conv2d(C, C, 1, bias=False), nn.Conv2d(C, C, 3, padding=1)
        self.fused = nn.Conv2d(C, C, 3, padding=1)
        self.way = draw.choice(["data", "copy"])

    def forward(self, y: Tensor) -> Tensor:
        weight = torch.einsum("oikl,im->omkl", self.b.weight.detach(), self.a.weight.detach()[:, :, 0, 0])
        if self.way == "data":
            self.fused.weight.data, self.fused.bias.data = weight, self.b.bias.data
        else:
            with torch.no_grad():
                self.fused.weight.copy_(weight)
                self.fused.bias.copy_(self.b.bias)
        return self.fused(y)


@state
class Clamped(Block):
    """A weight that every pass clamps or normalises where it lies."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.w = nn.Parameter(torch.rand(1, C, 1, 1) * 3)
        self.way = draw.choice(["clamp", "divide"])

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "clamp":
            self.w.data.clamp_(0, 1)
        else:
            self.w.data.div_(self.w.data.norm())
        return y * self.w


@state
class Late(Block):
    """A layer made at the first pass, of the shape it sees."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["buffer", "attribute", "module"])

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "buffer":
            if not hasattr(self, "scale"):
                self.register_buffer("scale", torch.full((1, y.shape[1], 1, 1), 0.7).to(y))
            return y * self.scale
        if self.way == "attribute":
            if getattr(self, "eye", None) is None:
                self.eye = torch.eye(y.shape[1], dtype=y.dtype, device=y.device) * 0.5
            return torch.einsum("dc,bchw->bdhw", self.eye, y)
        if not hasattr(self, "act"):
            self.act = nn.LeakyReLU(0.3)
        return self.act(y)


@state
class Sizes(Block):
    """Sizes kept as attributes by one method and read by another."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)

    def pad(self, y: Tensor) -> Tensor:
        self.h, self.w = y.shape[2], y.shape[3]
        return F.pad(y, (0, (-self.w) % 8, 0, (-self.h) % 8), "reflect")

    def forward(self, y: Tensor) -> Tensor:
        return self.c(self.pad(y))[:, :, : self.h, : self.w]


@state
class Hooked(Block):
    """A hook that is appended at every pass."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)
        self.handles: list[object] = []
        self.seen: list[Tensor] = []

    def forward(self, y: Tensor) -> Tensor:
        if len(self.handles) < 1:
            self.handles.append(self.c.register_forward_hook(self.note))
        return self.c(y)

    def note(self, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        self.seen.append(output)


@state
class Switched(Block):
    """A flag that the pass itself turns over and back, and a loss kept aside."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)
        self.aux: Tensor | float = 0.0

    def forward(self, y: Tensor) -> Tensor:
        self.train()
        out = self.c(y)
        self.aux = self.aux * 0 + (out**2).mean()
        self.eval()
        return out


@state
class Reading(Block):
    """A gain that grows with every pass: of an untouched network, the first one counts."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)
        self.register_buffer("gain", torch.ones(()))
        self.way = draw.choice(["buffer", "previous"])
        self.previous: Tensor | None = None

    def forward(self, y: Tensor) -> Tensor:
        y = self.c(y)
        if self.way == "buffer":
            out = y * self.gain
            self.gain = self.gain + 0.25
            return out
        out = y if self.previous is None else y + 0.5 * self.previous
        self.previous = y.detach()
        return out
