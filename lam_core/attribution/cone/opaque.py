"""Steps that run a network's own code as it is: functions with a gradient of their own, and hooks on gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn
from torch.autograd import Function


class Opaque:
    """A function that is no ATen operation, as the target of a node."""

    foreign = True
    """Whether it is the network's own code, which may change the network."""
    tags: frozenset[Any] = frozenset()

    def __call__(self, *args: Any) -> Any:
        raise NotImplementedError


class OwnGradient(Opaque):
    """A call of an `autograd.Function`; `writes` if it changes what it is given."""

    def __init__(self, function: type[Function], *, writes: bool) -> None:
        self.function, self.writes = function, writes

    def __call__(self, *args: Any) -> Any:
        if self.writes:
            args = tuple(value.clone() if isinstance(value, Tensor) else value for value in args)
        return self.function.apply(*args)

    def __str__(self) -> str:
        return self.function.__qualname__


class GradientHook(Opaque):
    """The value itself, whose gradient is passed through a hook on its way back."""

    def __init__(self, hook: Callable[[Tensor], Tensor | None]) -> None:
        self.hook: Callable[[Tensor], Tensor | None] | None = hook

    def __call__(self, *args: Any) -> Tensor:
        value = args[0].view_as(args[0])
        if self.hook is not None and value.requires_grad:
            value.register_hook(self.hook)
        return value

    def remove(self) -> None:
        """The hook no longer counts."""
        self.hook = None

    def __enter__(self) -> GradientHook:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class HookedModule(Opaque):
    """A module whose hooks see the gradients of the whole of its input and output."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module

    def __call__(self, *args: Any) -> Any:
        positional, named = args
        return self.module(*positional, **named)


class Recurrence(Opaque):
    """A recurrent layer over a whole sequence, which PyTorch would take apart into every step of it."""

    foreign = False

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)
