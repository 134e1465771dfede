"""Operations forward and backward, for gradients that are wanted at the input alone.

No operation keeps what only the gradient of a weight would need.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

aten = torch.ops.aten

Gradients = Sequence[Tensor | None]

Reads = Literal["inputs", "value", "shapes"]


class Operation:
    """One step of a program: its value, what it keeps for the way back, and the gradients of its inputs."""

    new_value: ClassVar[bool] = False
    """Whether the value is memory of its own that `backward` does not read: the next step may write over it."""
    same_memory: ClassVar[bool] = False
    """Whether the value is the input's memory, seen in another way, which `backward` does not read."""
    new_gradient: ClassVar[bool] = False
    """Whether gradients are memory of their own: others may be added to them in place."""
    reads: Reads = "inputs"
    """What `recall` reads; of all else only the shape counts."""

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        """The value, and what `backward` needs."""
        raise NotImplementedError

    def recall(self, inputs: Sequence[Tensor], value: Tensor) -> Any:
        """What `backward` needs, where inputs and value are known already; neither is written over."""
        if self.reads == "inputs":
            return self.forward(*inputs)[1]
        return value if self.reads == "value" else None

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        """The gradient of each input; None where there is none."""
        raise NotImplementedError

    def backward_over(self, gradient: Tensor, kept: Any) -> Gradients:
        """`backward`, free to write over `gradient`."""
        return self.backward(gradient, kept)

    def overwriting(self, position: int) -> Operation | None:
        """The same operation writing its value over that input, if it can."""
        return None


class InPlace(Operation):
    """An operation whose value may lie where its input was."""

    in_place = False

    def overwriting(self, position: int) -> Operation | None:
        other = copy(self)
        other.in_place = True
        return other


class Differentiated(Operation):
    """Any function at all, differentiated by autograd on its own."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        self.function = function

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        with torch.enable_grad():
            sources = [x.detach().requires_grad_(x.is_floating_point() or x.is_complex()) for x in inputs]
            value = self.function(*sources)
        if not value.requires_grad:
            return value.detach(), None
        # The edge stands for the value: its memory is free as soon as the steps that read it are done.
        return value.detach(), (sources, torch.autograd.graph.get_gradient_edge(value))

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        if kept is None:
            return ()
        sources, value = kept
        wanted = [x for x in sources if x.requires_grad]
        found = iter(torch.autograd.grad(value, wanted, gradient, allow_unused=True))
        return [next(found) if x.requires_grad else None for x in sources]


class Detached(Operation):
    """An operation whose gradient the network itself cuts off."""

    reads = "shapes"

    def __init__(self, operation: Operation) -> None:
        self.operation = operation

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        return self.operation.forward(*inputs)[0], None

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        return ()


class Same(Operation):
    """The input itself: all the work is in how it is cropped."""

    same_memory = True
    reads = "shapes"

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        return inputs[0], None

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        return (gradient,)


class Reshape(Operation):
    """Another shape of the same elements in the same order."""

    same_memory = True
    reads = "shapes"

    def __init__(self, shape: Sequence[int]) -> None:
        self.shape = tuple(shape)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        return inputs[0].reshape(self.shape), inputs[0].shape

    def recall(self, inputs: Sequence[Tensor], value: Tensor) -> Any:
        return inputs[0].shape

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        return (gradient.reshape(kept),)


class Permute(Operation):
    """Another order of the dimensions."""

    same_memory = True
    reads = "shapes"

    def __init__(self, dims: Sequence[int]) -> None:
        self.dims = tuple(dims)
        self.back = tuple(sorted(range(len(dims)), key=lambda i: dims[i]))

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        return inputs[0].permute(self.dims), None

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        return (gradient.permute(self.back),)


class Concatenate(Operation):
    """Inputs side by side along one dimension."""

    new_value = True
    reads = "shapes"

    def __init__(self, dim: int) -> None:
        self.dim = dim

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        return torch.cat(inputs, self.dim), [x.shape[self.dim] for x in inputs]

    def recall(self, inputs: Sequence[Tensor], value: Tensor) -> Any:
        return [x.shape[self.dim] for x in inputs]

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        return gradient.split(kept, self.dim)


class PixelShuffle(Operation):
    """Channels to pixels; a negative factor takes pixels to channels."""

    new_value = True
    new_gradient = True
    reads = "shapes"

    def __init__(self, factor: int) -> None:
        self.factor = factor

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        return self._shuffle(inputs[0], self.factor), None

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        return (self._shuffle(gradient, -self.factor),)

    @staticmethod
    def _shuffle(x: Tensor, factor: int) -> Tensor:
        return F.pixel_shuffle(x, factor) if factor > 0 else F.pixel_unshuffle(x, -factor)
