"""Calls that PyTorch would take apart, written down whole while a network is traced."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.autograd import Function
from torch.utils.checkpoint import CheckpointFunction

from lam_core.attribution.cone.opaque import OwnGradient, Recurrence
from lam_core.attribution.cone.recorder import Blank, Recorder


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
