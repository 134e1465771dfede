"""Calls that PyTorch would take apart, written down whole while a network is traced."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.utils.checkpoint import CheckpointFunction

from lam_core.attribution.cone.graph import UntraceableError, leaves, substitute
from lam_core.attribution.cone.opaque import HookedModule, OwnGradient, Recurrence
from lam_core.attribution.cone.recorder import Blank, Recorder


@contextmanager
def steps_recorded(recorder: Recorder, network: nn.Module) -> Iterator[None]:
    """Has all such calls of a network written down whole."""
    with functions_recorded(recorder), recurrences_recorded(recorder), modules_recorded(recorder, network):
        yield


@contextmanager
def recurrences_recorded(recorder: Recorder) -> Iterator[None]:
    """Has every LSTM, GRU and RNN that this thread runs on the recorder's tensors written down as one step."""
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
def modules_recorded(recorder: Recorder, network: nn.Module) -> Iterator[None]:
    """Has every module of a network that has hooks on gradients written down as one step."""
    kinds = [(part, type(part)) for part in network.modules() if part._backward_hooks or part._backward_pre_hooks]

    def recorded(kind: type[nn.Module]) -> type[nn.Module]:
        def call(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
            given = [value for value in leaves((args, kwargs)) if isinstance(value, Blank)]
            if not given or not torch.is_grad_enabled():
                return kind.__call__(self, *args, **kwargs)
            hooks = self._backward_hooks, self._backward_pre_hooks
            self._backward_hooks, self._backward_pre_hooks = OrderedDict(), OrderedDict()
            before = len(recorder.nodes)
            copies = {id(value): recorder.copy(value) for value in given}
            inner = substitute((args, kwargs), lambda leaf: copies.get(id(leaf), leaf))
            try:
                result = kind.__call__(self, *inner[0], **inner[1])
            finally:
                self._backward_hooks, self._backward_pre_hooks = hooks
            # What its parts are is of no interest: it counts as a whole.
            del recorder.nodes[before:]
            if not isinstance(result, Tensor):
                raise UntraceableError("a module that gives several tensors has hooks on its gradients")
            return recorder.opaque(HookedModule(self), (args, kwargs), result)

        return type(kind.__name__, (kind,), {"__call__": call, "__module__": kind.__module__})

    try:
        for part, kind in kinds:
            part.__class__ = recorded(kind)
        yield
    finally:
        for part, kind in kinds:
            part.__class__ = kind


@contextmanager
def functions_recorded(recorder: Recorder) -> Iterator[None]:
    """Has every `autograd.Function` that this thread calls on the recorder's tensors written down as one step.

    Checkpoints are gone through: what they run has the gradient that PyTorch gives it.
    """
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
