"""Code that reaches into PyTorch: operators and functions of one's own, subclasses, modes, hooks with keywords."""

from __future__ import annotations

import random
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from tests.conformance.fuzz.block import CHANNELS, Block, Layered, later

C = CHANNELS


class _Mixed(torch.autograd.Function):
    """Tensors, numbers, words, None and lists in; two results, of which one has no gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, sizes: list[int], mode: str, mask: Tensor | None, by: float) -> Any:
        ctx.save_for_backward(x)
        ctx.by, ctx.mask = by, mask
        chosen = x.argmax(1)
        ctx.mark_non_differentiable(chosen)
        return (x.square() if mode == "square" else x) * by, chosen

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        return 2 * x * grads[0] * ctx.by, None, None, None, None


class _Sparse(torch.autograd.Function):
    """Gradients that are None are not filled with zeros."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        ctx.set_materialize_grads(False)
        return x * 2, y * 3, x + y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> Any:
        first, second, third = grads
        both = third if third is not None else 0
        return (first * 2 if first is not None else 0) + both, (second * 3 if second is not None else 0) + both


class _Reversible(torch.autograd.Function):
    """RevNet: nothing is kept, the input is found again from the output."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, f: nn.Module, g: nn.Module) -> tuple[Tensor, Tensor]:
        ctx.f, ctx.g = f, g
        with torch.no_grad():
            c = a + f(b)
            d = b + g(c)
        ctx.save_for_backward(c.detach(), d.detach())
        return c, d

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        c, d = ctx.saved_tensors
        dc, dd = grads
        with torch.enable_grad():
            c = c.detach().requires_grad_(True)
            g = ctx.g(c)
            (more,) = torch.autograd.grad(g, c, dd)
            b = (d - g).detach().requires_grad_(True)
            f = ctx.f(b)
            (rest,) = torch.autograd.grad(f, b, dc + more)
        return dc + more, dd + rest, None, None


class _Outer(torch.autograd.Function):
    """A function that calls another, and differentiates an inner network on its way forward."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, inner: nn.Module) -> Tensor:
        with torch.enable_grad():
            z = x.detach().requires_grad_(True)
            value = torch.tanh(inner(z))
        ctx.save_for_backward(z, value)
        return value.detach()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        z, value = ctx.saved_tensors
        return torch.autograd.grad(value, z, grads[0], retain_graph=True)[0], None


class _Whole(torch.autograd.Function):
    """A function over the whole picture."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.size = x.shape[-2:].numel()
        return x - x.mean((2, 3), keepdim=True)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        return grads[0] - grads[0].mean((2, 3), keepdim=True)


@later
class OwnFunctions(Layered):
    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.f, self.g = nn.Conv2d(C // 2, C // 2, 3, padding=1), nn.Conv2d(C // 2, C // 2, 1)
        self.way = draw.choice(["mixed", "sparse", "reversible", "outer", "whole"])
        self.local = self.way != "whole"

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "mixed":
            x, chosen = _Mixed.apply(self.c(y), [1, 2], "square", None, 0.5)
            return x + 0.01 * chosen.unsqueeze(1)
        if self.way == "sparse":
            a, _, c = _Sparse.apply(self.c(y), y)
            return a if self.c.bias is None else a + 0.1 * c
        if self.way == "reversible":
            a, b = (part.contiguous() for part in y.chunk(2, 1))
            return self.c(torch.cat(_Reversible.apply(a, b, self.f, self.g), 1))
        return y + _Outer.apply(y, self.c) if self.way == "outer" else self.c(_Whole.apply(y))


@torch.library.custom_op("lam_fuzz::gate", mutates_args=())
def _gate(x: Tensor, by: float) -> Tensor:
    return x * torch.sigmoid(x * by)


@_gate.register_fake
def _(x: Tensor, by: float) -> Tensor:
    return torch.empty_like(x)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.save_for_backward(inputs[0])
    ctx.by = inputs[1]


def _back(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
    (x,) = ctx.saved_tensors
    s = torch.sigmoid(x * ctx.by)
    return grad * (s + x * ctx.by * s * (1 - s)), None


_gate.register_autograd(_back, setup_context=_keep)


@later
class OwnOperator(Layered):
    """An operator registered with torch.library."""

    def forward(self, y: Tensor) -> Tensor:
        return self.c(_gate(y, 1.5))


class _Named(Tensor):
    """A picture that carries a name and counts what is done to it."""

    name = "picture"

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = super().__torch_function__(func, types, args, kwargs or {})
        if isinstance(found, _Named):
            found.name = "result"
        return found


class _Gained(Tensor):
    """Additions count double."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = super().__torch_function__(func, types, args, kwargs or {})
        return found * 2 if func in (torch.add, Tensor.add, Tensor.__add__) else found


