"""Hooks of modules and tensors, functions with gradients of their own, checkpoints, parts without gradient."""

from __future__ import annotations

import random
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint, checkpoint_sequential

from tests.conformance.fuzz.block import CHANNELS, Block, family

C = CHANNELS
hooks = family("hooks")
functions = family("functions")
checkpoints = family("checkpoints")
no_gradient = family("no gradient")


class Layered(Block):
    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)


def _double(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
    return output * 2


def _shift(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return (inputs[0] + 0.1,)


def _halve(module: nn.Module, grads: tuple[Tensor | None, ...], _: Any) -> tuple[Tensor | None, ...]:
    return tuple(g if g is None else g * 0.5 for g in grads)


def _halve_before(module: nn.Module, grads: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(g * 0.5 for g in grads)


@hooks
class OfModules(Layered):
    """Forward hooks that change values, backward hooks that change gradients."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.act = nn.GELU()
        self.way = draw.choice(["forward", "pre", "backward", "backward pre", "two"])
        if self.way in ("forward", "two"):
            self.c.register_forward_hook(_double)
        if self.way in ("pre", "two"):
            self.act.register_forward_pre_hook(_shift)
        if self.way == "backward":
            self.act.register_full_backward_hook(_halve)
        if self.way == "backward pre":
            self.act.register_full_backward_pre_hook(_halve_before)

    def forward(self, y: Tensor) -> Tensor:
        return self.act(self.c(y))


@hooks
class OfTensors(Layered):
    """Hooks of tensors, which change the gradient."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["scale", "clamp", "of value", "input", "note"])
        self.seen: list[float] = []

    def forward(self, y: Tensor) -> Tensor:
        x, y = y, self.c(y)
        if y.requires_grad:
            if self.way == "scale":
                y.register_hook(lambda g: g * 0.5)
            elif self.way == "clamp":
                y.register_hook(lambda g: g.clamp(-0.01, 0.01))
            elif self.way == "of value":
                kept = y.detach()
                y.register_hook(lambda g: g * torch.sigmoid(kept))
            elif self.way == "input":
                x.register_hook(lambda g: g * 2)
            else:
                y.register_hook(lambda g: self.seen.append(float(g.abs().sum())))
        return F.silu(y)


@hooks
class Packed(Layered):
    """What autograd saves is kept elsewhere, or in less."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["cpu", "copy"])

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "cpu":
            with torch.autograd.graph.save_on_cpu():
                return self.c(y).tanh()
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
            return self.c(y).sigmoid()


class _Norm(torch.autograd.Function):
    """NAFNet's LayerNorm over channels, with its own gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
        ctx.eps = eps
        _, c, _, _ = x.size()
        mu = x.mean(1, keepdim=True)
        var = (x - mu).pow(2).mean(1, keepdim=True)
        y = (x - mu) / (var + eps).sqrt()
        ctx.save_for_backward(y, var, weight)
        return weight.view(1, c, 1, 1) * y + bias.view(1, c, 1, 1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        (g,) = grads
        y, var, weight = ctx.saved_tensors
        g = g * weight.view(1, -1, 1, 1)
        mean = g.mean(dim=1, keepdim=True)
        both = (g * y).mean(dim=1, keepdim=True)
        return 1.0 / torch.sqrt(var + ctx.eps) * (g - y * both - mean), None, None, None


class _Straight(torch.autograd.Function):
    """Rounds; the gradient passes."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return torch.round(x * 4) / 4

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        return grads[0]


class _Scaled(torch.autograd.Function):
    """Gives its input; the gradient is scaled, as no derivative is."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, by: float) -> Tensor:
        ctx.by = by
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        return grads[0] * ctx.by, None


class _Split(torch.autograd.Function):
    """Two results in the newer form."""

    @staticmethod
    def forward(x: Tensor, w: Tensor) -> tuple[Tensor, Tensor]:
        return x * w, x.square()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        x, w = ctx.saved_tensors
        return grads[0] * w + 2 * x * grads[1], None


class _Convolve(torch.autograd.Function):
    """A depth-wise convolution with a gradient by hand, as KBNet and LKA write them."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor) -> Tensor:
        ctx.save_for_backward(w)
        return F.conv2d(x, w, padding=1, groups=x.shape[1])

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> Any:
        (w,) = ctx.saved_tensors
        return F.conv_transpose2d(grads[0], w, padding=1, groups=w.shape[0]), None


class _Saved(torch.autograd.Function):
    """Keeps plain attributes, changes its input in place and says so."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.positive = x > 0
        ctx.mark_dirty(x)
        return x.mul_(ctx.positive.to(x.dtype) * 0.9 + 0.1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        return grads[0] * (ctx.positive.to(grads[0].dtype) * 0.9 + 0.1)


@functions
class LayerNormFunction(Layered):
    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.weight, self.bias = nn.Parameter(torch.rand(C) + 0.5), nn.Parameter(torch.rand(C))

    def forward(self, y: Tensor) -> Tensor:
        return y + self.c(_Norm.apply(y, self.weight, self.bias, 1e-6))


@functions
class Straight(Layered):
    def forward(self, y: Tensor) -> Tensor:
        return self.c(_Straight.apply(y))


@functions
class Scaled(Layered):
    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.by = draw.choice([-1.0, 0.1, 3.0])

    def forward(self, y: Tensor) -> Tensor:
        return _Scaled.apply(self.c(y), self.by)


@functions
class TwoResults(Layered):
    def forward(self, y: Tensor) -> Tensor:
        a, b = _Split.apply(self.c(y), self.c.bias.view(1, -1, 1, 1))
        return a + 0.5 * b


@functions
class ByHand(Layered):
    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.w = nn.Parameter(torch.randn(C, 1, 3, 3) * 0.3)

    def forward(self, y: Tensor) -> Tensor:
        return self.c(_Convolve.apply(y, self.w))


@functions
class Dirty(Layered):
    def forward(self, y: Tensor) -> Tensor:
        return _Saved.apply(self.c(y)) + 0.1


@checkpoints
class Reentrant(Layered):
    def forward(self, y: Tensor) -> Tensor:
        return checkpoint(self.run, y, use_reentrant=True)

    def run(self, y: Tensor) -> Tensor:
        return F.gelu(self.c(y))


@checkpoints
class NonReentrant(Reentrant):
    def forward(self, y: Tensor) -> Tensor:
        return checkpoint(self.run, y, use_reentrant=False)


@checkpoints
class Sequence(Block):
    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.m = nn.Sequential(nn.Conv2d(C, C, 3, padding=1), nn.GELU(), nn.Conv2d(C, C, 1), nn.Tanh())
        self.reentrant = draw.random() < 0.5

    def forward(self, y: Tensor) -> Tensor:
        return checkpoint_sequential(self.m, 2, y, use_reentrant=self.reentrant)


@checkpoints
class Conditional(Reentrant):
    """Checkpointed where a gradient is wanted, as published code does."""

    def forward(self, y: Tensor) -> Tensor:
        return checkpoint(self.run, y, use_reentrant=False) if y.requires_grad else self.run(y)


@no_gradient
class SideBranch(Layered):
    """A part that is computed without gradient and added or multiplied."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["no_grad", "detach", "set", "decorated"])
        self.d = nn.Conv2d(C, C, 3, padding=1)

    @torch.no_grad()
    def side(self, y: Tensor) -> Tensor:
        return torch.sigmoid(self.d(y))

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "no_grad":
            with torch.no_grad():
                gate = torch.sigmoid(self.d(y))
        elif self.way == "detach":
            gate = torch.sigmoid(self.d(y.detach()))
        elif self.way == "set":
            torch.set_grad_enabled(False)
            gate = torch.sigmoid(self.d(y))
            torch.set_grad_enabled(True)
        else:
            gate = self.side(y)
        return self.c(y) * gate


@no_gradient
class Stopped(Layered):
    """Half of the channels detached; the statistics of a norm, too."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["half", "scale", "requires"])

    def forward(self, y: Tensor) -> Tensor:
        y = self.c(y)
        if self.way == "half":
            a, b = y.chunk(2, 1)
            return torch.cat([a.detach(), b], 1)
        if self.way == "scale":
            return y / (y.detach().abs().mean(1, keepdim=True) + 0.1)
        z = y.clone().detach()
        z.requires_grad_(False)
        return y * z


@no_gradient
class Unrolled(Block):
    """A step of descent on an energy inside the network, by autograd itself."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)
        self.way = draw.choice(["grad", "detached", "func"])

    def energy(self, z: Tensor) -> Tensor:
        return torch.log1p(self.c(z).square()).sum()

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "func":
            return y - 0.1 * torch.func.grad(self.energy)(y)
        with torch.enable_grad():
            z = y if self.way == "grad" and y.requires_grad else y.detach().requires_grad_(True)
            (slope,) = torch.autograd.grad(self.energy(z), z, create_graph=self.way == "grad")
        return y - 0.1 * (slope if self.way == "grad" else slope.detach())


@no_gradient
class Mapped(Layered):
    """torch.func.vmap over pictures."""

    def forward(self, y: Tensor) -> Tensor:
        return torch.func.vmap(lambda one: self.c(one[None])[0].tanh())(y)
