"""A plan made runnable: straight-line steps forward, and back again for the gradient at the input."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from lam_core.attribution.cone.graph import Node
from lam_core.attribution.cone.index_sets import Crop, Extent
from lam_core.attribution.cone.kernels.operations import Operation
from lam_core.errors import LamError

Contribution = tuple[Crop | None, Tensor, bool]
"""A gradient of a part of a value, and whether its memory may be written over."""


class Kept(Protocol):
    """What the steps kept for the way back, last step first."""

    def pop(self) -> Any:
        """What the next step kept."""
        ...


class SpentError(LamError):
    """A second backward pass through an output whose activations are freed already."""


@dataclass(frozen=True)
class Origin:
    """Which part of the network a step computes, and of what."""

    node: Node
    computed: Extent
    sources: tuple[tuple[Node, Extent], ...]
    operation: Operation
    """As it is where no other reader's memory may be written over."""


@dataclass(frozen=True)
class Step:
    """One operation: which values it reads, cropped how, and where its result goes."""

    operation: Operation
    inputs: tuple[tuple[int, Crop | None], ...]
    output: int
    shape: tuple[int, ...]
    frees: tuple[int, ...]
    """Values that nothing reads after this step."""
    origin: Origin


@dataclass(frozen=True)
class Program:
    """Steps in order; value 0 is the network's input."""

    steps: tuple[Step, ...]
    takes: tuple[tuple[int, ...], torch.dtype, torch.device]
    """Shape, type and place of the input."""
    output: int
    result: Crop | None
    """What is cut out of the output value."""

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Of the network's input."""
        return self.takes[0]

    @property
    def numbers(self) -> int:
        """How many numbers the steps give in all."""
        return sum(math.prod(step.shape) for step in self.steps)

    def __call__(self, x: Tensor) -> Tensor:
        """The wanted part of the network's output, differentiable with respect to x."""
        if x.requires_grad and torch.is_grad_enabled():
            return _Differentiable.apply(x, self)  # type: ignore[no-any-return]
        with torch.no_grad():
            return self._run(x, None)[0]

    def _run(self, x: Tensor, kept: list[Any] | None) -> tuple[Tensor, list[Any]]:
        values: list[Any] = [None] * (len(self.steps) + 1)
        values[0] = x
        for step in self.steps:
            inputs = [values[i] if cut is None else cut.take(values[i]) for i, cut in step.inputs]
            values[step.output], keep = step.operation.forward(*inputs)
            if kept is not None:
                kept.append(keep)
            for index in step.frees:
                values[index] = None
        result = values[self.output]
        return result if self.result is None else self.result.take(result), values

    def run_keeping(self, x: Tensor, wanted: Mapping[Node, int]) -> tuple[Tensor, dict[Node, Tensor]]:
        """The wanted part of the output, and some nodes' values, given where they lie; none was written over."""
        result, values = self._run(x, None)
        return result, {node: values[index] for node, index in wanted.items()}

    def run_back(self, gradient: Tensor, kept: Kept) -> Tensor:
        """The gradient at the input, from that at the wanted part of the output."""
        pending: list[list[Contribution]] = [[] for _ in range(len(self.steps) + 1)]
        shapes = {step.output: step.shape for step in self.steps} | {0: self.input_shape}
        pending[self.output].append((self.result, gradient, False))
        for step in reversed(self.steps):
            keep = kept.pop()
            if not pending[step.output]:
                continue
            total, own = _sum(pending[step.output], shapes[step.output])
            pending[step.output] = []
            operation = step.operation
            found = operation.backward_over(total, keep) if own else operation.backward(total, keep)
            for (index, cut), part in zip(step.inputs, found, strict=False):
                if part is not None:
                    pending[index].append((cut, part, operation.new_gradient))
        if not pending[0]:
            return gradient.new_zeros(self.input_shape)
        return _sum(pending[0], self.input_shape)[0]


class _Differentiable(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, program: Program) -> Tensor:
        ctx.program = program
        ctx.kept = []
        result, _ = program._run(x.detach(), ctx.kept)
        # A view of the input would tie the output to it behind autograd's back.
        same = result.untyped_storage().data_ptr() == x.untyped_storage().data_ptr()
        return result.clone() if same else result

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]  The decorator hides the names.
        ctx: Any, *gradients: Tensor
    ) -> tuple[Tensor, None]:
        kept, ctx.kept = ctx.kept, None
        if kept is None:
            raise SpentError("the activations of this output were freed by a first backward pass; compute it again")
        return ctx.program.run_back(gradients[0], kept), None


def _sum(contributions: Sequence[Contribution], shape: tuple[int, ...]) -> tuple[Tensor, bool]:
    """The sum of gradients of parts of a value, and whether its memory may be written over."""
    if len(contributions) == 1 and contributions[0][0] is None:
        return contributions[0][1:]
    joined = _join(contributions, shape)
    if joined is not None:
        return joined, True
    base = next((i for i, (cut, _, own) in enumerate(contributions) if cut is None and own), None)
    total = _zeros(contributions[0][1], shape) if base is None else contributions[base][1]
    for i, (cut, part, _) in enumerate(contributions):
        if i == base:
            continue
        if cut is None:
            total.add_(part)
        else:
            cut.add(total, part)
    return total, True


def _join(contributions: Sequence[Contribution], shape: tuple[int, ...]) -> Tensor | None:
    """Gradients of the channels of a value that was split, side by side again; None if that is not what they are."""
    spans = [(cut.channels, part) for cut, part, _ in contributions if cut is not None and cut.channels]
    if len(spans) != len(contributions):
        return None
    spans.sort(key=lambda span: span[0])
    ends = [0, *(stop for (_, stop), _ in spans)]
    if [start for (start, _), _ in spans] != ends[:-1] or ends[-1] != shape[1]:
        return None
    return torch.cat([part for _, part in spans], 1)


def _zeros(like: Tensor, shape: tuple[int, ...]) -> Tensor:
    channels_last = len(shape) == 4 and like.stride(1) == 1 and shape[1] > 1
    memory_format = torch.channels_last if channels_last else torch.contiguous_format
    return torch.empty(shape, dtype=like.dtype, device=like.device, memory_format=memory_format).zero_()
