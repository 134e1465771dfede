"""Matrix products and normalisations forward and backward, keeping only what the way back reads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from lam_core.attribution.cone.kernels.operations import Gradients, InPlace, Operation, Reads, aten


class Product(Operation):
    """Product of two matrices, or of two stacks of them, plus a constant addend; None stands for an input."""

    new_value = True
    new_gradient = True

    def __init__(self, one: Tensor | None, other: Tensor | None, addend: Tensor | None, target: Any) -> None:
        self.one, self.other, self.addend = one, other, addend
        self.target = target
        self.reads: Reads = "inputs" if one is None and other is None else "shapes"

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        varying = iter(inputs)
        one = next(varying) if self.one is None else self.one
        other = next(varying) if self.other is None else self.other
        y = self.target(one, other) if self.addend is None else self.target(self.addend, one, other)
        # Either's gradient is a product with the other.
        return y, (one if self.other is None else None, other if self.one is None else None)

    def recall(self, inputs: Sequence[Tensor], value: Tensor) -> Any:
        one = inputs[0] if self.one is None else self.one
        other = inputs[-1] if self.other is None else self.other
        return one if self.other is None else None, other if self.one is None else None

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        one, other = kept
        of_one = () if other is None else (gradient @ other.mT,)
        of_other = () if one is None else (one.mT @ gradient,)
        return (*of_one, *of_other)


class Softmax(Operation):
    """Softmax along the last dimension."""

    new_gradient = True
    reads = "value"

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        y = torch.softmax(inputs[0], -1)
        return y, y

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        return (aten._softmax_backward_data(gradient, kept, -1, kept.dtype),)


class StridedSoftmax(InPlace):
    """Softmax along another dimension, where PyTorch's own strides through memory."""

    new_gradient = True
    reads = "value"

    def __init__(self, dim: int) -> None:
        self.dim = dim

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        (x,) = inputs
        top = x.amax(self.dim, keepdim=True)
        y = x.sub_(top) if self.in_place else x - top
        # Subnormal numbers, here and in the products that follow, would take twenty times as long.
        tiny = torch.finfo(y.dtype).tiny
        torch.threshold_(y.clamp_(min=math.log(tiny) + 2).exp_(), 10 * tiny, 0.0)
        return y.div_(y.sum(self.dim, keepdim=True)), y

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        return (centred(gradient * kept, kept, self.dim),)

    def backward_over(self, gradient: Tensor, kept: Any) -> Gradients:
        return (centred(gradient.mul_(kept), kept, self.dim),)


class LayerNorm(Operation):
    """Normalisation over the last dimensions."""

    new_value = True
    new_gradient = True

    def __init__(self, shape: Sequence[int], weight: Tensor | None, bias: Tensor | None, epsilon: float) -> None:
        self.shape, self.weight, self.bias, self.epsilon = list(shape), weight, bias, epsilon

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        (x,) = inputs
        y, mean, scale = aten.native_layer_norm(x, self.shape, self.weight, self.bias, self.epsilon)
        return y, (x, mean, scale)

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        x, mean, scale = kept
        asked = [True, False, False]
        return aten.native_layer_norm_backward(gradient, x, self.shape, mean, scale, self.weight, self.bias, asked)[:1]


def centred(product: Tensor, weights: Tensor, dim: int) -> Tensor:
    """The gradient of what a softmax was given, from its weights times their gradient, which is written over."""
    return product.addcmul_(weights, product.sum(dim, keepdim=True), value=-1)
