"""Everything that a network's forward pass can assign: captured before foreign code runs, put back afterwards."""

from __future__ import annotations

import copy
import functools
import operator
import random
import sys
import threading
import types
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

_LIBRARIES = {*sys.stdlib_module_names, "torch", "torchvision", "numpy", "scipy", "cv2", "einops", "timm"}
"""Packages whose functions, classes and objects hold nothing that belongs to a network."""
_MOST_OBJECTS = 300_000
"""Objects after which the search for state ends: a program's global tables may hold more than any network."""
_LARGEST_COPY = 512 * 2**20
"""Bytes of weights beyond which they are not copied to see whether a network writes into them."""
_IMMUTABLE = (
    *(type(None), bool, int, float, complex, str, bytes, type(Ellipsis), range, slice, types.BuiltinFunctionType),
    *(torch.dtype, torch.device, torch.Size, torch.layout, torch.memory_format),
)
_PLAIN = (*_IMMUTABLE, types.ModuleType)
_NUMBERS = {type(None), bool, int, float, str}
_CONTAINERS = {dict, OrderedDict, list, set}
_VARIABLES = (bool, int, float, str, list, dict, set, tuple, deque, random.Random)
"""Kinds of global variables that belong to a network's code although their types are a library's."""


@contextmanager
def undisturbed(module: nn.Module) -> Iterator[None]:
    """Runs a network's code and leaves the network as it was, whatever that code assigns and whether or not it raises.

    Attributes, buffers, plain tensors, lists, dictionaries, sets, hooks with what they close over, attributes of its
    classes and the global variables that its methods name are afterwards the same objects with the same content. One
    thread at a time runs a network like this; a block inside another does nothing of its own.
    """
    guard = _guard(module)
    with guard.lock:
        if guard.depth:
            yield
            return
        guard.depth = 1
        try:
            state = State(module, weights=guard.overwritten)
            try:
                yield
            finally:
                guard.overwritten = (guard.overwritten or frozenset()) | state.restore()
        finally:
            guard.depth = 0


def replica(module: nn.Module) -> nn.Module:
    """A deep copy of a network that also copies kept features, which `copy.deepcopy` refuses for their history.

    Objects that cannot be copied at all, such as locks and imported modules, are shared with the original.
    """
    memo: dict[int, Any] = {}
    state = State(module, weights=frozenset())
    for tensor in state.tensors:
        if not tensor.is_leaf:
            memo[id(tensor)] = tensor.detach().clone().requires_grad_(tensor.requires_grad)
    try:
        return _in_mode(copy.deepcopy(module, dict(memo)), module)
    except Exception:  # Foreign objects may refuse in any way.
        for tensor in state.tensors:
            if type(tensor) not in (Tensor, nn.Parameter) and not _can_be_copied(tensor, memo):
                memo[id(tensor)] = _same_class(tensor)
        for shared in state.others:
            if not _can_be_copied(shared, memo):
                memo[id(shared)] = shared
        return _in_mode(copy.deepcopy(module, memo), module)


def _in_mode(twin: nn.Module, module: nn.Module) -> nn.Module:
    """The copy with every layer in the mode of the original: layers of einops forget theirs."""
    for part, original in zip(twin.modules(), module.modules(), strict=False):
        part.training = original.training
    return twin


def _can_be_copied(value: Any, memo: dict[int, Any]) -> bool:
    try:
        copy.deepcopy(value, dict(memo))
    except Exception:  # Foreign objects may refuse in any way.
        return False
    return True


def _same_class(tensor: Tensor) -> Tensor:
    """A copy of a tensor of a foreign class that says nothing of how it is copied."""
    with torch._C.DisableTorchFunctionSubclass():
        twin = tensor.detach().clone().as_subclass(type(tensor)).requires_grad_(tensor.requires_grad)
    for name, value in vars(tensor).items():
        object.__setattr__(twin, name, value)
    return twin


def moved(module: nn.Module, device: torch.device | str | None, dtype: torch.dtype | None) -> nn.Module:
    """A copy of a network on another device or in another precision."""
    twin = replica(module)
    if device is not None and type(twin).to is not nn.Module.to:
        # What a network keeps beside its buffers is moved by its own method, if by any.
        with suppress(Exception):
            twin.to(device)

    def other(tensor: Tensor) -> Tensor:
        # `Module.to` would make complex weights real.
        wanted = dtype.to_complex() if dtype is not None and tensor.is_complex() else dtype
        return tensor.to(device, wanted if tensor.is_complex() or tensor.is_floating_point() else None)

    return twin._apply(other)


