"""Rules of the operations that lay elements out in another way: other shapes, other orders, side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from lam_core.attribution.cone.graph import Graph, Node
from lam_core.attribution.cone.index_sets import Extent, Positions, crop, interval, is_whole, shape_of, whole
from lam_core.attribution.cone.kernels.operations import (
    Concatenate,
    Differentiated,
    Permute,
    Reshape,
    Same,
    aten,
)
from lam_core.attribution.cone.rules.moves import replaced
from lam_core.attribution.cone.rules.rule import Planned, broadcast, rule


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


@rule(aten.slice_scatter.default, aten.select_scatter.default)
def put_in(graph: Graph, node: Node, wanted: Extent) -> Planned | None:
    """A tensor with some positions along one dimension replaced: of each of the two what is wanted of it."""
    a = node.arguments
    target, source, dim = a["self"], a["src"], a["dim"] % len(node.shape)
    if not (isinstance(source, Node) and source.dtype == node.dtype):
        return None
    size = node.shape[dim]
    picks = "index" in a
    replacing = np.array([a["index"] % size]) if picks else np.arange(size)[slice(a["start"], a["end"], a["step"])]
    new = np.isin(wanted[dim], replacing)
    at = np.searchsorted(replacing, wanted[dim][new])
    part = (*wanted[:dim], *(() if picks else (at,)), *wanted[dim + 1 :])
    if new.all() and not picks:
        return Planned(wanted, ((source, part),), Same(), 0)
    if not new.any() and isinstance(target, Node):
        return Planned(wanted, ((target, wanted),), Same(), 0)
    if not new.any():
        return None
    places = torch.as_tensor(np.flatnonzero(new), device=graph.device)

    def put(*inputs: Tensor) -> Tensor:
        given = inputs[-1].unsqueeze(dim) if picks else inputs[-1]
        return (inputs[0] if len(inputs) > 1 else constant).index_copy(dim, places, given)

    if isinstance(target, Node):
        return Planned(wanted, ((target, wanted), (source, part)), Differentiated(put), 0)
    cut = crop(whole(node.shape), wanted, graph.device)
    constant = target.detach() if cut is None else cut.take(target.detach())
    return Planned(wanted, ((source, part),), Differentiated(put), 0)


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
            requests.append((part, replaced(wanted, dim, _interned(here))))
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
