"""How ONNX's operators are computed in PyTorch: those of super-resolution networks, from opset 11 on.

Pictures and weights are tensors; sizes, axes and other whole numbers are NumPy arrays, computed where they stand, so
that a graph's arithmetic with sizes is done before anything is traced. Semantics are those of ONNX 1.23's operator
reference; what it allows and is not computed here is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.formats.errors import GraphError

Value = Tensor | np.ndarray[Any, Any] | None
Operation = Callable[..., Any]
MOST_NUMBERS = 2**20
"""Whole numbers in any array of sizes that a graph may make."""


@dataclass(frozen=True)
class Node:
    """One operator of an ONNX graph, as far as it is known before the graph is run."""

    kind: str
    name: str
    attributes: Mapping[str, Any]
    inputs: tuple[str, ...]
    outputs: int
    opset: int
    known: Mapping[str, np.ndarray[Any, Any]]
    """Inputs whose values the file holds."""

    def number(self, position: int) -> np.ndarray[Any, Any] | None:
        """The value of an input that the file holds; nothing for an input that is left out.

        Raises `GraphError` for one that is computed.
        """
        name = self.inputs[position] if position < len(self.inputs) else ""
        if name and name not in self.known:
            raise self.refused(f"computes its input {position}, which must be a number of the file")
        return self.known.get(name)

    def weight(self, position: int) -> Tensor | None:
        """As `number`, in single precision."""
        value = self.number(position)
        return None if value is None else torch.from_numpy(np.array(value, dtype=np.float32))

    def get(self, attribute: str, default: Any = None) -> Any:
        """The value of an attribute."""
        return self.attributes.get(attribute, default)

    def refused(self, what: str) -> GraphError:
        """The error for a node whose form is not computed here."""
        return GraphError(f"{self.kind} {self.name!r} {what}; that is not computed here")


def tensor(value: Value, like: Tensor) -> Tensor:
    """A number of the graph beside a picture, in its precision and on its device."""
    if isinstance(value, Tensor):
        return value
    kind = like.dtype if np.issubdtype(np.asarray(value).dtype, np.floating) else None
    return torch.tensor(np.asarray(value), dtype=kind, device=like.device)


def whole(value: Value) -> list[int]:
    """Sizes, axes or places as Python's whole numbers. Raises `GraphError` for what a picture decides."""
    if isinstance(value, Tensor) or value is None:
        raise GraphError("a size is computed from the picture's own values; that is not computed here")
    return [int(v) for v in np.asarray(value).reshape(-1)]


def _limited(count: int) -> None:
    if count > MOST_NUMBERS:
        raise GraphError(f"an array of {count:,} sizes is asked for; the file is damaged or hostile")


def _both(numbers: Operation, tensors: Operation) -> Callable[[Node], Operation]:
    """An operation that is done by NumPy among numbers, and by PyTorch where a picture takes part."""

    def run(*values: Value) -> Any:
        first = next((v for v in values if isinstance(v, Tensor)), None)
        if first is None:
            return np.asarray(numbers(*values))
        return tensors(*(tensor(v, first) for v in values))

    return lambda node: run


def _folded(operation: Operation) -> Operation:
    def run(*values: Any) -> Any:
        result = values[0]
        for value in values[1:]:
            result = operation(result, value)
        return result

    return run


def _divide_numbers(a: Any, b: Any) -> Any:
    if np.issubdtype(np.asarray(a).dtype, np.integer):
        return np.trunc(np.asarray(a) / np.asarray(b)).astype(np.int64)
    return np.divide(a, b)


