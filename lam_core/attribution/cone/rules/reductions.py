"""Rules of the operations that sum up over whole dimensions: reductions, normalisations, matrix products, attention."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lam_core.attribution.cone.graph import Graph, Node, leaves
from lam_core.attribution.cone.index_sets import Extent, crop, hull, interval, whole
from lam_core.attribution.cone.kernels.arithmetic import Mean
from lam_core.attribution.cone.kernels.operations import (
    Differentiated,
    Operation,
    aten,
)
from lam_core.attribution.cone.kernels.products import LayerNorm, Product, Softmax, StridedSoftmax
from lam_core.attribution.cone.rules.rule import Planned, broadcast, caller, rule, whole_dims


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
    alike = source.dtype == node.dtype and node.dtype.is_floating_point
    plain = node.target is aten.mean.dim and a["keepdim"] and alike
    operation = Mean(sorted(reduced)) if plain else Differentiated(caller(node))
    return Planned(wanted, ((source, tuple(request)),), operation, work)


@rule(aten._softmax.default, aten._log_softmax.default, aten._safe_softmax.default, aten.cumsum.default)
def along_one(graph: Graph, node: Node, wanted: Extent) -> Planned:
    """Operations along one dimension, which they need in full."""
    dim = node.arguments["dim"] % len(node.shape)
    computed = whole_dims(node, wanted, dim)
    operation: Operation = Differentiated(caller(node))
    if node.target is aten._softmax.default and node.args[0].dtype == node.dtype:
        operation = Softmax() if dim == len(node.shape) - 1 else StridedSoftmax(dim)
    return Planned(computed, ((node.args[0], computed),), operation)


@rule(aten.native_layer_norm.default)
def layer_norm(graph: Graph, node: Node, wanted: Extent) -> Planned | None:
    """Normalisation over the last dimensions, which it needs in full."""
    if node.pick or len(node.sources) != 1:
        return None
    a = node.arguments
    computed = whole_dims(node, wanted, *range(-len(a["normalized_shape"]), 0))
    operation = LayerNorm(a["normalized_shape"], a["weight"], a["bias"], a["eps"])
    return Planned(computed, ((node.args[0], computed),), operation, 4)


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
    if len(wanted) == 3:
        # Of attention's large matrices, rows in between cost less to multiply than the others to gather.
        rows = hull(wanted[1])
        wanted = (wanted[0], rows if 2 * len(rows) < node.shape[1] else interval(0, node.shape[1]), wanted[2])
    inner = interval(0, one.shape[-1])
    extents = [broadcast(wanted, x.shape) for x in addend]
    extents += [(*wanted[:-1], inner), (*wanted[:-2], inner, wanted[-1])]
    requests, constants = [], []
    for operand, extent in zip((*addend, one, other), extents, strict=True):
        if isinstance(operand, Node):
            requests.append((operand, extent))
            constants.append(None)
        else:
            cut = crop(whole(operand.shape), extent, operand.device)
            constants.append(operand.detach() if cut is None else cut.take(operand.detach()))
    if node.kwargs or (addend and constants[0] is None) or not node.dtype.is_floating_point:
        operation: Operation = Differentiated(caller(node, [c for c in constants if c is not None]))
    else:
        operation = Product(constants[-2], constants[-1], constants[0] if addend else None, node.target)
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
    call = caller(node)

    def attended(*inputs: Tensor) -> Tensor:
        # The kernels take the numbers of a token for neighbours in memory.
        return call(*(x if x.stride(-1) == 1 else x.contiguous() for x in inputs))

    return Planned(computed, requests, Differentiated(attended), 2 * tokens)
