"""Shapes of the commonest operations' results, worked out here: to ask PyTorch would be most of a plan's time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

aten = torch.ops.aten

Shape = tuple[int, ...]


def shape_of_result(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Shape | list[Shape] | None:
    """The shape of what an ATen operation gives, None if it is not one of the common ones used in the common way.

    A list of shapes where it gives several tensors.

    Results count as contiguous, and are of the type of the arguments.
    """
    find = _SHAPES.get(func)
    if func is aten.masked_fill.Scalar and args[0].is_floating_point() and type(args[1]) is Tensor:
        return tuple(np.broadcast_shapes(args[0].shape, args[1].shape))
    if find is None or kwargs.keys() - {"alpha", "approximate", "memory_format"}:
        return None
    tensors = [value for value in args if isinstance(value, Tensor)]
    tensors += [value for value in args[0] if isinstance(value, Tensor)] if isinstance(args[0], (list, tuple)) else []
    if not tensors or any(t.dtype != tensors[0].dtype for t in tensors) or not tensors[0].is_floating_point():
        return None
    return find(*args)


def _convolved(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> Shape | None:
    if x.dim() != 4:
        return None
    sides = []
    for axis in (0, 1):
        reach = dilation[-1 if axis else 0] * (weight.shape[2 + axis] - 1)
        if transposed:
            inner = (x.shape[2 + axis] - 1) * stride[-1 if axis else 0] - 2 * padding[-1 if axis else 0]
            sides.append(inner + reach + output_padding[-1 if axis else 0] + 1)
            continue
        room = x.shape[2 + axis] + 2 * padding[-1 if axis else 0] - reach - 1
        sides.append(room // stride[-1 if axis else 0] + 1)
    return (x.shape[0], groups * weight.shape[1] if transposed else weight.shape[0], *sides)


def _same(x: Tensor, *rest: Any) -> Shape:
    return tuple(x.shape)


def _viewed(x: Tensor, shape: Sequence[int]) -> Shape | None:
    if not x.is_contiguous():
        return None
    known = math.prod(size for size in shape if size != -1)
    return tuple(x.numel() // known if size == -1 else size for size in shape) if known else None


def _product(one: Tensor, other: Tensor) -> Shape:
    return (*one.shape[:-1], other.shape[-1])


def _product_plus(addend: Tensor, one: Tensor, other: Tensor, *rest: Any) -> Shape:
    return _product(one, other)


def _broadcast(one: Any, other: Any) -> Shape | None:
    if not isinstance(one, Tensor):
        return None
    if isinstance(other, Tensor):
        same = one.shape == other.shape
        return tuple(one.shape if same else np.broadcast_shapes(one.shape, other.shape))
    return tuple(one.shape) if isinstance(other, (int, float)) else None


def _joined(parts: Sequence[Tensor], dim: int = 0) -> Shape | None:
    first = parts[0].shape
    if any(part.dim() != len(first) for part in parts):
        return None
    dim %= len(first)
    return (*first[:dim], sum(part.shape[dim] for part in parts), *first[dim + 1 :])


def _reduced(x: Tensor, dims: Sequence[int] | None = None, keepdim: bool = False) -> Shape | None:
    if not dims:
        return None
    gone = {dim % x.dim() for dim in dims}
    return tuple(1 if dim in gone else size for dim, size in enumerate(x.shape) if keepdim or dim not in gone)


def _normalised(x: Tensor, shape: Sequence[int], *rest: Any) -> list[Shape]:
    moments = (*x.shape[: -len(shape)], *(1 for _ in shape))
    return [tuple(x.shape), moments, moments]


def _sliced(x: Tensor, dim: int = 0, start: int | None = None, stop: int | None = None, step: int = 1) -> Shape | None:
    dim %= x.dim()
    return (*x.shape[:dim], len(range(*slice(start, stop, step).indices(x.shape[dim]))), *x.shape[dim + 1 :])


def _expanded(x: Tensor, shape: Sequence[int]) -> Shape:
    sizes = (*(1 for _ in range(len(shape) - x.dim())), *x.shape)
    return tuple(size if wanted == -1 else wanted for size, wanted in zip(sizes, shape, strict=True))


def _permuted(x: Tensor, dims: Sequence[int]) -> Shape:
    return tuple(x.shape[dim] for dim in dims)


def _transposed(x: Tensor, one: int = 0, other: int = 1) -> Shape:
    shape = list(x.shape)
    if len(shape) > 1:
        shape[one], shape[other] = shape[other], shape[one]
    return tuple(shape)


def _split(x: Tensor, sizes: Sequence[int], dim: int = 0) -> list[Shape]:
    dim %= x.dim()
    return [(*x.shape[:dim], size, *x.shape[dim + 1 :]) for size in sizes]


def _unbound(x: Tensor, dim: int = 0) -> list[Shape]:
    return [_selected(x, dim, 0)] * x.shape[dim]


def _selected(x: Tensor, dim: int, index: int) -> Shape:
    dim %= x.dim()
    return (*x.shape[:dim], *x.shape[dim + 1 :])


def _unsqueezed(x: Tensor, dim: int) -> Shape:
    dim %= x.dim() + 1
    return (*x.shape[:dim], 1, *x.shape[dim:])


def _diagonal(x: Tensor, offset: int = 0, one: int = 0, other: int = 1) -> Shape | None:
    one, other = one % x.dim(), other % x.dim()
    rest = (size for dim, size in enumerate(x.shape) if dim not in (one, other))
    return None if offset else (*rest, min(x.shape[one], x.shape[other]))


def _padded(x: Tensor, sides: Sequence[int]) -> Shape:
    left, right, top, bottom = sides
    return (*x.shape[:-2], x.shape[-2] + top + bottom, x.shape[-1] + left + right)


def _resized(x: Tensor, sides: Sequence[int], *rest: Any) -> Shape:
    return (*x.shape[:-2], *sides)


def _shuffled(x: Tensor, factor: int) -> Shape:
    *batch, channels, height, width = x.shape
    return (*batch, channels // factor**2, height * factor, width * factor)


_SHAPES: dict[Any, Callable[..., Shape | list[Shape] | None]] = {
    aten.convolution.default: _convolved,
    aten.relu.default: _same,
    aten.leaky_relu.default: _same,
    aten.sigmoid.default: _same,
    aten._prelu_kernel.default: _same,
    aten.gelu.default: _same,
    aten._softmax.default: _same,
    aten.roll.default: _same,
    aten.clone.default: _same,
    aten.sqrt.default: _same,
    aten.clamp_min.default: _same,
    aten.pow.Tensor_Scalar: _same,
    aten.view.default: _viewed,
    aten._unsafe_view.default: _viewed,
    aten.bmm.default: _product,
    aten.mm.default: _product,
    aten.addmm.default: _product_plus,
    aten.add.Tensor: _broadcast,
    aten.sub.Tensor: _broadcast,
    aten.mul.Tensor: _broadcast,
    aten.div.Tensor: _broadcast,
    aten.cat.default: _joined,
    aten.expand.default: _expanded,
    aten.permute.default: _permuted,
    aten.transpose.int: _transposed,
    aten.t.default: _transposed,
    aten.select.int: _selected,
    aten.unsqueeze.default: _unsqueezed,
    aten.replication_pad2d.default: _padded,
    aten.reflection_pad2d.default: _padded,
    aten.upsample_bilinear2d.default: _resized,
    aten.upsample_bicubic2d.default: _resized,
    aten.upsample_nearest2d.default: _resized,
    aten.split_with_sizes.default: _split,
    aten.unbind.int: _unbound,
    aten.mean.dim: _reduced,
    aten.sum.dim_IntList: _reduced,
    aten.native_layer_norm.default: _normalised,
    aten.slice.Tensor: _sliced,
    aten.alias.default: _same,
    aten.diagonal.default: _diagonal,
    aten.pixel_shuffle.default: _shuffled,
}
