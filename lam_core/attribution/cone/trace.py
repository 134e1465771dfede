"""What a network computes, written down without computing it: a graph of ATen operations."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import torch
import torch._dynamo  # Fake tensors load it on first use: two seconds that belong to start-up, not to a plan.
from torch import Tensor
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensor,
    FakeTensorMode,
)
from torch.utils._python_dispatch import TorchDispatchMode

from lam_core.attribution.cone.shapes import shape_of_result

Network = Callable[[Tensor], Tensor]

_TRACING = threading.Lock()

aten = torch.ops.aten

_FILLS: dict[Any, Callable[..., Any]] = {
    aten.zeros_like.default: lambda *args: 0,
    aten.new_zeros.default: lambda *args: 0,
    aten.empty_like.default: lambda *args: 0,
    aten.new_empty.default: lambda *args: 0,
    aten.ones_like.default: lambda *args: 1,
    aten.new_ones.default: lambda *args: 1,
    aten.full_like.default: lambda x, value: value,
    aten.new_full.default: lambda x, size, value: value,
}
"""Operations that take from their input its shape and kind alone, with what they fill it with."""


_UNCHANGED = {aten.view.default, aten._unsafe_view.default, aten.expand.default, aten.alias.default}
"""Operations that give their input again where the shape stays."""


class UntraceableError(Exception):
    """A network whose computation cannot be written down beforehand; the message says why."""


class _NotPlainError(UntraceableError):
    """What only functionalisation tells apart or follows."""


@dataclass(frozen=True, eq=False)
class Node:
    """One tensor of the network that depends on its input, and the operation that makes it."""

    target: Any
    """The ATen operation; None at the network's input."""
    args: tuple[Any, ...]
    """Its arguments: a `Node` for a tensor that depends on the input, a constant for everything else."""
    kwargs: Mapping[str, Any]
    shape: tuple[int, ...]
    dtype: torch.dtype
    pick: int | None = None
    """Which one of the operation's results this is, where it gives several."""
    detached: bool = False
    """Whether the network computes it under `torch.no_grad()`."""

    @cached_property
    def arguments(self) -> dict[str, Any]:
        """All arguments by the names of the operation's schema, defaults filled in."""
        bound: dict[str, Any] = {}
        for position, argument in enumerate(self.target._schema.arguments):
            if position < len(self.args):
                bound[argument.name] = self.args[position]
            else:
                bound[argument.name] = self.kwargs.get(argument.name, argument.default_value)
        return bound

    @cached_property
    def sources(self) -> tuple[Node, ...]:
        """The nodes among the arguments, in order, repeated where they are used twice."""
        return tuple(a for a in leaves((self.args, dict(self.kwargs))) if isinstance(a, Node))


@dataclass(frozen=True)
class Prepared:
    """A network's weights in the layouts that the operations want, shared by all its graphs and plans."""

    made: dict[tuple[Any, ...], tuple[Tensor, Tensor]] = field(default_factory=dict)

    def get(self, weight: Tensor, kind: tuple[Any, ...], make: Callable[[Tensor], Tensor]) -> Tensor:
        """`make(weight)`, made once for each kind."""
        key = (id(weight), *kind)
        if key not in self.made:
            with torch.no_grad():
                # The weight is kept beside what was made of it: its id must not pass to another tensor.
                self.made[key] = (weight, make(weight.detach()))
        return self.made[key][1]


@dataclass(frozen=True)
class Graph:
    """A network on one input shape: its nodes in order of computation, from `input` to `output`."""

    nodes: tuple[Node, ...]
    input: Node
    output: Node
    device: torch.device
    prepared: Prepared


def leaves(value: Any) -> Iterator[Any]:
    """Everything in nested lists, tuples and dictionaries that is none of these."""
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    else:
        yield value


