"""Rules of the operations that move, join and reduce elements, and of matrix products."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from lam_core.attribution.cone.extents import Extent, Positions, crop, interval, is_whole, shape_of, whole
from lam_core.attribution.cone.operations import (
    Concatenate,
    Differentiated,
    Mean,
    Permute,
    Reshape,
    aten,
)
from lam_core.attribution.cone.rules import Planned, broadcast, caller, rule, whole_dims
from lam_core.attribution.cone.trace import Graph, Node, leaves


def move(node: Node, wanted: Extent) -> tuple[Node, Extent] | None:
    """Where the wanted elements of a node lie in its source, if all it does is to choose among them."""
    if node.target is None or node.detached:
        return None
    if node.target in _UNCHANGED:
        return node.args[0], wanted
    find = _MOVES.get(node.target)
    return find(node, wanted) if find else None


def _slice(node: Node, wanted: Extent) -> tuple[Node, Extent]:
    a = node.arguments
    source, dim = a["self"], a["dim"] % len(node.shape)
    start = slice(a["start"], a["end"], a["step"]).indices(source.shape[dim])[0]
    return source, _replaced(wanted, dim, _affine(wanted[dim], start, a["step"]))


def _split(node: Node, wanted: Extent) -> tuple[Node, Extent]:
    a = node.arguments
    source, dim, pick = a["self"], a["dim"] % len(node.shape), node.pick or 0
    sizes = a.get("split_sizes")
    start = sum(sizes[:pick]) if sizes is not None else pick * a["split_size"]
    return source, _replaced(wanted, dim, _affine(wanted[dim], start, 1))


def _roll(node: Node, wanted: Extent) -> tuple[Node, Extent] | None:
    a = node.arguments
    if not a["dims"]:
        return None
    for shift, dim in zip(a["shifts"], a["dims"], strict=True):
        dim %= len(node.shape)
        size = node.shape[dim]
        if shift % size and not len(wanted[dim]) == size == 1:
            wanted = _replaced(wanted, dim, (wanted[dim] - shift) % size)
    return a["self"], wanted


def _flip(node: Node, wanted: Extent) -> tuple[Node, Extent]:
    for dim in node.arguments["dims"]:
        dim %= len(node.shape)
        wanted = _replaced(wanted, dim, node.shape[dim] - 1 - wanted[dim])
    return node.arguments["self"], wanted


_UNCHANGED = {aten.alias.default, aten.clone.default, aten.lift_fresh.default, aten.contiguous.default}
_MOVES = {
    aten.slice.Tensor: _slice,
    aten.split.Tensor: _split,
    aten.split_with_sizes.default: _split,
    aten.roll.default: _roll,
    aten.flip.default: _flip,
}


def _affine(positions: Positions, start: int, step: int) -> Positions:
    if step == 1:
        if start == 0:
            return positions
        if positions is interval(int(positions[0]), int(positions[-1]) + 1):
            return interval(int(positions[0]) + start, int(positions[-1]) + start + 1)
    return start + step * positions


def _replaced(extent: Extent, dim: int, positions: Positions) -> Extent:
    return (*extent[:dim], positions, *extent[dim + 1 :])


@rule(
    aten.view.default,
    aten._unsafe_view.default,
    aten.reshape.default,
    aten.unsqueeze.default,
    aten.squeeze.dim,
    aten.squeeze.dims,
    aten.squeeze.default,
)
def reshape(graph: Graph, node: Node, wanted: Extent) -> Planned:
    """The same elements in another shape; enlarged until what is wanted is a product of positions in both."""
    source = node.args[0]
    computed, request = list(wanted), list(whole(source.shape))
    for inside, outside in _groups(source.shape, node.shape):
        shape_in = [source.shape[dim] for dim in inside]
        shape_out = [node.shape[dim] for dim in outside]
        extent = tuple(wanted[dim] for dim in outside)
        if len(inside) == len(outside) == 1:
            request[inside[0]] = extent[0]
            continue
        if is_whole(extent, shape_out):
            continue
        extent_in = extent
        for _ in range(4):
            extent_in = _project(extent, shape_out, shape_in)
            back = _project(extent_in, shape_in, shape_out)
            if math.prod(map(len, back)) == math.prod(map(len, extent_in)):
                extent = back
                break
            extent = back
        else:
            extent, extent_in = whole(shape_out), whole(shape_in)
        for dim, positions in zip(outside, extent, strict=True):
            computed[dim] = positions
        for dim, positions in zip(inside, extent_in, strict=True):
            request[dim] = positions
    return Planned(tuple(computed), ((source, tuple(request)),), Reshape(shape_of(tuple(computed))), operations_each=0)


def _groups(one: Sequence[int], other: Sequence[int]) -> Iterator[tuple[list[int], list[int]]]:
    """Dimensions of two shapes of equal product, in the finest runs that hold the same elements."""
    i = j = 0
    while i < len(one) or j < len(other):
        inside, outside, p, q = [], [], 1, 1
        while not (inside or outside) or p != q:
            if (p <= q and i < len(one)) or j == len(other):
                inside.append(i)
                p *= one[i]
                i += 1
            else:
                outside.append(j)
                q *= other[j]
                j += 1
        # Dimensions of one element go with the run before them, so that both sides have at least one each.
        while i < len(one) and one[i] == 1 and (j == len(other) or other[j] != 1):
            inside.append(i)
            i += 1
        while j < len(other) and other[j] == 1 and (i == len(one) or one[i] != 1):
            outside.append(j)
            j += 1
        yield inside, outside


def _project(extent: Extent, shape: Sequence[int], target: Sequence[int]) -> Extent:
    """The smallest extent in `target` that holds the same elements as `extent` does in `shape`."""
    flat = np.zeros(1, np.int64)
    for positions, size in zip(extent, shape, strict=True):
        flat = (flat[:, None] * size + positions).ravel()
    found = []
    for size in reversed(target):
        found.append(np.unique(flat % size))
        flat = np.unique(flat // size)
    return tuple(reversed([_interned(positions) for positions in found]))


def _interned(positions: Positions) -> Positions:
    first, last = int(positions[0]), int(positions[-1])
    return interval(first, last + 1) if last - first + 1 == len(positions) else positions


@rule(aten.permute.default, aten.transpose.int, aten.t.default)
def permute(graph: Graph, node: Node, wanted: Extent) -> Planned:
    """Another order of the dimensions."""
    source = node.args[0]
    order = list(range(len(node.shape)))
    if node.target is aten.permute.default:
        order = [dim % len(order) for dim in node.args[1]]
    else:
        one, other = node.args[1:3] if node.target is aten.transpose.int else (0, 1)
        if len(order) > 1:
            order[one], order[other] = order[other], order[one]
    request = list(wanted)
    for position, dim in enumerate(order):
        request[dim] = wanted[position]
    return Planned(wanted, ((source, tuple(request)),), Permute(order), operations_each=0)


@rule(aten.expand.default)
def expand(graph: Graph, node: Node, wanted: Extent) -> Planned:
    """Repetition along dimensions of one element."""
    source = node.args[0]
    sizes = shape_of(wanted)
    extra = len(node.shape) - len(source.shape)
    request = tuple(
        interval(0, 1) if size == 1 else positions for size, positions in zip(source.shape, wanted[extra:], strict=True)
    )
    return Planned(wanted, ((source, request),), Differentiated(lambda x: x.expand(sizes)), 0)


@rule(aten.copy.default)
def copy(graph: Graph, node: Node, wanted: Extent) -> Planned | None:
    """Written over by another tensor: of what was there before, the shape and the type alone remain."""
    source = node.args[1]
    if not isinstance(source, Node):
        return None
    sizes, dtype = shape_of(wanted), node.dtype
    operation = Differentiated(lambda x: x.to(dtype).expand(sizes))
    return Planned(wanted, ((source, broadcast(wanted, source.shape)),), operation, 0)


@rule(aten.select.int, aten.unbind.int)
def select(graph: Graph, node: Node, wanted: Extent) -> Planned:
    """One position along one dimension, which goes away."""
    a = node.arguments
    source = a["self"]
    dim = a["dim"] % len(source.shape)
    index = a["index"] % source.shape[dim] if "index" in a else node.pick or 0
    request = (*wanted[:dim], interval(index, index + 1), *wanted[dim:])
    return Planned(wanted, ((source, request),), Differentiated(lambda x: x.select(dim, 0)), 0)


@rule(aten.cat.default)
def concatenate(graph: Graph, node: Node, wanted: Extent) -> Planned | None:
    """Joined along one dimension: parts of which nothing is wanted are left out."""
    parts, dim = node.arguments["tensors"], node.arguments["dim"] % len(node.shape)
    if not all(isinstance(part, Node) and len(part.shape) == len(node.shape) for part in parts):
        return None
    requests, start = [], 0
    for part in parts:
        size = part.shape[dim]
        here = wanted[dim]
        if len(here) == node.shape[dim]:
            here = interval(0, size)
        else:
            here = here[(here >= start) & (here < start + size)] - start
        if len(here):
            requests.append((part, _replaced(wanted, dim, _interned(here))))
        start += size
    return Planned(wanted, tuple(requests), Concatenate(dim), 0)


@rule(aten.stack.default)
def stack(graph: Graph, node: Node, wanted: Extent) -> Planned | None:
    """Joined along a dimension of its own."""
    parts, dim = node.arguments["tensors"], node.arguments["dim"] % len(node.shape)
    if not all(isinstance(part, Node) for part in parts):
        return None
    extent = (*wanted[:dim], *wanted[dim + 1 :])
    requests = tuple((parts[index], extent) for index in wanted[dim])
    return Planned(wanted, requests, Differentiated(lambda *inputs: torch.stack(inputs, dim)), 0)


@rule(
    aten.mean.dim,
    aten.sum.dim_IntList,
    aten.amax.default,
    aten.amin.default,
    aten.var.correction,
    aten.std.correction,
    aten.logsumexp.default,
    aten.linalg_vector_norm.default,
)
def reduce(graph: Graph, node: Node, wanted: Extent) -> Planned | None:
    """Reductions need the reduced dimensions in full, the others as far as wanted."""
    a = node.arguments
    source, dims = a["self"], a["dim"]
    if dims is None or isinstance(dims, int) or not dims:
        return None
    reduced = {dim % len(source.shape) for dim in dims}
    kept = iter(enumerate(wanted))
    request = []
    for dim, size in enumerate(source.shape):
        if dim in reduced:
            request.append(interval(0, size))
            if a["keepdim"]:
                next(kept)
        else:
            request.append(next(kept)[1])
    work = math.prod(source.shape[dim] for dim in reduced)
    plain = node.target is aten.mean.dim and a["keepdim"] and source.dtype == node.dtype
    operation = Mean(sorted(reduced)) if plain else Differentiated(caller(node))
    return Planned(wanted, ((source, tuple(request)),), operation, work)


@rule(aten._softmax.default, aten._log_softmax.default, aten._safe_softmax.default, aten.cumsum.default)
def along_one(graph: Graph, node: Node, wanted: Extent) -> Planned:
    """Operations along one dimension, which they need in full."""
    computed = whole_dims(node, wanted, node.arguments["dim"])
    return Planned(computed, ((node.args[0], computed),), Differentiated(caller(node)))


@rule(aten.native_layer_norm.default)
def layer_norm(graph: Graph, node: Node, wanted: Extent) -> Planned | None:
    """Normalisation over the last dimensions, which it needs in full."""
    if node.pick or len(node.sources) != 1:
        return None
    count = len(node.arguments["normalized_shape"])
    computed = whole_dims(node, wanted, *range(-count, 0))
    return Planned(computed, ((node.args[0], computed),), Differentiated(caller(node)), 4)


@rule(
    aten._native_batch_norm_legit_no_training.default,
    aten.native_batch_norm.default,
    aten._batch_norm_no_update.default,
)
def batch_norm(graph: Graph, node: Node, wanted: Extent) -> Planned | None:
    """Normalisation by stored statistics: a multiplication and an addition per channel."""
    a = node.arguments
    if node.pick or len(node.sources) != 1 or a.get("training", False) or len(node.shape) < 2:
        return None
    computed = whole_dims(node, wanted, 1)
    mean, variance, weight, bias = (a[name] for name in ("running_mean", "running_var", "weight", "bias"))
    epsilon = a["eps"]

    def normalised(x: Tensor) -> Tensor:
        return torch.nn.functional.batch_norm(x, mean, variance, weight, bias, False, 0.0, epsilon)

    return Planned(computed, ((node.args[0], computed),), Differentiated(normalised), 2)


@rule(aten.mm.default, aten.bmm.default, aten.addmm.default, aten.baddbmm.default)
def product(graph: Graph, node: Node, wanted: Extent) -> Planned:
    """Matrix products, plus an addend: wanted rows of the one, wanted columns of the other, the inner axis whole."""
    *addend, one, other = node.args[:3] if "add" in str(node.target) else node.args[:2]
    inner = interval(0, one.shape[-1])
    extents = [broadcast(wanted, x.shape) for x in addend]
    extents += [(*wanted[:-1], inner), (*wanted[:-2], inner, wanted[-1])]
    requests, constants = [], []
    for operand, extent in zip((*addend, one, other), extents, strict=True):
        if isinstance(operand, Node):
            requests.append((operand, extent))
        else:
            cut = crop(whole(operand.shape), extent, operand.device)
            constants.append(operand if cut is None else cut.take(operand.detach()))
    operation = Differentiated(caller(node, constants))
    return Planned(wanted, tuple(requests), operation, one.shape[-1])


@rule(
    aten._scaled_dot_product_flash_attention_for_cpu.default,
    aten._scaled_dot_product_efficient_attention.default,
    aten._scaled_dot_product_flash_attention.default,
    aten._scaled_dot_product_attention_math.default,
)
def attention(graph: Graph, node: Node, wanted: Extent) -> Planned | None:
    """Attention of wanted examples and heads, among all of their tokens."""
    operands = [leaf for leaf in leaves((node.args, dict(node.kwargs))) if isinstance(leaf, (Node, Tensor))]
    if node.pick or len(node.sources) != len(operands) or not all(x.shape[:2] == node.shape[:2] for x in operands):
        return None
    computed = whole_dims(node, wanted, -1, -2)
    requests = tuple((x, (*computed[:2], *whole(x.shape)[2:])) for x in node.sources)
    tokens = node.sources[1].shape[-2]
    return Planned(computed, requests, Differentiated(caller(node)), 2 * tokens)
