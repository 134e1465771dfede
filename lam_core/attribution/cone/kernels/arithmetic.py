"""Arithmetic forward and backward: activations, sums, products and means."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from lam_core.attribution.cone.kernels.operations import Gradients, InPlace, Operation, aten


class Rectify(InPlace):
    """ReLU, or leaky ReLU of positive slope: both are known backward from their own value."""

    new_value = False
    new_gradient = True
    reads = "value"

    def __init__(self, slope: float) -> None:
        self.slope = slope

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        (x,) = inputs
        if self.slope:
            y = F.leaky_relu(x, self.slope, inplace=self.in_place)
        else:
            y = torch.relu_(x) if self.in_place else torch.relu(x)
        return y, y

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        if self.slope:
            return (aten.leaky_relu_backward(gradient, kept, self.slope, True),)
        return (aten.threshold_backward(gradient, kept, 0),)

    def backward_over(self, gradient: Tensor, kept: Any) -> Gradients:
        if self.slope:
            aten.leaky_relu_backward.grad_input(gradient, kept, self.slope, True, grad_input=gradient)
        else:
            aten.threshold_backward.grad_input(gradient, kept, 0, grad_input=gradient)
        return (gradient,)


class Sigmoid(Operation):
    """The logistic function."""

    new_gradient = True
    reads = "value"

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        y = torch.sigmoid(inputs[0])
        return y, y

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        return (aten.sigmoid_backward(gradient, kept),)


class Parametric(Operation):
    """PReLU with given slopes: what is at or below zero is multiplied by its channel's slope."""

    new_value = True
    new_gradient = True

    def __init__(self, slopes: Tensor) -> None:
        self.slopes = slopes
        self.rest = 1 - slopes

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        (x,) = inputs
        return aten._prelu_kernel(x, self.slopes), x

    def recall(self, inputs: Sequence[Tensor], value: Tensor) -> Any:
        return inputs[0]

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        # The slope everywhere, and the rest of 1 where the input is positive: no mask, no selection.
        positive = aten.threshold_backward(gradient, kept, 0)
        return ((gradient * self.slopes).addcmul_(positive, self.rest),)


class Add(Operation):
    """Sum of two inputs of possibly different shape, the second one multiplied by a number."""

    new_value = True
    reads = "shapes"

    def __init__(self, factor: float, shapes: Sequence[Sequence[int]], *, over: int | None = None) -> None:
        self.factor = factor
        self.shapes = [tuple(shape) for shape in shapes]
        self.over = over

    def overwriting(self, position: int) -> Operation | None:
        whole = self.shapes[0] == self.shapes[1] or self.shapes[position] == np.broadcast_shapes(*self.shapes)
        if not whole or (position and self.factor != 1):
            return None
        return Add(self.factor, self.shapes, over=position)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        one, other = inputs
        if self.over is None:
            return torch.add(one, other, alpha=self.factor), None
        if self.over == 0:
            return one.add_(other, alpha=self.factor), None
        return other.add_(one), None

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        scaled = gradient if self.factor == 1 else gradient * self.factor
        return gradient.sum_to_size(self.shapes[0]), scaled.sum_to_size(self.shapes[1])


class Shift(InPlace):
    """The input plus a constant that does not enlarge it."""

    new_value = True
    reads = "shapes"

    def __init__(self, constant: Tensor | float) -> None:
        self.constant = constant

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        (x,) = inputs
        return x.add_(self.constant) if self.in_place else x + self.constant, None

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        return (gradient,)


class Mean(Operation):
    """Mean over some dimensions, which stay with one element each."""

    new_value = True
    reads = "shapes"

    def __init__(self, dims: Sequence[int]) -> None:
        self.dims = tuple(dims)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        return inputs[0].mean(self.dims, keepdim=True), inputs[0].shape

    def recall(self, inputs: Sequence[Tensor], value: Tensor) -> Any:
        return inputs[0].shape

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        # The same number everywhere: a view says it without a plane being written.
        count = math.prod(kept[dim] for dim in self.dims)
        return ((gradient / count).expand(kept),)


class Gelu(Operation):
    """Gaussian error linear unit, exact or by the hyperbolic tangent."""

    new_value = True
    new_gradient = True

    def __init__(self, approximate: str) -> None:
        self.approximate = approximate

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        return aten.gelu(inputs[0], approximate=self.approximate), inputs[0]

    def recall(self, inputs: Sequence[Tensor], value: Tensor) -> Any:
        return inputs[0]

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        return (aten.gelu_backward(gradient, kept, approximate=self.approximate),)


class Square(Operation):
    """The input times itself."""

    new_value = True
    new_gradient = True

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        return inputs[0].square(), inputs[0]

    def recall(self, inputs: Sequence[Tensor], value: Tensor) -> Any:
        return inputs[0]

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        return ((kept * gradient).mul_(2),)


class Multiply(Operation):
    """Product of two inputs of possibly different shape."""

    new_value = True
    new_gradient = True

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        return inputs[0] * inputs[1], inputs

    def recall(self, inputs: Sequence[Tensor], value: Tensor) -> Any:
        return inputs

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        one, other = kept
        return (gradient * other).sum_to_size(one.shape), (gradient * one).sum_to_size(other.shape)


class Scale(InPlace):
    """The input times a constant that does not enlarge it."""

    new_value = True
    new_gradient = True
    reads = "shapes"

    def __init__(self, constant: Tensor | float) -> None:
        self.constant = constant

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        (x,) = inputs
        return x.mul_(self.constant) if self.in_place else x * self.constant, None

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        return (gradient * self.constant,)

    def backward_over(self, gradient: Tensor, kept: Any) -> Gradients:
        return (gradient.mul_(self.constant),)