def substitute(value: Any, replace: Callable[[Any], Any]) -> Any:
    """`value` with every leaf replaced."""
    if isinstance(value, (list, tuple)):
        return type(value)([substitute(item, replace) for item in value])
    if isinstance(value, dict):
        return {key: substitute(item, replace) for key, item in value.items()}
    return replace(value)


class _Blank(Tensor):
    """A tensor without values that knows its shape, type and device, and is never anything but contiguous."""

    @staticmethod
    def __new__(cls, shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> _Blank:
        return Tensor._make_wrapper_subclass(cls, shape, dtype=dtype, device=device)  # type: ignore[return-value]

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise UntraceableError(f"it keeps a tensor beyond its own run ({func})")


class _Recorder(TorchDispatchMode):
    """Runs what depends on the input on fake tensors and writes it down; runs all else for real, as constants."""

    def __init__(self, fake: FakeTensorMode, *, functional: bool) -> None:
        super().__init__()
        self.fake = fake
        self.functional = functional
        self.nodes: list[Node] = []
        self.of: dict[int, Node] = {}
        self.alive: list[Tensor] = []
        self.shared: set[int] = set()
        """Ids of tensors that are views of others, or have such views."""

    def add(self, tensor: Tensor, node: Node) -> None:
        self.nodes.append(node)
        self.of[id(tensor)] = node
        self.alive.append(tensor)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        _refuse_chance(func, args, kwargs)
        if not any(isinstance(value, _Blank) for value in leaves((args, kwargs))):
            return func(*args, **kwargs)
        if not self.functional and not torch.is_grad_enabled():
            # Either `no_grad`, or within an `autograd.Function`, which functionalisation refuses.
            raise _NotPlainError("parts of it have no gradient, or one of their own")
        if func is aten.as_strided_.default and tuple(args[1]) == args[0].shape and args[0].shape[-2:] == (1, 1):
            # How pooling to one pixel labels its result's memory layout: the elements are the same.
            return args[0]
        if func._schema.is_mutable:
            return self._in_place(func, args, kwargs)
        shape = shape_of_result(func, args, kwargs)
        result: Any
        if shape is None:
            with self.fake:
                result = func(*substitute(tuple(args), self._faked), **substitute(dict(kwargs), self._faked))
            result = substitute(result, _blank)
        else:
            first = next(value for value in leaves(args) if isinstance(value, _Blank))
            several = shape if isinstance(shape, list) else [shape]
            blanks = tuple(_Blank(one, first.dtype, first.device) for one in several)
            result = blanks if isinstance(shape, list) else blanks[0]
        fill = _FILLS.get(func)
        if fill is not None and not isinstance(value := fill(*args), Tensor):
            return torch.full(result.shape, value, dtype=result.dtype, device=result.device)
        results = result if isinstance(result, (list, tuple)) else (result,)
        if not any(isinstance(value, Tensor) for value in results):
            return result
        if func in _UNCHANGED and args[0].shape == results[0].shape:
            self.of[id(results[0])] = self.of[id(args[0])]
            self.alive.append(results[0])
            self.shared |= {id(args[0]), id(results[0])}
            return result
        if _makes_views(func):
            self.shared |= {id(value) for value in leaves((args, results)) if isinstance(value, Tensor)}
        named = substitute(tuple(args), self._named), substitute(dict(kwargs), self._named)
        for index, tensor in enumerate(results):
            if isinstance(tensor, Tensor):
                node = Node(
                    func,
                    *named,
                    shape=tuple(tensor.shape),
                    dtype=tensor.dtype,
                    pick=index if isinstance(result, (list, tuple)) else None,
                    detached=not torch.is_grad_enabled(),
                )
                self.add(tensor, node)
        return result

    def _in_place(self, func: Any, args: Any, kwargs: Any) -> Tensor:
        """Writes a change in place down as a new value, and has the changed tensor stand for it from now on."""
        changed, plain = args[0], _without_change(func)
        if self.functional or plain is None or not isinstance(changed, _Blank) or id(changed) in self.shared:
            raise _NotPlainError(f"it changes a tensor in place in a way that cannot be followed ({func})")
        result = self.__torch_dispatch__(plain, (), args, kwargs)
        if result.shape != changed.shape or result.dtype != changed.dtype:
            raise _NotPlainError(f"it changes a tensor in place to another type or shape ({func})")
        self.of[id(changed)] = self.of[id(result)]
        return changed

    def _named(self, value: Any) -> Any:
        return self.of[id(value)] if isinstance(value, _Blank) else value

    def _faked(self, value: Any) -> Any:
        if not isinstance(value, _Blank):
            return value
        return FakeTensor(self.fake, torch.empty(value.shape, dtype=value.dtype, device="meta"), value.device)


def _blank(value: Any) -> Any:
    return _Blank(value.shape, value.dtype, value.device) if isinstance(value, FakeTensor) else value


@cache
def _makes_views(func: Any) -> bool:
    return any(argument.alias_info for argument in func._schema.arguments)


@cache
def _without_change(func: Any) -> Any:
    """What gives as a new tensor what an operation makes of its first argument; None if that is not all it does."""
    namespace, _, name = func._schema.name.partition("::")
    written = [argument.alias_info is not None and argument.alias_info.is_write for argument in func._schema.arguments]
    packet = getattr(getattr(torch.ops, namespace), name.removesuffix("_"), None)
    if not name.endswith("_") or not written[0] or any(written[1:]):
        return None
    return getattr(packet, func._overloadname, None)


def _refuse_chance(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Raises `UntraceableError` for an operation that draws random numbers; attention without dropout does not."""
    if torch.Tag.nondeterministic_seeded not in func.tags:
        return
    for position, argument in enumerate(func._schema.arguments):
        if argument.name == "dropout_p":
            given = args[position] if position < len(args) else kwargs.get("dropout_p", argument.default_value)
            if given == 0:
                return
    raise UntraceableError(f"it draws random numbers ({func})")


def trace(
    network: Network, shape: tuple[int, ...], dtype: torch.dtype, device: torch.device, prepared: Prepared
) -> Graph:
    """The graph of a network on an input of that shape, without computing it.

    Raises `UntraceableError` if the network's path depends on pixel values, if it draws random numbers, brings a
    gradient of its own, or does anything else that tensors without values cannot go through.
    """
    with _TRACING, _unlogged():
        try:
            return _recorded(network, shape, dtype, device, prepared, functional=False)
        except UntraceableError:
            # Functionalisation follows changes in place through all views, and takes longer than all the rest.
            return _recorded(network, shape, dtype, device, prepared, functional=True)


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keeps PyTorch from logging a page for every operation that fails on fake tensors: the reason is raised anyway."""
    logger = logging.getLogger("torch._subclasses.fake_tensor")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before


def _recorded(
    network: Network,
    shape: tuple[int, ...],
    dtype: torch.dtype,
    device: torch.device,
    prepared: Prepared,
    *,
    functional: bool,
) -> Graph:
    fake = FakeTensorMode(allow_non_fake_inputs=True)
    x = _Blank(shape, dtype, device)
    recorder = _Recorder(fake, functional=functional)
    start = Node(None, (), {}, shape=tuple(shape), dtype=dtype)
    recorder.add(x, start)
    try:
        with torch.enable_grad(), recorder:
            y = (torch.func.functionalize(network) if functional else network)(x)
    except UntraceableError:
        raise
    except (DataDependentOutputException, DynamicOutputShapeException) as error:
        raise UntraceableError(f"its path depends on the pixels' values ({error.func})") from error
    # A network is foreign code: whatever stops it here is a reason to run it as it is, and that run tells its errors.
    except Exception as error:
        sentence = str(error).strip().splitlines()
        raise UntraceableError(sentence[0] if sentence else type(error).__name__) from error
    if not isinstance(y, _Blank):
        raise UntraceableError("its output does not depend on its input")
    return Graph(tuple(recorder.nodes), start, recorder.of[id(y)], device, prepared)
