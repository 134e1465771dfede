"""Convolutions of a crop, padded with zeros only where the crop meets the plane's true border.

The gradient at the input of a convolution of stride 1 is again a convolution, with the kernel turned by half a turn
and the channels exchanged: the fastest kernel that there is serves both ways.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from lam_core.attribution.cone.graph import Prepared
from lam_core.attribution.cone.kernels.operations import Gradients, Operation, aten

Pair = tuple[int, int]


@dataclass(frozen=True)
class Margins:
    """Rows and columns of zeros around a crop; negative where the crop is too large."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def even(self) -> Pair | None:
        """Margins that both sides share, if they do."""
        if self.top == self.bottom >= 0 and self.left == self.right >= 0:
            return self.top, self.left
        return None

    @property
    def common(self) -> Pair:
        """As much of the margins as a convolution's own even padding can stand for."""
        return max(min(self.top, self.bottom), 0), max(min(self.left, self.right), 0)


class Convolution(Operation):
    """A convolution of a padded crop."""

    new_value = True
    new_gradient = True
    reads = "shapes"

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None,
        stride: Pair,
        dilation: Pair,
        groups: int,
        margins: Margins,
        prepared: Prepared,
    ) -> None:
        self.bias = bias
        self.stride = stride
        self.dilation = dilation
        self.groups = groups
        self.margins = margins
        self.prepared, self.given = prepared, weight
        # To a picture's few channels, a matrix product whose columns are added up in place beats any convolution.
        self.narrow = groups == 1 and weight.shape[1] <= 4 and dilation == (1, 1) and weight.device.type == "cpu"
        self.turned = stride == (1, 1) and not self.narrow
        self.reach = (dilation[0] * (weight.shape[2] - 1), dilation[1] * (weight.shape[3] - 1))

    @cached_property
    def weight(self) -> Tensor:
        """The kernel, laid out when it is first used: plans are made of many convolutions that never run."""
        return self.prepared.get(self.given, ("straight",), fast_layout)

    @cached_property
    def back(self) -> Tensor:
        """The kernel that takes gradients back."""
        if not self.turned:
            return self.prepared.get(self.given, ("rows",), Tensor.contiguous)
        return self.prepared.get(self.given, ("turned", self.groups), lambda w: fast_layout(turn(w, self.groups)))

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        (x,) = inputs
        size = (x.shape[2], x.shape[3])
        padding = self.margins.even
        if padding is None:
            m = self.margins
            x, padding = F.pad(x, (m.left, m.right, m.top, m.bottom)), (0, 0)
        y = F.conv2d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)
        return y, size

    def recall(self, inputs: Sequence[Tensor], value: Tensor) -> Any:
        return (inputs[0].shape[2], inputs[0].shape[3])

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        skip = self.margins.common
        skip = (min(skip[0], self.reach[0]), min(skip[1], self.reach[1]))
        if self.turned:
            padding = (self.reach[0] - skip[0], self.reach[1] - skip[1])
            found = F.conv2d(gradient, self.back, None, 1, padding, self.dilation, self.groups)
        elif self.narrow:
            found = aten.slow_conv_transpose2d(
                gradient, self.back, self.back.shape[2:], None, self.stride, skip, [0, 0]
            )
        else:
            found = F.conv_transpose2d(gradient, self.back, None, self.stride, skip, 0, self.groups, self.dilation)
        return (_cut(found, 2, self.margins.top - skip[0], kept[0], 3, self.margins.left - skip[1], kept[1]),)


class TransposedConvolution(Operation):
    """A transposed convolution of stride s, as a convolution to s² phases and a pixel shuffle.

    Output position o = s·q + φ − padding reads input q − t through tap φ + s·t, t = 0, 1, …: each phase φ is an
    ordinary convolution, and all phases read the same input.
    """

    new_gradient = True
    reads = "shapes"

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None,
        stride: int,
        groups: int,
        margins: Margins,
        offset: Pair,
        size: Pair,
        prepared: Prepared,
    ) -> None:
        phases = prepared.get(weight, ("phases", stride, groups), lambda w: to_phases(w, stride, groups))
        self.inner = Convolution(phases, None, (1, 1), (1, 1), groups, margins, prepared)
        self.bias = None if bias is None else bias.detach().view(1, -1, 1, 1)
        self.stride = stride
        self.offset = offset
        self.size = size

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        y, kept = self.inner.forward(*inputs)
        y = F.pixel_shuffle(y, self.stride)
        whole = (y.shape[2], y.shape[3])
        y = y.narrow(2, self.offset[0], self.size[0]).narrow(3, self.offset[1], self.size[1])
        return (y if self.bias is None else y + self.bias), (whole, kept)

    def recall(self, inputs: Sequence[Tensor], value: Tensor) -> Any:
        x, margins = inputs[0], self.inner.margins
        taps = self.inner.weight.shape[2:]
        sides = zip(x.shape[2:], (margins.top + margins.bottom, margins.left + margins.right), taps, strict=True)
        height, width = ((size + margin - tap + 1) * self.stride for size, margin, tap in sides)
        return (height, width), self.inner.recall(inputs, value)

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        (height, width), inner = kept
        top, left = self.offset
        bottom, right = height - top - self.size[0], width - left - self.size[1]
        gradient = F.pixel_unshuffle(F.pad(gradient, (left, right, top, bottom)), self.stride)
        return self.inner.backward(gradient, inner)


def fast_layout(weight: Tensor) -> Tensor:
    """Channels last where the CPU's single-precision kernels want them so."""
    if weight.device.type == "cpu" and weight.dtype == torch.float32:
        return weight.contiguous(memory_format=torch.channels_last)
    return weight.contiguous()


def turn(weight: Tensor, groups: int) -> Tensor:
    """The kernel [out, in / groups, k, k] of the convolution that takes gradients back."""
    out, inner, *kernel = weight.shape
    grouped = weight.view(groups, out // groups, inner, *kernel).transpose(1, 2)
    return grouped.reshape(groups * inner, out // groups, *kernel).flip(2, 3)


def to_phases(weight: Tensor, stride: int, groups: int) -> Tensor:
    """A transposed kernel [in, out / groups, k, k] as an ordinary one [out · stride², in / groups, taps, taps]."""
    inner, out, height, width = weight.shape
    rows, columns = -(-height // stride), -(-width // stride)
    weight = F.pad(weight, (0, columns * stride - width, 0, rows * stride - height))
    weight = weight.view(groups, inner // groups, out, rows, stride, columns, stride).flip(3, 5)
    weight = weight.permute(0, 2, 4, 6, 1, 3, 5)
    return weight.reshape(groups * out * stride**2, inner // groups, rows, columns)


def _cut(x: Tensor, *cuts: int) -> Tensor:
    """The part of each dimension that starts at a place and has a length, filled with zeros beyond the end."""
    for dim, start, length in zip(cuts[0::3], cuts[1::3], cuts[2::3], strict=True):
        missing = max(start + length - x.shape[dim], 0)
        before = max(-start, 0)
        if missing or before:
            pad = [0] * (2 * x.dim())
            at = 2 * (x.dim() - 1 - dim)
            pad[at], pad[at + 1] = before, missing
            x, start = F.pad(x, pad), start + before
        if start or length != x.shape[dim]:
            x = x.narrow(dim, start, length)
    return x
