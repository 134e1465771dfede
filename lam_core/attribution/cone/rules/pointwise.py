"""Element-wise operations that are worth a backward of our own."""

from __future__ import annotations

from torch import Tensor

from lam_core.attribution.cone.graph import Node
from lam_core.attribution.cone.index_sets import shape_of
from lam_core.attribution.cone.kernels.arithmetic import (
    Add,
    Gelu,
    Multiply,
    Parametric,
    Rectify,
    Scale,
    Shift,
    Sigmoid,
    Square,
)
from lam_core.attribution.cone.kernels.operations import Operation, Same, aten
from lam_core.attribution.cone.rules.rule import Request, faster

Requests = tuple[Request, ...]


@faster(aten.relu.default)
def relu(node: Node, constants: list[Tensor], requests: Requests) -> Operation:
    return Rectify(0.0)


@faster(aten.leaky_relu.default)
def leaky_relu(node: Node, constants: list[Tensor], requests: Requests) -> Operation | None:
    slope = float(node.arguments["negative_slope"])
    return Rectify(slope) if slope > 0 else None


@faster(aten.sigmoid.default)
def sigmoid(node: Node, constants: list[Tensor], requests: Requests) -> Operation:
    return Sigmoid()


@faster(aten.gelu.default)
def gelu(node: Node, constants: list[Tensor], requests: Requests) -> Operation:
    return Gelu(node.arguments["approximate"])


@faster(aten.pow.Tensor_Scalar, aten.square.default)
def square(node: Node, constants: list[Tensor], requests: Requests) -> Operation | None:
    return Square() if len(node.args) == 1 or node.args[1] == 2 else None


@faster(aten._prelu_kernel.default)
def prelu(node: Node, constants: list[Tensor], requests: Requests) -> Operation | None:
    return Parametric(constants[0]) if len(constants) == 1 else None


@faster(aten.add.Tensor, aten.sub.Tensor)
def add(node: Node, constants: list[Tensor], requests: Requests) -> Operation | None:
    one, other = node.args[:2]
    sign = -1 if node.target is aten.sub.Tensor else 1
    factor = sign * float(node.arguments["alpha"])
    if isinstance(one, Node) and isinstance(other, Node):
        if not one.dtype == other.dtype == node.dtype:
            return None
        return Add(factor, [shape_of(extent) for _, extent in requests])
    if not isinstance(one, Node) or not _keeps_shape(node, one):
        return None
    constant = constants[0].to(node.dtype) if isinstance(other, Tensor) else other
    return Same() if _is_number(constant, 0) else Shift(constant if factor == 1 else constant * factor)


@faster(aten.mul.Tensor, aten.div.Tensor)
def multiply(node: Node, constants: list[Tensor], requests: Requests) -> Operation | None:
    one, other = node.args[:2]
    divides = node.target is aten.div.Tensor
    if isinstance(one, Node) and isinstance(other, Node):
        return Multiply() if not divides and one.dtype == other.dtype == node.dtype else None
    if not isinstance(one, Node):
        one, other = other, one
        if divides:
            return None
    if not _keeps_shape(node, one):
        return None
    # Of integers, and of numbers in a lower precision, the reciprocal would be less exact than the quotient.
    constant = constants[0].to(node.dtype) if isinstance(other, Tensor) else other
    if _is_number(constant, 1):
        return Same()
    if divides and _is_number(constant, 0):
        return None
    return Scale(1 / constant if divides else constant)


def _keeps_shape(node: Node, source: Node) -> bool:
    """Whether the constant operand leaves the source's shape and type as they are."""
    return source.shape == node.shape and source.dtype == node.dtype


def _is_number(constant: Tensor | float, number: float) -> bool:
    if isinstance(constant, Tensor):
        return constant.numel() <= 64 and bool(constant.eq(number).all())
    return constant == number