class _Guard:
    """One network's lock, and which of its weights its own forward pass writes into, once that is known."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.depth = 0
        self.overwritten: frozenset[int] | None = None
        """Ids of weights; None before the first run, in which all are watched."""


_GUARDS: weakref.WeakKeyDictionary[nn.Module, _Guard] = weakref.WeakKeyDictionary()
_GUARDS_LOCK = threading.Lock()


def _guard(module: nn.Module) -> _Guard:
    with _GUARDS_LOCK:
        return _GUARDS.setdefault(module, _Guard())


class State:
    """What is reachable from a network, as it stands."""

    def __init__(self, module: nn.Module, *, weights: frozenset[int] | None) -> None:
        """`weights`: ids of the parameters whose values are copied; None copies all of them."""
        self.tensors: list[Tensor] = []
        self.seen: dict[int, Any] = {}
        self.others: list[Any] = []
        """What is no network's to change: modules, locks, loggers."""
        self._empty: list[dict | list | set] = []
        self._undo: list[tuple[Any, ...]] = []
        """What puts an object back, and its arguments."""
        self._copies: list[tuple[Tensor, Tensor]] = []
        parameters = list(module.parameters())
        self._weights = {id(p) for p in parameters}
        if weights is None:
            size = sum(p.numel() * p.element_size() for p in parameters)
            weights = frozenset(self._weights if size <= _LARGEST_COPY else ())
        self._copied = weights
        self._search([module])

    def restore(self) -> frozenset[int]:
        """Puts everything back; returns the ids of the weights whose values had changed."""
        for held in self._empty:
            if held:
                held.clear()
        for undo, *seen in self._undo:
            try:
                undo(*seen)
            except Exception:  # One object that refuses must not keep the others from being put back.
                continue
        changed = set()
        with torch.no_grad():
            for tensor, values in self._copies:
                with suppress(Exception):
                    if not torch.equal(tensor, values):
                        tensor.data.copy_(values)
                        changed.add(id(tensor))
        return frozenset(changed & self._weights)

    def _search(self, pending: list[Any]) -> None:
        seen = self.seen
        while pending and len(seen) < _MOST_OBJECTS:
            value = pending.pop()
            visit = _visitor(type(value))
            if visit is None:
                if not isinstance(value, _IMMUTABLE):
                    self.others.append(value)
            elif id(value) not in seen:
                seen[id(value)] = value
                if type(value) in _CONTAINERS and not value:
                    self._empty.append(value)
                else:
                    visit(self, value, pending)

    def _items(self, value: Iterable[Any], pending: list[Any]) -> None:
        # Most of what a module holds: numbers, and tables of hooks that nobody has set.
        for held in value:
            kind = type(held)
            if kind in _CONTAINERS and not held:
                self._empty.append(held)
            elif kind not in _NUMBERS:
                pending.append(held)

    def _dict(self, value: dict, pending: list[Any]) -> None:
        self._undo.append((_restore_dict, value, dict(value)))
        self._items(value.values(), pending)

    def _sequence(self, value: list | deque, pending: list[Any]) -> None:
        self._undo.append((_restore_sequence, value, list(value)))
        self._items(value, pending)

    def _set(self, value: set, pending: list[Any]) -> None:
        self._undo.append((_restore_set, value, set(value)))
        self._items(value, pending)

    def _script(self, value: torch.jit.ScriptModule, pending: list[Any]) -> None:
        # It keeps its tensors where Python does not see them.
        pending += [*value.parameters(), *value.buffers()]
        self._object(value, pending)

    def _method(self, value: types.MethodType, pending: list[Any]) -> None:
        pending += [value.__self__, value.__func__]

    def _partial(self, value: functools.partial, pending: list[Any]) -> None:
        pending += [value.func, value.args, value.keywords]

    def _array(self, value: np.ndarray, pending: list[Any]) -> None:
        self._undo.append((_restore_array, value, value.copy()))

    def _draws(self, value: Any, pending: list[Any]) -> None:
        if isinstance(value, np.random.Generator):
            self._undo.append((setattr, value.bit_generator, "state", copy.deepcopy(value.bit_generator.state)))
        elif isinstance(value, random.Random):
            self._undo.append((value.setstate, value.getstate()))
        else:
            self._undo.append((value.set_state, value.get_state()))

    def _tensor(self, tensor: Tensor, pending: list[Any]) -> None:
        self.tensors.append(tensor)
        grad = tensor.grad if tensor.is_leaf else None
        self._undo.append((_restore_tensor, tensor, tensor.data, tensor.requires_grad, grad))
        if tensor.__dict__:
            pending.append(tensor.__dict__)
        if (id(tensor) not in self._weights or id(tensor) in self._copied) and tensor.device.type != "meta":
            self._copies.append((tensor, tensor.detach().clone()))

    def _object(self, value: Any, pending: list[Any]) -> None:
        kind = type(value)
        pending.append(kind)
        if (attributes := getattr(value, "__dict__", None)) is not None:
            pending.append(attributes)
        for name in _slots(kind):
            with suppress(AttributeError):
                held = object.__getattribute__(value, name)
                self._undo.append((object.__setattr__, value, name, held))
                pending.append(held)

    def _class(self, value: type, pending: list[Any]) -> None:
        if _of_library(value):
            return
        pending.extend(value.__bases__)
        content = _content(value)
        self._undo.append((_restore_class, value, content))
        for held in content.values():
            held = getattr(held, "__func__", held)
            pending.append(held.fget if isinstance(held, property) else held)

    def _function(self, value: types.FunctionType, pending: list[Any]) -> None:
        for cell in value.__closure__ or ():
            with suppress(ValueError):  # an empty cell
                self._undo.append((setattr, cell, "cell_contents", cell.cell_contents))
                pending.append(cell.cell_contents)
        pending += [value.__defaults__, value.__kwdefaults__, value.__dict__]
        if _of_library(value):
            return
        names = _names(value.__code__)
        tables = [value.__globals__]
        for table in tables:
            for name in names:
                held = table.get(name)
                if held is None or name.startswith("__"):
                    continue
                if isinstance(held, types.ModuleType):
                    if held.__name__.partition(".")[0] not in _LIBRARIES and table is value.__globals__:
                        tables.append(vars(held))
                elif isinstance(held, (type, types.FunctionType)):
                    pending.append(held)
                elif not _of_library(type(held)) or isinstance(held, (Tensor, np.ndarray, *_VARIABLES)):
                    self._undo.append((table.__setitem__, name, held))
                    pending.append(held)