@later
class Subclassed(Layered):
    """Tensors of classes of one's own on the way, and as a weight."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["named", "gained", "weight", "stays"])
        if self.way == "weight":
            self.gain = nn.Parameter(torch.rand(C, 1, 1).as_subclass(_Named))

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "named":
            return torch.tanh(self.c(y).as_subclass(_Named)).as_subclass(Tensor)
        if self.way == "gained":
            return (self.c(y).as_subclass(_Gained) + y).as_subclass(Tensor)
        return self.c(y) * self.gain if self.way == "weight" else self.c(y).as_subclass(_Named) * 2


class _Doubled(TorchFunctionMode):
    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        return found * 2 if func is torch.tanh else found


class _Counted(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.calls += 1
        return func(*args, **(kwargs or {}))


@later
class Moded(Layered):
    """Modes that see or change every function or operation, entered in the pass."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["function", "dispatch", "default dtype", "flops"])

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "function":
            with _Doubled():
                return torch.tanh(self.c(y))
        if self.way == "dispatch":
            with _Counted() as seen:
                x = torch.tanh(self.c(y))
            return x * (1 if seen.calls else 0)
        if self.way == "default dtype":
            before = torch.get_default_dtype()
            torch.set_default_dtype(torch.float64)
            ramp = torch.linspace(0, 1, y.shape[-1])
            torch.set_default_dtype(before)
            return self.c(y) + ramp.to(y)
        with FlopCounterMode(display=False):
            return self.c(y) + y


def _replace(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Tensor) -> Tensor:
    return torch.tanh(output) * kwargs.get("by", 0.5)


def _add_keyword(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    return args, {**kwargs, "by": 0.8}


class _WithKeyword(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.c = nn.Conv2d(C, C, 3, padding=1)

    def forward(self, y: Tensor, *, by: float = 1.0) -> Tensor:
        return self.c(y) * by


@later
class Hooked(Block):
    """Hooks that replace results, with keywords; set for one pass alone; for all modules; on what is packed."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.part = _WithKeyword()
        self.way = draw.choice(["keywords", "one pass", "all modules", "tensor", "gather"])
        if self.way == "keywords":
            self.part.register_forward_hook(_replace, with_kwargs=True)
            self.part.register_forward_pre_hook(_add_keyword, with_kwargs=True)

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "keywords":
            return self.part(y, by=0.7)
        found: list[Tensor] = []

        def double(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
            found.append(output)
            return output * 2

        if self.way == "tensor":
            x = self.part(y)
            if x.requires_grad:
                x.register_hook(lambda gradient: gradient.clamp(-0.5, 0.5))
            return torch.tanh(x)
        if self.way == "all modules":
            handle = nn.modules.module.register_module_forward_hook(double)
        else:
            handle = self.part.c.register_forward_hook(double)
        x = self.part(y)
        handle.remove()
        return x + found[0] if self.way == "gather" else x


@later
class Drawn(Layered):
    """Random numbers of rarer kinds: dropped whole paths, chosen tokens, noise of other laws."""

    chance = True

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["path", "multinomial", "poisson", "exponential", "feature", "vmap", "dropout"])
        self.drop = nn.Dropout2d(0.3)

    def forward(self, y: Tensor) -> Tensor:
        x = self.c(y)
        if self.way == "path":
            keep = 0.8
            return y + x.div(keep) * (keep + torch.rand(y.shape[0], 1, 1, 1)).floor_().to(y)
        if self.way == "multinomial":
            return x[:, torch.multinomial(torch.full((C,), 1.0), C)] + y
        if self.way == "poisson":
            return x + torch.poisson(torch.full(y.shape, 2.0)).to(y) * 0.1
        if self.way == "exponential":
            return x + torch.empty(y.shape[-2:]).exponential_().to(y) * 0.1
        if self.way == "feature":
            return F.feature_alpha_dropout(x, 0.3, training=True)
        if self.way == "vmap":
            return torch.vmap(lambda part: part * torch.rand(()).to(part), 1, 1, randomness="different")(x)
        self.drop.train()
        x = self.drop(x)
        self.drop.eval()
        return x