def _pads(node: Node, kernel: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Top, left, bottom, right."""
    auto = node.get("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        if any(stride != 1 for stride in node.get("strides", [1, 1])):
            raise node.refused("pads by itself under strides")
        dilations = node.get("dilations", [1, 1])
        total = [(k - 1) * d for k, d in zip(kernel, dilations, strict=True)]
        less = [t // 2 for t in total]
        more = [t - one for t, one in zip(total, less, strict=True)]
        first, last = (less, more) if auto == "SAME_UPPER" else (more, less)
        return first[0], first[1], last[0], last[1]
    if auto not in ("NOTSET", "VALID"):
        raise node.refused(f"pads by {auto}")
    top, left, bottom, right = node.get("pads", [0, 0, 0, 0]) if auto == "NOTSET" else (0, 0, 0, 0)
    return top, left, bottom, right


def _plane(node: Node, weight: Tensor) -> tuple[int, int]:
    if weight.ndim != 4:
        raise node.refused(f"has kernels of {weight.ndim - 2} dimensions")
    return weight.shape[2], weight.shape[3]


def convolution(node: Node) -> nn.Module:
    """A module with the file's weights, padded beforehand where its sides differ."""
    weight, bias = node.weight(1), node.weight(2)
    assert weight is not None
    kernel = _plane(node, weight)
    top, left, bottom, right = _pads(node, kernel)
    groups = int(node.get("group", 1))
    even = top == bottom and left == right and min(top, left) >= 0
    layer = nn.utils.skip_init(
        nn.Conv2d,
        weight.shape[1] * groups,
        weight.shape[0],
        kernel,
        stride=tuple(node.get("strides", [1, 1])),
        padding=(top, left) if even else 0,
        dilation=tuple(node.get("dilations", [1, 1])),
        groups=groups,
        bias=bias is not None,
    )
    layer.weight = nn.Parameter(weight)
    if bias is not None:
        layer.bias = nn.Parameter(bias)
    return layer if even else nn.Sequential(nn.ZeroPad2d((left, right, top, bottom)), layer)


def transposed_convolution(node: Node) -> nn.Module:
    """A module with the file's weights."""
    weight, bias = node.weight(1), node.weight(2)
    assert weight is not None
    kernel = _plane(node, weight)
    top, left, bottom, right = _pads(node, kernel)
    if (top, left) != (bottom, right) or node.get("output_shape") or node.get("auto_pad", "NOTSET") != "NOTSET":
        raise node.refused("pads its output unevenly or to a size")
    groups = int(node.get("group", 1))
    layer = nn.utils.skip_init(
        nn.ConvTranspose2d,
        weight.shape[0],
        weight.shape[1] * groups,
        kernel,
        stride=tuple(node.get("strides", [1, 1])),
        padding=(top, left),
        output_padding=tuple(node.get("output_padding", [0, 0])),
        dilation=tuple(node.get("dilations", [1, 1])),
        groups=groups,
        bias=bias is not None,
    )
    layer.weight = nn.Parameter(weight)
    if bias is not None:
        layer.bias = nn.Parameter(bias)
    return layer


def _prelu(node: Node) -> Operation:
    slope = node.weight(1) if node.inputs[1] in node.known else None
    if slope is not None and (slope.numel() == 1 or (slope.ndim >= 3 and slope.numel() == slope.shape[-3])):
        layer = nn.PReLU(slope.numel())
        layer.weight = nn.Parameter(slope.reshape(-1))
        return First(layer)
    return lambda x, slopes: torch.where(x >= 0, x, tensor(slopes, x) * x)


class First(nn.Module):
    """A layer that takes the first of a node's inputs: the others are its weights."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor, *weights: object) -> Tensor:
        return self.layer(x)


def _norm(node: Node, run: Callable[[Tensor, Tensor | None, Tensor | None, float], Tensor]) -> Operation:
    epsilon = float(node.get("epsilon", 1e-5))
    return lambda x, scale=None, shift=None, *rest: run(x, scale, shift, epsilon)


def _layer_norm(node: Node) -> Operation:
    axis = int(node.get("axis", -1))
    if node.outputs > 1:
        raise node.refused("also gives its mean and deviation")

    def run(x: Tensor, scale: Tensor | None, shift: Tensor | None, epsilon: float) -> Tensor:
        shape = x.shape[axis % x.ndim :]
        fit = [None if v is None else v.expand(shape) for v in (scale, shift)]
        return F.layer_norm(x, shape, fit[0], fit[1], epsilon)

    return _norm(node, run)


def _group_norm(node: Node) -> Operation:
    groups = int(node.get("num_groups"))

    def run(x: Tensor, scale: Tensor | None, shift: Tensor | None, epsilon: float) -> Tensor:
        each = x.shape[1] // groups
        fit = [v if v is None or len(v) == x.shape[1] else v.repeat_interleave(each) for v in (scale, shift)]
        return F.group_norm(x, groups, fit[0], fit[1], epsilon)

    return _norm(node, run)


def _batch_norm(node: Node) -> Operation:
    if node.get("training_mode", 0):
        raise node.refused("is in training")
    epsilon = float(node.get("epsilon", 1e-5))
    return lambda x, scale, shift, mean, variance: F.batch_norm(x, mean, variance, scale, shift, eps=epsilon)


def _axes(node: Node, position: int = 1) -> list[int] | None:
    """Axes from the attribute of older opsets, or from the input of later ones."""
    if "axes" in node.attributes:
        return [int(a) for a in node.get("axes")]
    value = node.number(position)
    return None if value is None else whole(value)


Over = Callable[[Tensor, tuple[int, ...], bool], Tensor]
"""A reduction of a tensor over axes, which are kept or not."""


def _reduction(numbers: Operation, tensors: Over) -> Callable[[Node], Operation]:
    def build(node: Node) -> Operation:
        axes, keep = _axes(node), bool(node.get("keepdims", 1))
        if axes is None and node.get("noop_with_empty_axes", 0):
            return lambda x, *rest: x

        def run(x: Any, *rest: object) -> Any:
            over = tuple(range(x.ndim)) if axes is None else tuple(axes)
            return tensors(x, over, keep) if isinstance(x, Tensor) else numbers(x, axis=over, keepdims=keep)

        return run

    return build


def _softmax(node: Node) -> Operation:
    axis = int(node.get("axis", -1 if node.opset >= 13 else 1))

    def run(x: Tensor) -> Tensor:
        if node.opset < 13 and axis % x.ndim != x.ndim - 1:
            # Before opset 13 all axes from this one on are one.
            return F.softmax(x.flatten(axis % x.ndim), -1).view_as(x)
        return F.softmax(x, axis)

    return run


def _reshape(node: Node) -> Operation:
    literal = bool(node.get("allowzero", 0))

    def run(x: Any, shape: Value) -> Any:
        target = whole(shape)
        target = [x.shape[i] if n == 0 and not literal else n for i, n in enumerate(target)]
        return x.reshape(target)

    return run


def _flatten(node: Node) -> Operation:
    axis = int(node.get("axis", 1))
    return lambda x: x.reshape(int(np.prod(x.shape[:axis])) if axis else 1, -1)


def _squeeze(node: Node) -> Operation:
    axes = _axes(node)

    def run(x: Any, *rest: object) -> Any:
        drop = [i for i, n in enumerate(x.shape) if n == 1] if axes is None else [a % x.ndim for a in axes]
        return x.reshape([n for i, n in enumerate(x.shape) if i not in drop])

    return run


def _unsqueeze(node: Node) -> Operation:
    axes = _axes(node) or []

    def run(x: Any, *rest: object) -> Any:
        rank = x.ndim + len(axes)
        shape = list(x.shape)
        for axis in sorted(a % rank for a in axes):
            shape.insert(axis, 1)
        return x.reshape(shape)

    return run


def _transpose(node: Node) -> Operation:
    order = node.get("perm")
    return lambda x: (x.permute if isinstance(x, Tensor) else x.transpose)(order or list(range(x.ndim))[::-1])


def _split(node: Node) -> Operation:
    axis = int(node.get("axis", 0))
    sizes = node.get("split") or (None if node.number(1) is None else whole(node.number(1)))
    pieces = int(node.get("num_outputs", node.outputs))

    def run(x: Any, *rest: object) -> Any:
        if sizes is None:
            each = -(-x.shape[axis] // pieces)
            lengths = [each] * (pieces - 1) + [x.shape[axis] - each * (pieces - 1)]
        else:
            lengths = list(sizes)
        if isinstance(x, Tensor):
            return tuple(torch.split(x, lengths, axis))
        return tuple(np.split(x, np.cumsum(lengths)[:-1], axis))

    return run


def _slice(node: Node) -> Operation:
    def run(x: Any, starts: Value, ends: Value, axes: Value = None, steps: Value = None) -> Any:
        first, last = whole(starts), whole(ends)
        over = list(range(len(first))) if axes is None else whole(axes)
        step = [1] * len(first) if steps is None else whole(steps)
        part = [slice(None)] * x.ndim
        for axis, a, b, s in zip(over, first, last, step, strict=True):
            if s < 0 and isinstance(x, Tensor):
                length = x.shape[axis]
                if s != -1 or min(a + length if a < 0 else a, length - 1) != length - 1 or b >= -length:
                    raise node.refused("walks backwards over a part of an axis")
                x = x.flip(axis)
                continue
            part[axis] = slice(a, None if s < 0 and b < -x.shape[axis] else b, s)
        return x[tuple(part)]

    return run


def _gather(node: Node) -> Operation:
    axis = int(node.get("axis", 0))

    def run(x: Any, places: Value) -> Any:
        if not isinstance(x, Tensor):
            return np.take(x, np.asarray(places), axis)
        if isinstance(places, Tensor):
            raise node.refused("looks up places that the picture decides")
        index = np.asarray(places)
        if index.ndim == 0:
            return x.select(axis, int(index))
        flat = torch.as_tensor(index.reshape(-1) % x.shape[axis], device=x.device)
        shape = (*x.shape[:axis], *index.shape, *x.shape[axis % x.ndim + 1 :])
        return x.index_select(axis, flat).reshape(shape)

    return run


def _expand(node: Node) -> Operation:
    def run(x: Any, shape: Value) -> Any:
        target = np.broadcast_shapes(tuple(x.shape), tuple(whole(shape)))
        if isinstance(x, Tensor):
            return x.expand(target)
        _limited(int(np.prod(target)))
        return np.broadcast_to(x, target)

    return run


def _tile(node: Node) -> Operation:
    def run(x: Any, repeats: Value) -> Any:
        times = whole(repeats)
        if isinstance(x, Tensor):
            return x.repeat(times)
        _limited(int(np.prod(times)) * x.size)
        return np.tile(x, times)

    return run


PADDING = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}


def _pad(node: Node) -> Operation:
    mode = PADDING.get(node.get("mode", "constant"))
    filled = node.number(2)
    value = 0.0 if filled is None else float(filled.item())
    if mode is None:
        raise node.refused(f"pads by {node.get('mode')}")

    def run(x: Tensor, pads: Value, filling: Value = None, axes: Value = None) -> Tensor:
        amounts = whole(pads)
        over = list(range(x.ndim)) if axes is None else [a % x.ndim for a in whole(axes)]
        half = len(amounts) // 2
        sides: dict[int, tuple[int, int]] = dict.fromkeys(range(x.ndim), (0, 0))
        sides.update({axis: (amounts[i], amounts[half + i]) for i, axis in enumerate(over)})
        used = max((axis for axis in range(x.ndim) if any(sides[axis])), default=x.ndim - 1)
        first = min((axis for axis in range(x.ndim) if any(sides[axis])), default=used)
        flat = [n for axis in range(x.ndim - 1, first - 1, -1) for n in sides[axis]]
        if mode == "constant":
            return F.pad(x, flat, value=value)
        if any(n < 0 for n in flat) or first < x.ndim - 2:
            raise node.refused(f"pads other axes than height and width by {mode}")
        flat += [0, 0] * (x.ndim - first == 1)
        return F.pad(x, flat, mode=mode)

    return run


def _resize(node: Node) -> Operation:
    """Enlarges or reduces height and width; the weights are those of PyTorch in every form that is computed."""
    mode, places = node.get("mode", "nearest"), node.get("coordinate_transformation_mode", "half_pixel")
    antialias = bool(node.get("antialias", 0))
    nearest = node.get("nearest_mode", "round_prefer_floor")
    axes = node.get("axes")
    if node.get("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise node.refused("keeps the aspect ratio")
    if mode == "nearest":
        if places not in ("asymmetric", "half_pixel", "pytorch_half_pixel", "align_corners"):
            raise node.refused(f"places its pixels by {places}")
    elif places not in ("half_pixel", "pytorch_half_pixel", "align_corners"):
        raise node.refused(f"places its pixels by {places}")
    # With antialias PyTorch leaves out pixels beyond the border and takes another cubic.
    if mode != "nearest" and bool(node.get("exclude_outside", 0)) is not antialias:
        raise node.refused("weights pixels beyond the border in another way than PyTorch")
    if mode == "cubic" and node.get("cubic_coeff_a", -0.75) != (-0.5 if antialias else -0.75):
        raise node.refused("weights its pixels by another cubic than PyTorch's")
    if mode not in ("nearest", "linear", "cubic"):
        raise node.refused(f"interpolates by {mode}")

    held = node.number(2) if len(node.inputs) > 2 and node.inputs[2] in node.known else None

    def run(x: Tensor, region: Value = None, scales: Value = None, sizes: Value = None) -> Tensor:
        if x.ndim != 4:
            raise node.refused(f"resizes {x.ndim} axes")
        over = list(range(4)) if axes is None else [a % 4 for a in axes]
        factors: list[float] = [1.0] * 4
        target = list(x.shape)
        if sizes is not None and np.size(sizes):
            for axis, size in zip(over, whole(sizes), strict=True):
                target[axis], factors[axis] = size, size / x.shape[axis]
        else:
            if held is None and (scales is None or isinstance(scales, Tensor)):
                raise node.refused("resizes by a factor that the picture decides")
            values = np.asarray(scales if held is None else held, dtype=np.float64).tolist()
            for axis, factor in zip(over, values, strict=True):
                target[axis], factors[axis] = int(np.floor(x.shape[axis] * factor)), factor
        if target[:2] != list(x.shape[:2]):
            raise node.refused("resizes batch or channels")
        if mode == "nearest":
            for axis in (2, 3):
                places_of = _nearest(x.shape[axis], target[axis], factors[axis], places, nearest)
                x = x.index_select(axis, torch.as_tensor(places_of, device=x.device))
            return x
        return F.interpolate(
            x,
            size=target[2:] if sizes is not None and np.size(sizes) else None,
            scale_factor=None if sizes is not None and np.size(sizes) else factors[2:],
            mode={"linear": "bilinear", "cubic": "bicubic"}[mode],
            align_corners=places == "align_corners",
            antialias=antialias,
        )

    return run


def _nearest(length: int, target: int, factor: float, places: str, rounding: str) -> np.ndarray[Any, Any]:
    """Which pixel of an axis each pixel of the resized axis takes."""
    here = np.arange(target, dtype=np.float64)
    if places == "asymmetric":
        there = here / factor
    elif places == "align_corners":
        there = here * (length - 1) / max(target - 1, 1)
    else:
        there = (here + 0.5) / factor - 0.5
        there = np.zeros_like(there) if places == "pytorch_half_pixel" and target == 1 else there
    match rounding:
        case "floor":
            there = np.floor(there)
        case "ceil":
            there = np.ceil(there)
        case "round_prefer_ceil":
            there = np.floor(there + 0.5)
        case _:
            there = np.ceil(there - 0.5)
    return np.clip(there, 0, length - 1).astype(np.int64)


def _depth_to_space(node: Node) -> Operation:
    block = int(node.get("blocksize"))
    if node.get("mode", "DCR") == "CRD":
        return nn.PixelShuffle(block)

    def run(x: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        y = x.view(batch, block, block, channels // block**2, height, width).permute(0, 3, 4, 1, 5, 2)
        return y.reshape(batch, channels // block**2, height * block, width * block)

    return run


def _space_to_depth(node: Node) -> Operation:
    block = int(node.get("blocksize"))

    def run(x: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        y = x.view(batch, channels, height // block, block, width // block, block).permute(0, 3, 5, 1, 2, 4)
        return y.reshape(batch, channels * block**2, height // block, width // block)

    return run


def _gemm(node: Node) -> Operation:
    alpha, beta = float(node.get("alpha", 1)), float(node.get("beta", 1))

    def run(a: Tensor, b: Tensor, c: Value = None) -> Tensor:
        a, b = (a.mT if node.get("transA", 0) else a), (b.mT if node.get("transB", 0) else b)
        product = a @ b if alpha == 1 else a @ b * alpha
        return product if c is None else product + tensor(c, a) * beta

    return run


def _pool(node: Node) -> Operation:
    kernel = tuple(node.get("kernel_shape"))
    top, left, bottom, right = _pads(node, kernel)
    strides = tuple(node.get("strides", [1] * len(kernel)))
    if (top, left) != (bottom, right) or len(kernel) != 2 or set(node.get("dilations", [1])) != {1} or node.outputs > 1:
        raise node.refused("pools in an uncommon way")
    ceil = bool(node.get("ceil_mode", 0))
    if node.kind == "MaxPool":
        return nn.MaxPool2d(kernel, strides, (top, left), ceil_mode=ceil)
    counted = bool(node.get("count_include_pad", 0))
    return nn.AvgPool2d(kernel, strides, (top, left), ceil_mode=ceil, count_include_pad=counted)


def _clip(node: Node) -> Operation:
    if node.opset < 11:
        return lambda x: x.clamp(node.get("min", -3.4e38), node.get("max", 3.4e38))

    def run(x: Any, low: Value = None, high: Value = None) -> Any:
        if not isinstance(x, Tensor):
            return np.clip(x, low, high)
        if low is not None:
            x = torch.maximum(x, tensor(low, x))
        return x if high is None else torch.minimum(x, tensor(high, x))

    return run


def _cast(node: Node) -> Operation:
    import onnx

    kind = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(node.get("to")))

    def run(x: Any, *rest: object) -> Any:
        if not isinstance(x, Tensor):
            return x.astype(kind)
        # Among kinds of floats the network's own precision stays.
        if x.is_floating_point() and np.issubdtype(kind, np.floating):
            return x
        if np.issubdtype(kind, np.floating):
            return x.to(torch.float32)
        return x.to(torch.bool if kind == np.bool_ else torch.int64)

    return run


def _constant_of_shape(node: Node) -> Operation:
    value = np.asarray(node.get("value", np.zeros(1, np.float32))).reshape(-1)[0]

    def run(shape: Value) -> Any:
        target = whole(shape)
        _limited(int(np.prod(target)))
        return np.full(target, value)

    return run


def _range(node: Node) -> Operation:
    def run(start: Value, limit: Value, step: Value) -> Any:
        a, b, c = (np.asarray(v).item() for v in (start, limit, step))
        _limited(int(abs((b - a) / c)) + 1)
        return np.arange(a, b, c)

    return run


def _where(node: Node) -> Operation:
    def run(condition: Value, a: Value, b: Value) -> Any:
        first = next((v for v in (a, b, condition) if isinstance(v, Tensor)), None)
        if first is None:
            return np.where(np.asarray(condition), np.asarray(a), np.asarray(b))
        return torch.where(tensor(condition, first).bool(), tensor(a, first), tensor(b, first))

    return run


def _shape(node: Node) -> Operation:
    start, end = int(node.get("start", 0)), node.get("end")
    return lambda x: np.array(tuple(x.shape)[start:end], dtype=np.int64)


def _concat(node: Node) -> Operation:
    axis = int(node.get("axis"))

    def run(*values: Value) -> Any:
        first = next((v for v in values if isinstance(v, Tensor)), None)
        if first is None:
            return np.concatenate([np.asarray(v) for v in values], axis)
        return torch.cat([tensor(v, first) for v in values], axis)

    return run


def _gelu(node: Node) -> Operation:
    return nn.GELU(approximate=node.get("approximate", "none"))


def _unary(numbers: Operation, tensors: Operation) -> Callable[[Node], Operation]:
    return lambda node: lambda x: tensors(x) if isinstance(x, Tensor) else np.asarray(numbers(x))


BUILDERS: Mapping[str, Callable[[Node], Operation]] = {
    "Abs": _unary(np.abs, torch.abs),
    "Add": _both(np.add, torch.add),
    "And": _both(np.logical_and, torch.logical_and),
    "AveragePool": _pool,
    "BatchNormalization": _batch_norm,
    "Cast": _cast,
    "Ceil": _unary(np.ceil, torch.ceil),
    "Clip": _clip,
    "Concat": _concat,
    "ConstantOfShape": _constant_of_shape,
    "Conv": lambda node: First(convolution(node)),
    "ConvTranspose": lambda node: First(transposed_convolution(node)),
    "Cos": _unary(np.cos, torch.cos),
    "DepthToSpace": _depth_to_space,
    "Div": _both(_divide_numbers, torch.div),
    "Dropout": lambda node: lambda x, *rest: x,
    "Elu": lambda node: nn.ELU(float(node.get("alpha", 1.0))),
    "Equal": _both(np.equal, torch.eq),
    "Erf": lambda node: torch.erf,
    "Exp": _unary(np.exp, torch.exp),
    "Expand": _expand,
    "Flatten": _flatten,
    "Floor": _unary(np.floor, torch.floor),
    "Gather": _gather,
    "Gelu": _gelu,
    "Gemm": _gemm,
    "GlobalAveragePool": lambda node: lambda x: x.mean(tuple(range(2, x.ndim)), keepdim=True),
    "GlobalMaxPool": lambda node: lambda x: x.amax(tuple(range(2, x.ndim)), keepdim=True),
    "Greater": _both(np.greater, torch.gt),
    "GreaterOrEqual": _both(np.greater_equal, torch.ge),
    "GroupNormalization": _group_norm,
    "HardSigmoid": lambda node: lambda x: (x * node.get("alpha", 0.2) + node.get("beta", 0.5)).clamp(0, 1),
    "HardSwish": lambda node: nn.Hardswish(),
    "Identity": lambda node: lambda x: x,
    "InstanceNormalization": lambda node: _norm(
        node, lambda x, scale, shift, epsilon: F.instance_norm(x, weight=scale, bias=shift, eps=epsilon)
    ),
    "LayerNormalization": _layer_norm,
    "LeakyRelu": lambda node: nn.LeakyReLU(float(node.get("alpha", 0.01))),
    "Less": _both(np.less, torch.lt),
    "LessOrEqual": _both(np.less_equal, torch.le),
    "Log": _unary(np.log, torch.log),
    "MatMul": _both(np.matmul, torch.matmul),
    "Max": _both(_folded(np.maximum), _folded(torch.maximum)),
    "MaxPool": _pool,
    "Min": _both(_folded(np.minimum), _folded(torch.minimum)),
    "Mish": lambda node: nn.Mish(),
    "Mod": lambda node: (_both(np.fmod, torch.fmod) if node.get("fmod", 0) else _both(np.mod, torch.remainder))(node),
    "Mul": _both(np.multiply, torch.mul),
    "Neg": _unary(np.negative, torch.neg),
    "Not": _unary(np.logical_not, torch.logical_not),
    "Or": _both(np.logical_or, torch.logical_or),
    "PRelu": _prelu,
    "Pad": _pad,
    "Pow": _both(np.power, torch.pow),
    "Range": _range,
    "Reciprocal": _unary(np.reciprocal, torch.reciprocal),
    "ReduceL2": _reduction(
        lambda x, axis, keepdims: np.sqrt(np.sum(np.square(x), axis=axis, keepdims=keepdims)),
        lambda x, axes, keep: torch.linalg.vector_norm(x, 2, axes, keep),
    ),
    "ReduceMax": _reduction(np.max, lambda x, axes, keep: x.amax(axes, keep)),
    "ReduceMean": _reduction(np.mean, lambda x, axes, keep: x.mean(axes, keep)),
    "ReduceMin": _reduction(np.min, lambda x, axes, keep: x.amin(axes, keep)),
    "ReduceProd": _reduction(np.prod, lambda x, axes, keep: _refuse_product()),
    "ReduceSum": _reduction(np.sum, lambda x, axes, keep: x.sum(axes, keep)),
    "Relu": lambda node: nn.ReLU(),
    "Reshape": _reshape,
    "Resize": _resize,
    "Round": _unary(np.rint, torch.round),
    "Shape": _shape,
    "Sigmoid": lambda node: nn.Sigmoid(),
    "Sign": _unary(np.sign, torch.sign),
    "Sin": _unary(np.sin, torch.sin),
    "Slice": _slice,
    "Softmax": _softmax,
    "Softplus": lambda node: nn.Softplus(),
    "SpaceToDepth": _space_to_depth,
    "Split": _split,
    "Sqrt": _unary(np.sqrt, torch.sqrt),
    "Squeeze": _squeeze,
    "Sub": _both(np.subtract, torch.sub),
    "Sum": _both(_folded(np.add), _folded(torch.add)),
    "Tanh": lambda node: nn.Tanh(),
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "Where": _where,
}
"""How a node of each kind is computed."""


def _refuse_product() -> Tensor:
    raise GraphError("ReduceProd of a picture is not computed here")