@lru_cache(4096)
def _visitor(kind: type) -> Callable[[State, Any, list[Any]], None] | None:
    """What notes the state of objects of a type; None for those that have none, or none of a network's."""
    for kinds, visit in (
        (_PLAIN, None),
        (Tensor, State._tensor),
        (dict, State._dict),
        ((list, deque), State._sequence),
        (set, State._set),
        ((tuple, frozenset), State._items),
        (types.FunctionType, State._function),
        (types.MethodType, State._method),
        (functools.partial, State._partial),
        (type, State._class),
        (np.ndarray, State._array),
        ((torch.Generator, random.Random, np.random.Generator, np.random.RandomState), State._draws),
        (torch.jit.ScriptModule, State._script),
        (nn.Module, State._object),
    ):
        if issubclass(kind, kinds):
            return visit
    return None if _of_library(kind) else State._object


@lru_cache(4096)
def _names(code: types.CodeType) -> tuple[str, ...]:
    """The global names and attributes that a function's code uses."""
    inner = (name for constant in code.co_consts if isinstance(constant, types.CodeType) for name in _names(constant))
    return (*code.co_names, *inner)


def _of_library(value: Any) -> bool:
    module = getattr(value, "__module__", None) or "builtins"
    return isinstance(module, str) and module.partition(".")[0] in _LIBRARIES


@lru_cache(4096)
def _slots(kind: type) -> tuple[str, ...]:
    found: list[str] = []
    for base in kind.__mro__:
        slots = vars(base).get("__slots__", ())
        found += [slots] if isinstance(slots, str) else slots
    return tuple(name for name in found if name not in ("__dict__", "__weakref__"))


def _content(kind: type) -> dict[str, Any]:
    return {name: held for name, held in vars(kind).items() if not name.startswith("__") or name == "__call__"}


def _same(one: Iterable, other: Iterable) -> bool:
    return all(map(operator.is_, one, other))


def _restore_dict(held: dict, content: dict) -> None:
    if not (len(held) == len(content) and _same(held, content) and _same(held.values(), content.values())):
        held.clear()
        held.update(content)


def _restore_sequence(held: list | deque, content: list) -> None:
    if len(held) != len(content) or not _same(held, content):
        held.clear()
        held.extend(content)


def _restore_set(held: set, content: set) -> None:
    if held != content:
        held.clear()
        held.update(content)


def _restore_array(held: np.ndarray, content: np.ndarray) -> None:
    if held.flags.writeable and held.tobytes() != content.tobytes():
        held[...] = content


def _restore_class(kind: type, content: dict[str, Any]) -> None:
    for name in _content(kind).keys() - content.keys():
        delattr(kind, name)
    for name, held in content.items():
        if vars(kind).get(name) is not held:
            setattr(kind, name, held)


def _restore_tensor(tensor: Tensor, memory: Tensor, requires_grad: bool, grad: Tensor | None) -> None:
    moved = tensor.layout == torch.strided and tensor.data_ptr() != memory.data_ptr()
    if moved or tensor.shape != memory.shape or tensor.dtype != memory.dtype or tensor.stride() != memory.stride():
        tensor.data = memory
    if tensor.is_leaf and tensor.requires_grad != requires_grad:
        tensor.requires_grad_(requires_grad)
    if tensor.is_leaf and tensor.grad is not grad:
        tensor.grad = grad
