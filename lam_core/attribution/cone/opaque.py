"""Steps that run a network's own code as it is: functions with a gradient of their own, and hooks on gradients."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.utils.checkpoint import CheckpointFunction

if TYPE_CHECKING:
    from lam_core.attribution.cone.recorder import Recorder


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


class Recurrence(Opaque):
    """A recurrent layer over a whole sequence, which PyTorch would take apart into every step of it."""

    foreign = False

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)


@contextmanager
def recurrences_recorded(recorder: Recorder) -> Iterator[None]:
    """Has every LSTM, GRU and RNN that this thread runs on the recorder's tensors written down as one step."""
    from lam_core.attribution.cone.recorder import Blank

    thread = threading.get_ident()
    functions = {name: getattr(torch, name) for name in ("lstm", "gru", "rnn_tanh", "rnn_relu")}

    def recorded(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any) -> Any:
            if (
                threading.get_ident() != thread
                or not isinstance(args[0], Blank)
                or not isinstance(args[2], list | tuple)
            ):
                return original(*args)
            x, states, _, _, _, dropout, training = args[:7]
            if dropout and training:
                return original(*args)
            first = states[0] if name == "lstm" else states
            sides = 2 if args[7] else 1
            output = x.new_empty((*x.shape[:-1], sides * first.shape[-1]))
            results = (output, *states) if name == "lstm" else (output, states)
            return recorder.opaque(Recurrence(original), args, results)

        return run

    try:
        for name, original in functions.items():
            setattr(torch._VF, name, recorded(name, original))
        yield
    finally:
        for name, original in functions.items():
            setattr(torch._VF, name, original)


@contextmanager
def functions_recorded(recorder: Recorder) -> Iterator[None]:
    """Has every `autograd.Function` that this thread calls on the recorder's tensors written down as one step.

    Checkpoints are gone through: what they run has the gradient that PyTorch gives it.
    """
    from lam_core.attribution.cone.recorder import Blank

    thread = threading.get_ident()
    own: dict[type[Function], Any] = {}

    def recorded(function: type[Function], original: Callable[..., Any], with_context: bool) -> Callable[..., Any]:
        def forward(*args: Any, **kwargs: Any) -> Any:
            given = args[1:] if with_context else args
            if threading.get_ident() != thread or not any(isinstance(value, Blank) for value in given):
                return original(*args, **kwargs)
            if function is CheckpointFunction:
                run, _, *inputs = given
                with torch.enable_grad():
                    return run(*inputs)
            # What its parts are is of no interest: it counts as a whole, and writes into copies.
            before = len(recorder.nodes)
            copies = {id(value): recorder.copy(value) for value in given if isinstance(value, Blank)}
            results = original(*args[: len(args) - len(given)], *(copies.get(id(g), g) for g in given), **kwargs)
            del recorder.nodes[before:]
            several = isinstance(results, (list, tuple))
            changed = {
                index: value
                for index, result in enumerate(results if several else [results])
                for value in given
                if result is copies.get(id(value)) and result is not None and with_context and args[0].dirty_tensors
            }
            if with_context:
                args[0].dirty_tensors = None
            found = recorder.opaque(OwnGradient(function, writes=bool(changed)), tuple(given), results)
            for index, value in changed.items():
                recorder.write(value, found[index] if several else found)
            return found

        return forward

    try:
        for function in _subclasses(Function):
            original = function.forward
            with_context = function.setup_context is Function.setup_context
            own[function] = vars(function).get("forward")
            function.forward = staticmethod(recorded(function, original, with_context))  # type: ignore[assignment]
        yield
    finally:
        for function, forward in own.items():
            if forward is None:
                del function.forward
            else:
                function.forward = forward


def _subclasses(kind: type[Function]) -> Iterator[type[Function]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)
