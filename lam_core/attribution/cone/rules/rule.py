"""What each operation needs of its inputs to give a wanted part of its output, and how it then runs.

A rule may answer with more than was wanted (`Planned.computed`), never with less. An operation without a rule is
computed in full from full inputs: slower, never wrong.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from lam_core.attribution.cone.graph import Graph, Node, leaves, substitute
from lam_core.attribution.cone.index_sets import Extent, crop, interval, shape_of, whole
from lam_core.attribution.cone.kernels.operations import Detached, Differentiated, Operation, Same, aten

Request = tuple[Node, Extent]


@dataclass(frozen=True)
class Planned:
    """How one node is computed."""

    computed: Extent
    """What it holds afterwards: at least what was wanted, sorted along each dimension."""
    requests: tuple[Request, ...]
    """What each input of the operation is: which part of which node."""
    operation: Operation
    operations_each: int = 1
    """Multiply-adds per element of the output."""

    @property
    def cost(self) -> int:
        """Multiply-adds in all."""
        return self.operations_each * math.prod(shape_of(self.computed))


Rule = Callable[[Graph, Node, Extent], Planned | None]
"""None: the rule does not cover this use of the operation."""

_RULES: dict[Any, Rule] = {}


def rule(*targets: Any) -> Callable[[Rule], Rule]:
    """Registers a rule for these ATen operations."""

    def register(function: Rule) -> Rule:
        for target in targets:
            if target in _RULES:
                raise ValueError(f"{target} has two rules")
            _RULES[target] = function
        return function

    return register


def plan_node(graph: Graph, node: Node, wanted: Extent) -> Planned:
    """How to compute at least the wanted part of a node."""
    find = _RULES.get(node.target)
    if find is None and torch.Tag.pointwise in node.target.tags:
        find = _RULES[torch.Tag.pointwise]
    planned = (find and find(graph, node, wanted)) or in_full(graph, node, wanted)
    if not node.detached:
        return planned
    return Planned(planned.computed, planned.requests, Detached(planned.operation), planned.operations_each)


def in_full(graph: Graph, node: Node, wanted: Extent) -> Planned:
    """Everything from everything."""
    requests = tuple((source, whole(source.shape)) for source in node.sources)
    call = caller(node)
    # In the trace all tensors are contiguous: so must be what an operation gets that may look at memory.
    return Planned(whole(node.shape), requests, Differentiated(lambda *inputs: call(*(x.contiguous() for x in inputs))))


def whole_dims(node: Node, wanted: Extent, *dims: int) -> Extent:
    """The wanted extent, with these dimensions in full."""
    chosen = {dim % len(node.shape) for dim in dims}
    return tuple(
        interval(0, size) if dim in chosen else positions
        for dim, (size, positions) in enumerate(zip(node.shape, wanted, strict=True))
    )


def caller(node: Node, constants: Sequence[Any] | None = None) -> Callable[..., Tensor]:
    """The node's operation as a function of its inputs; `constants` stand in for its other tensors."""
    position = itertools.count()
    constant = iter(constants or ())

    def number(leaf: Any) -> Any:
        if isinstance(leaf, Node):
            return _Slot(next(position))
        return next(constant) if isinstance(leaf, Tensor) and constants is not None else leaf

    args, kwargs = substitute((node.args, dict(node.kwargs)), number)
    target, pick = node.target, node.pick
    flat = not kwargs and not any(isinstance(a, (list, tuple)) and _has_slot(a) for a in args)

    def call(*inputs: Tensor) -> Tensor:
        if flat:
            result = target(*(inputs[a.index] if isinstance(a, _Slot) else a for a in args))
        else:
            filled, named = substitute(
                (args, kwargs), lambda leaf: inputs[leaf.index] if isinstance(leaf, _Slot) else leaf
            )
            result = target(*filled, **named)
        return result if pick is None else result[pick]

    return call


@dataclass(frozen=True)
class _Slot:
    index: int


def _has_slot(value: Any) -> bool:
    return any(isinstance(leaf, _Slot) for leaf in leaves(value))


def broadcast(wanted: Extent, shape: Sequence[int]) -> Extent:
    """The part of an operand of that shape that an element-wise operation needs for `wanted`."""
    return tuple(
        interval(0, 1) if size == 1 else positions
        for size, positions in zip(shape, wanted[len(wanted) - len(shape) :], strict=True)
    )


def crop_constant(graph: Graph, constant: Tensor, wanted: Extent) -> Tensor:
    """The part of a constant operand that an element-wise operation needs for `wanted`."""
    cut = crop(whole(constant.shape), broadcast(wanted, constant.shape), constant.device)
    return constant if cut is None else cut.take(constant.detach())


@rule(
    torch.Tag.pointwise,
    # These are element-wise too, though not tagged so.
    aten._prelu_kernel.default,
    aten._to_copy.default,
    aten.detach.default,
    aten.lift_fresh_copy.default,
    aten.hardswish.default,
    aten.masked_fill.Tensor,
)
def pointwise(graph: Graph, node: Node, wanted: Extent) -> Planned:
    """Element-wise operations, operands broadcast."""
    constants = [
        crop_constant(graph, leaf, wanted)
        for leaf in leaves((node.args, dict(node.kwargs)))
        if isinstance(leaf, Tensor)
    ]
    requests = tuple((source, broadcast(wanted, source.shape)) for source in node.sources)
    real = node.dtype.is_floating_point and all(source.dtype.is_floating_point for source in node.sources)
    make = _OPERATIONS.get(node.target) if real else None
    operation = make(node, constants, requests) if make else None
    work = 0 if isinstance(operation, Same) else 1
    return Planned(wanted, requests, operation or Differentiated(caller(node, constants)), work)


Maker = Callable[[Node, list[Tensor], tuple[Request, ...]], Operation | None]
_OPERATIONS: dict[Any, Maker] = {}


def faster(*targets: Any) -> Callable[[Maker], Maker]:
    """Registers an `Operation` of our own for element-wise ATen operations."""

    def register(make: Maker) -> Maker:
        _OPERATIONS.update(dict.fromkeys(targets, make))
        return make

    return register
