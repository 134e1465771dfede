"""Writes down what a network computes while its code runs on tensors without values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from lam_core.attribution.cone.graph import Node, UntraceableError, leaves, substitute
from lam_core.attribution.cone.opaque import GradientHook
from lam_core.attribution.cone.shapes import shape_of_result

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

_RESHAPING = {f"aten::{name}_" for name in ("unsqueeze", "squeeze", "transpose", "t", "swapaxes", "swapdims")}
"""Operations that change the shape of a tensor itself."""
_UPDATING = {aten.native_batch_norm.default, aten.cudnn_batch_norm.default, aten.miopen_batch_norm.default}
"""Normalisations that update the running statistics they are given, where they normalise by those of the batch."""
_EXCHANGES = dict.fromkeys(
    (aten.transpose_.default, aten.swapaxes_.default, aten.swapdims_.default), aten.transpose.int
)

_UNCHANGED = {aten.view.default, aten._unsafe_view.default, aten.expand.default, aten.alias.default}
"""Operations that give their input again where the shape stays."""


class Blank(Tensor):
    """A tensor without values that knows its shape, type and device, and is never anything but contiguous."""

    recorder: Recorder
    differentiable: bool
    """Whether a gradient would pass through it to the network's input."""

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    @staticmethod
    def __new__(cls, shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> Blank:
        return Tensor._make_wrapper_subclass(cls, shape, dtype=dtype, device=device)  # type: ignore[return-value]

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is aten._has_compatible_shallow_copy_type.default:
            # Asked before a tensor takes over another one's shape.
            return True
        raise UntraceableError(f"it keeps a tensor beyond its own run ({func})")

    @property
    def requires_grad(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """What the network's code sees where a real input carries a gradient: it chooses its way by it."""
        return self.differentiable

    def requires_grad_(self, mode: bool = True) -> Blank:
        """Nothing changes: the gradient that a network takes of itself cannot be written down."""
        if mode != self.differentiable:
            raise UntraceableError("it switches the gradient of a tensor on or off")
        return self

    def retain_grad(self) -> None:
        """Nothing is kept."""

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> Any:
        """Writes the hook down as an operation of its own."""
        return self.recorder.hook(self, hook)


@dataclass(frozen=True, eq=False)
class _View:
    """How a tensor was seen in another one's memory."""

    parent: Tensor
    func: Any
    args: tuple[Any, ...]
    """Without the parent, which comes first."""
    kwargs: dict[str, Any]
    pick: int | None


class Recorder(TorchDispatchMode):
    """Writes down what depends on the input; runs all else for real, as constants.

    Changes in place are followed through views: a changed tensor stands for a new value from then on, what it is a
    view of for that value with the changed part put in, and other views are taken again when they are next read.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # PyTorch would load its compiler, for a second, only to leave this class out of what it compiles.
        return False

    def __init__(self) -> None:
        super().__init__()
        self.nodes: list[Node] = []
        self.constants: dict[int, tuple[Tensor, Tensor]] = {}
        """Every real tensor that a node reads, by id, beside an alias of its memory as it was then."""
        self._of: dict[int, Node] = {}
        self._alive: list[Any] = []
        self._views: dict[int, _View] = {}
        self._version: dict[int, int] = {}
        """How often each tensor that is no view was written to, through itself or through views."""
        self._current: dict[int, int] = {}
        """The version of its memory up to which a view's node holds."""
        self._dirty: set[int] = set()
        """Addresses of real memory that was written to while the network ran."""

    @cached_property
    def fake(self) -> FakeTensorMode:
        """What tells the shapes that are not worked out here; it too loads PyTorch's compiler."""
        return FakeTensorMode(allow_non_fake_inputs=True)

    def blank(self, node: Node, *, differentiable: bool = True) -> Blank:
        """A tensor that stands for a node's value."""
        tensor = Blank(node.shape, node.dtype, node.device)
        tensor.recorder, tensor.differentiable = self, differentiable
        self._of[id(tensor)] = node
        self._alive.append(tensor)
        return tensor

    def node(self, tensor: Tensor) -> Node:
        """The node that a tensor stands for now."""
        view = self._views.get(id(tensor)) if self._version else None
        if view is None:
            return self._of[id(tensor)]
        version = self._version.get(id(self._root(tensor)), 0)
        if self._current.get(id(tensor), 0) != version:
            parent = self.blank(self.node(view.parent))
            results = self._record(view.func, (parent, *view.args), view.kwargs)
            self._of[id(tensor)] = self._of[id(results if view.pick is None else results[view.pick])]
            self._current[id(tensor)] = version
        return self._of[id(tensor)]

    def depends(self, value: Any) -> bool:
        """Whether a value is a tensor that depends on the network's input."""
        if isinstance(value, Blank):
            return True
        return bool(self._version) and isinstance(value, Tensor) and id(self._root(value)) in self._version

    def hook(self, tensor: Blank, hook: Callable[[Tensor], Tensor | None]) -> Any:
        """What was computed from a tensor before its hook was set cannot be told: the hook counts from now on."""
        if not tensor.differentiable:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        node = self.node(tensor)
        hooked = GradientHook(hook)
        new = Node(hooked, (node,), {}, shape=node.shape, dtype=node.dtype, device=node.device)
        self._of[id(tensor)] = new
        self.nodes.append(new)
        return hooked

    def opaque(self, function: Callable[..., Any], args: tuple[Any, ...], results: Any) -> Any:
        """One step for a whole function of tensors: `results` say by their shapes what it gives."""
        several = isinstance(results, (list, tuple))
        found = []
        named = substitute(args, self._named)
        for index, result in enumerate(results if several else [results]):
            if not isinstance(result, Tensor):
                found.append(result)
                continue
            pick = index if several else None
            form = {"shape": tuple(result.shape), "dtype": result.dtype, "device": result.device}
            node = Node(function, named, {}, **form, pick=pick)
            self.nodes.append(node)
            found.append(self.blank(node))
        return tuple(found) if several else found[0]

    def copy(self, tensor: Blank) -> Blank:
        """A tensor of its own memory that stands for the same value, and whose gradient nobody follows."""
        return self.blank(self.node(tensor), differentiable=False)

    def forget(self) -> None:
        """Lets all tensors of the run go."""
        self._of.clear()
        self._alive.clear()
        self._views.clear()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        depends = any(map(self.depends, tensors_in(args, kwargs)))
        if depends and draws(func, args, kwargs):
            # Every run starts from the same seed: what is drawn for a shape alone is a constant.
            if not func._schema.name.endswith("_like"):
                raise UntraceableError(f"it draws random numbers that depend on the pixels' values ({func})")
            args = (torch.empty(args[0].shape, dtype=args[0].dtype, device=args[0].device), *args[1:])
            depends = any(map(self.depends, tensors_in(args, kwargs)))
        if depends:
            if func is aten.as_strided_.default and tuple(args[1]) == args[0].shape and args[0].shape[-2:] == (1, 1):
                # How pooling to one pixel labels its result's memory layout: the elements are the same.
                return args[0]
            return self._change(func, args, kwargs) if func._schema.is_mutable else self._record(func, args, kwargs)
        if func._schema.is_mutable:
            self._keep_constants(func, args, kwargs)
        result = func(*args, **kwargs)
        if _makes_views(func) and args and isinstance(args[0], Tensor) and not func._schema.is_mutable:
            # What a real tensor shares is followed too, for the case that the input's values are written into it.
            self._follow(func, args, kwargs, result)
        return result

    def _record(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Writes an operation down that changes nothing; gives tensors that stand for its results."""
        if func in _UPDATING and args[5]:
            # Running statistics, which the result does not depend on; the operation does not say that it writes there.
            args = (*args[:3], *(value if value is None else value.clone() for value in args[3:5]), *args[5:])
        enabled = torch.is_grad_enabled()
        if self._version:
            args = tuple(substitute(args, self._readable))
            kwargs = substitute(dict(kwargs), self._readable)
        shape = shape_of_result(func, args, kwargs)
        result: Any
        if shape is None:
            with self.fake:
                result = func(*substitute(args, self._faked), **substitute(kwargs, self._faked))
        else:
            first = next(value for value in tensors_in(args, kwargs) if isinstance(value, Blank))
            forms = [Form(one, first.dtype, first.device) for one in (shape if isinstance(shape, list) else [shape])]
            result = tuple(forms) if isinstance(shape, list) else forms[0]
        fill = _FILLS.get(func)
        if fill is not None and not isinstance(value := fill(*args), Tensor):
            return torch.full(result.shape, value, dtype=result.dtype, device=result.device)
        several = isinstance(result, (list, tuple))
        results = result if several else (result,)
        if not any(isinstance(value, (Tensor, Form)) for value in results):
            return result
        sources = (value for value in tensors_in(args, kwargs) if isinstance(value, Blank))
        differentiable = enabled and any(x.differentiable for x in sources) and func is not aten.detach.default
        named = substitute(args, self._named), substitute(kwargs, self._named)
        found: list[Any] = []
        for index, value in enumerate(results):
            if not isinstance(value, (Tensor, Form)):
                found.append(value)
                continue
            real = value.dtype.is_floating_point or value.dtype.is_complex
            if func in _UNCHANGED and enabled and tuple(args[0].shape) == tuple(value.shape):
                node = self._of[id(args[0])]
            else:
                pick = index if several else None
                form = {"shape": tuple(value.shape), "dtype": value.dtype, "device": value.device}
                node = Node(func, *named, **form, pick=pick, detached=not enabled)
                self.nodes.append(node)
            found.append(self.blank(node, differentiable=differentiable and real))
        answer = tuple(found) if several else found[0]
        if _makes_views(func):
            self._follow(func, args, kwargs, answer)
        return answer

    def _follow(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        """Remembers of what a result is a view."""
        parent, *rest = args
        real = not isinstance(parent, Blank)
        if real and func is aten.detach.default:
            func = aten.alias.default
        several = isinstance(result, (list, tuple))
        for index, tensor in enumerate(result if several else [result]):
            if isinstance(tensor, Tensor) and tensor is not parent:
                self._views[id(tensor)] = _View(parent, func, tuple(rest), kwargs, index if several else None)
                self._current[id(tensor)] = self._version.get(id(self._root(parent)), 0)
                if real:
                    self._alive += [tensor, parent]

    def _root(self, tensor: Tensor) -> Tensor:
        while (view := self._views.get(id(tensor))) is not None:
            tensor = view.parent
        return tensor

    def _change(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
        """Writes a change in place down as a new value, and has the changed tensor stand for it from now on."""
        changed, plain = args[0] if args else None, _EXCHANGES.get(func, without_change(func))
        if plain is None and set(kwargs) == {"out"} and isinstance(kwargs["out"], Tensor):
            changed, plain, kwargs = kwargs["out"], without_output(func), {}
        if plain is None or not isinstance(changed, Tensor):
            raise UntraceableError(f"it changes a tensor in place in a way that cannot be followed ({func})")
        if self.depends(changed) and not torch.is_grad_enabled() and self._carries(changed):
            # Its value would be new and its gradient the old one.
            raise UntraceableError(f"it changes a tensor in place behind the gradient's back ({func})")
        if isinstance(changed, Blank) and func._schema.name in _RESHAPING:
            return self._reshape(changed, plain, args[1:])
        if plain is aten.copy.default and not self.depends(args[1]):
            # PyTorch has no gradient of its own for this, and what was there before must not count.
            plain, args, kwargs = (
                aten.where.self,
                (torch.ones((), dtype=torch.bool, device=changed.device), args[1], changed),
                {},
            )
        result = self._record(plain, args, kwargs)
        if not isinstance(result, Tensor) or tuple(result.shape) != tuple(changed.shape):
            raise UntraceableError(f"it changes a tensor in place to another shape ({func})")
        if not isinstance(result, Blank):
            raise UntraceableError(f"it changes a tensor in place in a way that cannot be followed ({func})")
        if result.dtype != changed.dtype:
            result = self._record(aten._to_copy.default, (result,), {"dtype": changed.dtype})
        self.write(changed, result)
        return changed

    def _reshape(self, changed: Blank, plain: Any, args: tuple[Any, ...]) -> Blank:
        """Gives a tensor another shape over the same memory, of which it is from now on a view."""
        if any(view.parent is changed for view in self._views.values()):
            raise UntraceableError(f"it changes the shape of a tensor that others are views of ({plain})")
        before = self.blank(self.node(changed), differentiable=changed.differentiable)
        if id(changed) in self._views:
            self._views[id(before)] = self._views.pop(id(changed))
        for versions in (self._current, self._version):
            if id(changed) in versions:
                versions[id(before)] = versions.pop(id(changed))
        after = self._record(plain, (before, *args), {})
        changed.data = after
        self._of[id(changed)] = self._of[id(after)]
        self._views[id(changed)] = self._views[id(after)]
        self._current[id(changed)] = self._current[id(after)]
        return changed

    def _carries(self, tensor: Tensor) -> bool:
        return isinstance(tensor, Blank) and tensor.differentiable

    def write(self, changed: Tensor, value: Blank) -> None:
        """Has a tensor stand for another value from now on, and so all that shares its memory."""
        node, passes = self._of[id(value)], value.differentiable
        tensor = changed
        while (view := self._views.get(id(tensor))) is not None:
            if view.func is aten.detach.default and self._carries(view.parent):
                raise UntraceableError("it changes a tensor in place behind the gradient's back")
            parent = self._readable(view.parent)
            value = self._put_back(view, parent, value)
            tensor = view.parent
        root = tensor
        self._of[id(root)] = self._of[id(value)]
        self._version[id(root)] = self._version.get(id(root), 0) + 1
        self._alive += [root, changed]
        self._of[id(changed)] = node
        self._current[id(changed)] = self._version[id(root)]
        for tensor in (changed, root):
            if isinstance(tensor, Blank):
                tensor.differentiable |= passes

    def _put_back(self, view: _View, parent: Tensor, value: Blank) -> Blank:
        """The parent with another value where the view looks."""
        name, args, kwargs = view.func._schema.name, list(view.args), dict(view.kwargs)
        bound = bind(view.func, (parent, *args), kwargs)
        size = tuple(parent.shape)
        match name:
            case "aten::slice":
                rest = (bound["dim"], bound["start"], bound["end"], bound["step"])
                return self._record(aten.slice_scatter.default, (parent, value, *rest), {})
            case "aten::split" | "aten::split_with_sizes":
                sizes, pick = bound.get("split_sizes"), view.pick or 0
                start = sum(sizes[:pick]) if sizes is not None else pick * bound["split_size"]
                stop = start + value.shape[bound["dim"]]
                return self._record(aten.slice_scatter.default, (parent, value, bound["dim"], start, stop, 1), {})
            case "aten::select":
                return self._record(aten.select_scatter.default, (parent, value, bound["dim"], bound["index"]), {})
            case "aten::unbind":
                return self._record(aten.select_scatter.default, (parent, value, bound["dim"], view.pick), {})
            case "aten::view" | "aten::_unsafe_view" | "aten::reshape" | "aten::unsqueeze" | "aten::squeeze":
                if value.dtype == parent.dtype:
                    return self._record(aten.view.default, (value, size), {})
            case "aten::permute":
                back = sorted(range(len(size)), key=lambda i: bound["dims"][i] % len(size))
                return self._record(aten.permute.default, (value, back), {})
            case "aten::transpose":
                return self._record(aten.transpose.int, (value, bound["dim0"], bound["dim1"]), {})
            case "aten::t":
                return self._record(aten.t.default, (value,), {})
            case "aten::alias" | "aten::detach" | "aten::lift_fresh":
                return value
            case "aten::expand":
                if tuple(value.shape) == size:
                    return value
            case "aten::diagonal":
                rest = (bound["offset"], bound["dim1"], bound["dim2"])
                return self._record(aten.diagonal_scatter.default, (parent, value, *rest), {})
            case "aten::view_as_real":
                return self._record(aten.view_as_complex.default, (value,), {})
            case "aten::view_as_complex":
                return self._record(aten.view_as_real.default, (value,), {})
        raise UntraceableError(f"it changes a tensor in place in a way that cannot be followed ({view.func})")

    def _keep_constants(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Before real memory is written to: copies it for the nodes that have read it, and notes that it is written."""
        for argument, value in zip(func._schema.arguments, args, strict=False):
            if not (argument.alias_info is not None and argument.alias_info.is_write):
                continue
            self._keep(value)
        for argument in func._schema.arguments:
            if argument.alias_info is not None and argument.alias_info.is_write and argument.name in kwargs:
                self._keep(kwargs[argument.name])

    def _keep(self, written: Any) -> None:
        for tensor in leaves(written):
            if not isinstance(tensor, Tensor) or isinstance(tensor, Blank):
                continue
            memory = _memory(tensor)
            self._dirty.add(memory)
            read = {key: held for key, (held, alias) in self.constants.items() if _memory(alias) == memory}
            if read:
                copies = {key: held.detach().clone() for key, held in read.items()}
                self.replace_constants(copies)

    def replace_constants(self, others: dict[int, Tensor]) -> None:
        """Has nodes read other tensors instead of those with these ids."""

        def other(leaf: Any) -> Any:
            return others.get(id(leaf), leaf) if isinstance(leaf, Tensor) else leaf

        for node in self.nodes:
            object.__setattr__(node, "args", substitute(node.args, other))
            object.__setattr__(node, "kwargs", substitute(dict(node.kwargs), other))
        for key, tensor in others.items():
            del self.constants[key]
            self.constants[id(tensor)] = (tensor, tensor)

    def _readable(self, value: Any) -> Any:
        """A tensor that stands for what the value is now, if it depends on the input."""
        if not isinstance(value, Tensor) or not self.depends(value):
            return value
        node = self.node(value)
        return value if isinstance(value, Blank) else self.blank(node)

    def _named(self, value: Any) -> Any:
        if isinstance(value, Blank):
            return self.node(value)
        if not isinstance(value, Tensor):
            return value
        if self._dirty and _memory(value) in self._dirty:
            value = value.detach().clone()
        if id(value) not in self.constants:
            self.constants[id(value)] = (value, value.detach())
        return value

    def _faked(self, value: Any) -> Any:
        if not isinstance(value, Blank):
            return value
        return FakeTensor(self.fake, torch.empty(value.shape, dtype=value.dtype, device="meta"), value.device)


def tensors_in(args: Sequence[Any], kwargs: dict[str, Any]) -> list[Tensor]:
    """The tensors among an ATen operation's arguments, those in lists too."""
    found: list[Tensor] = []
    for value in (*args, *kwargs.values()) if kwargs else args:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            found += tensors_in(value, {})
    return found


@dataclass(frozen=True)
class Form:
    """What there is to say of a result that was worked out here."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    device: torch.device


def bind(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """All arguments of an ATen operation by name, defaults filled in."""
    bound: dict[str, Any] = {}
    for position, argument in enumerate(func._schema.arguments):
        if position < len(args):
            bound[argument.name] = args[position]
        else:
            bound[argument.name] = kwargs.get(argument.name, argument.default_value)
    return bound


@cache
def _makes_views(func: Any) -> bool:
    return any(argument.alias_info for argument in func._schema.arguments)


@cache
def without_change(func: Any) -> Any:
    """What gives as a new tensor what an operation makes of its first argument; None if that is not all it does."""
    namespace, _, name = func._schema.name.partition("::")
    written = [argument.alias_info is not None and argument.alias_info.is_write for argument in func._schema.arguments]
    packet = getattr(getattr(torch.ops, namespace), name.removesuffix("_"), None)
    if not name.endswith("_") or not written[0] or any(written[1:]):
        return None
    return getattr(packet, func._overloadname, None)


@cache
def without_output(func: Any) -> Any:
    """What gives as a new tensor what an operation writes into its argument `out`; None if there is nothing such."""
    namespace, _, name = func._schema.name.partition("::")
    packet = getattr(getattr(torch.ops, namespace), name)
    given = [(argument.name, str(argument.type)) for argument in func._schema.arguments if argument.name != "out"]
    for overload in packet.overloads():
        other = getattr(packet, overload)
        same = [(argument.name, str(argument.type)) for argument in other._schema.arguments]
        if same == given and not other._schema.is_mutable:
            return other
    return None


def draws(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether an operation draws random numbers; attention without dropout does not."""
    if torch.Tag.nondeterministic_seeded not in func.tags:
        return False
    for position, argument in enumerate(func._schema.arguments):
        if argument.name == "dropout_p":
            given = args[position] if position < len(args) else kwargs.get("dropout_p", argument.default_value)
            return given != 0
    return True


def _memory(tensor: Tensor) -> int:
    try:
        return tensor.untyped_storage().data_ptr()
    except (RuntimeError, NotImplementedError):  # sparse and the like have none
        return id(tensor)
