"""Rules of the operations on planes [batch, channels, height, width]: convolution, pooling, padding, resampling."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from lam_core.attribution.cone.graph import Graph, Node
from lam_core.attribution.cone.index_sets import Extent, Positions, hull, interval, is_whole, shape_of, whole
from lam_core.attribution.cone.kernels.convolutions import Convolution, Margins, TransposedConvolution
from lam_core.attribution.cone.kernels.operations import (
    Differentiated,
    Operation,
    PixelShuffle,
    Same,
    aten,
)
from lam_core.attribution.cone.rules.rule import Planned, caller, rule


@rule(aten.convolution.default)
def convolution(graph: Graph, node: Node, wanted: Extent) -> Planned | None:
    """Convolution and transposed convolution of planes with constant weights."""
    a = node.arguments
    source, weight, bias = a["input"], a["weight"], a["bias"]
    if len(node.shape) != 4 or not isinstance(weight, Tensor) or isinstance(bias, Node):
        return None
    if a["transposed"]:
        return _transposed(graph, node, wanted)
    computed = (wanted[0], interval(0, node.shape[1]), hull(wanted[2]), hull(wanted[3]))
    stride, dilation = _pair(a["stride"]), _pair(a["dilation"])
    requests, margins = [wanted[0], *whole(source.shape)[1:]], []
    for axis in (0, 1):
        rows, size = computed[2 + axis], source.shape[2 + axis]
        first = int(rows[0]) * stride[axis] - _pair(a["padding"])[axis]
        reach = dilation[axis] * (weight.shape[2 + axis] - 1)
        last = first + (len(rows) - 1) * stride[axis] + reach
        held, before, after = _inside(first, last, size)
        requests[2 + axis] = held
        margins += [before, after]
    operation = Convolution(weight, bias, stride, dilation, a["groups"], Margins(*margins), graph.prepared)
    return Planned(computed, ((source, tuple(requests)),), operation, weight[0].numel())


def _transposed(graph: Graph, node: Node, wanted: Extent) -> Planned | None:
    a = node.arguments
    source, weight, bias = a["input"], a["weight"], a["bias"]
    strides, padding = _pair(a["stride"]), _pair(a["padding"])
    if strides[0] != strides[1] or _pair(a["dilation"]) != (1, 1):
        return None
    stride = strides[0]
    computed = (wanted[0], interval(0, node.shape[1]), hull(wanted[2]), hull(wanted[3]))
    requests, margins, offset = [wanted[0], *whole(source.shape)[1:]], [], []
    for axis in (0, 1):
        rows, taps = computed[2 + axis], -(-weight.shape[2 + axis] // stride)
        first = (int(rows[0]) + padding[axis]) // stride
        last = (int(rows[-1]) + padding[axis]) // stride
        held, before, after = _inside(first - taps + 1, last, source.shape[2 + axis])
        requests[2 + axis] = held
        margins += [before, after]
        offset.append(int(rows[0]) + padding[axis] - first * stride)
    operation = TransposedConvolution(
        weight,
        bias,
        stride,
        a["groups"],
        Margins(*margins),
        (offset[0], offset[1]),
        (len(computed[2]), len(computed[3])),
        graph.prepared,
    )
    taps = weight[:, :, ::stride, ::stride].numel() // (weight.shape[1] * a["groups"])
    return Planned(computed, ((source, tuple(requests)),), operation, taps)


@rule(aten.max_pool2d_with_indices.default, aten.avg_pool2d.default)
def pooling(graph: Graph, node: Node, wanted: Extent) -> Planned | None:
    """Pooling by a sliding window: a larger crop is pooled, aligned to the stride, and its edge thrown away."""
    a = node.arguments
    source = a["self"]
    if len(node.shape) != 4 or node.pick:
        return None
    kernel = _pair(a["kernel_size"])
    stride, padding = _pair(a["stride"] or kernel), _pair(a["padding"])
    dilation = _pair(a.get("dilation", [1]))
    requests, cuts = [wanted[0], wanted[1]], []
    for axis in (0, 1):
        rows, size = hull(wanted[2 + axis]), source.shape[2 + axis]
        start = max(int(rows[0]) - -(-padding[axis] // stride[axis]), 0)
        reach = dilation[axis] * (kernel[axis] - 1)
        stop = int(rows[-1]) * stride[axis] - padding[axis] + reach + 1
        # A crop may not be smaller than the window that slides over it.
        stop = max(stop, start * stride[axis] + reach + 1)
        requests.append(interval(start * stride[axis], min(stop, size)))
        cuts.append((int(rows[0]) - start, len(rows)))
    call = caller(node)
    if is_whole(wanted, node.shape):
        return None

    def pooled(x: Tensor) -> Tensor:
        return call(x).narrow(2, *cuts[0]).narrow(3, *cuts[1])

    computed = (requests[0], requests[1], hull(wanted[2]), hull(wanted[3]))
    return Planned(computed, ((source, tuple(requests)),), Differentiated(pooled), kernel[0] * kernel[1])


@rule(aten.pixel_shuffle.default, aten.pixel_unshuffle.default)
def pixel_shuffle(graph: Graph, node: Node, wanted: Extent) -> Planned | None:
    """Channels to pixels and back, in whole blocks."""
    source = node.args[0]
    if len(node.shape) != 4:
        return None
    up = node.target is aten.pixel_shuffle.default
    factor = int(node.args[1])
    computed, requests = [wanted[0], *whole(node.shape)[1:]], [wanted[0], *whole(source.shape)[1:]]
    for axis in (2, 3):
        rows = hull(wanted[axis])
        first, last = int(rows[0]), int(rows[-1])
        if up:
            requests[axis] = interval(first // factor, last // factor + 1)
            computed[axis] = interval(first // factor * factor, (last // factor + 1) * factor)
        else:
            requests[axis] = interval(first * factor, (last + 1) * factor)
            computed[axis] = rows
    operation = PixelShuffle(factor if up else -factor)
    return Planned(tuple(computed), ((source, tuple(requests)),), operation)


@rule(aten.im2col.default)
def unfold(graph: Graph, node: Node, wanted: Extent) -> Planned | None:
    """Overlapping blocks of a plane, one a column: the rectangle of blocks around the wanted ones."""
    a = node.arguments
    source = a["self"]
    if len(source.shape) != 4:
        return None
    kernel, stride = _pair(a["kernel_size"]), _pair(a["stride"])
    padding, dilation = _pair(a["padding"]), _pair(a["dilation"])
    across = (source.shape[3] + 2 * padding[1] - dilation[1] * (kernel[1] - 1) - 1) // stride[1] + 1
    blocks = hull(wanted[2] // across), hull(wanted[2] % across)
    request, margins = [wanted[0], *whole(source.shape)[1:]], []
    for axis in (0, 1):
        first = int(blocks[axis][0]) * stride[axis] - padding[axis]
        last = int(blocks[axis][-1]) * stride[axis] - padding[axis] + dilation[axis] * (kernel[axis] - 1)
        held, before, after = _inside(first, last, source.shape[2 + axis])
        request[2 + axis] = held
        margins = [before, after, *margins]
    computed = (wanted[0], interval(0, node.shape[1]), (blocks[0][:, None] * across + blocks[1]).ravel())
    operation = Differentiated(lambda x: F.unfold(F.pad(x, margins), kernel, dilation, 0, stride))
    return Planned(computed, ((source, tuple(request)),), operation, 0)


@rule(aten.constant_pad_nd.default)
def constant_pad(graph: Graph, node: Node, wanted: Extent) -> Planned | None:
    """Padding by a constant: only as much of it as is wanted, and of the source only what is left inside."""
    a = node.arguments
    source, pad = a["self"], list(a["pad"])
    dims = len(node.shape)
    before = [0] * dims
    for index in range(len(pad) // 2):
        before[dims - 1 - index] = pad[2 * index]
    computed, request, margins = [], [], []
    for dim, positions in enumerate(wanted):
        rows = hull(positions)
        first, last = int(rows[0]) - before[dim], int(rows[-1]) - before[dim]
        if last < 0 or first >= source.shape[dim]:
            return None
        held, top, bottom = _inside(first, last, source.shape[dim])
        computed.append(rows)
        request.append(held)
        margins = [top, bottom, *margins]
    value = a["value"]
    operation: Operation = Same()
    if any(margins):
        operation = Differentiated(lambda x: F.pad(x, margins, value=value))
    return Planned(tuple(computed), ((source, tuple(request)),), operation, 0)


@rule(
    aten.reflection_pad2d.default,
    aten.replication_pad2d.default,
    aten.reflection_pad1d.default,
    aten.replication_pad1d.default,
)
def mirrored_pad(graph: Graph, node: Node, wanted: Extent) -> Planned | None:
    """Padding by reflection or repetition: every wanted element is an element of the source."""
    if is_whole(wanted, node.shape):
        return None
    a = node.arguments
    source, pad = a["self"], a["padding"]
    request = list(wanted)
    for index in range(len(pad) // 2):
        dim = len(node.shape) - 1 - index
        size = source.shape[dim]
        at = wanted[dim] - pad[2 * index]
        reflects = "reflection" in str(node.target)
        request[dim] = size - 1 - abs(size - 1 - abs(at)) if reflects else at.clip(0, size - 1)
    return Planned(wanted, ((source, tuple(request)),), Same(), 0)


_RESAMPLERS = {
    "nearest": (aten.upsample_nearest2d, aten._upsample_nearest_exact2d),
    "smooth": (
        aten.upsample_bilinear2d,
        aten.upsample_bicubic2d,
        aten._upsample_bilinear2d_aa,
        aten._upsample_bicubic2d_aa,
    ),
}


@rule(*(t for kind in _RESAMPLERS.values() for packet in kind for t in (packet.default, packet.vec)))
def resample(graph: Graph, node: Node, wanted: Extent) -> Planned | None:
    """Resizing is one matrix for the rows and one for the columns, whatever its kernel, alignment and scale."""
    if is_whole(wanted, node.shape):
        return None
    source = node.args[0]
    request = [wanted[0], wanted[1]]
    matrices = []
    nearest = any(node.target in (p.default, p.vec) for p in _RESAMPLERS["nearest"])
    for axis in (0, 1):
        matrix = _matrix(graph, node, axis)[torch.as_tensor(wanted[2 + axis].copy())]
        if nearest:
            request.append(matrix.argmax(1).numpy())
            continue
        touched = matrix.ne(0).any(0).nonzero()[:, 0].numpy()
        held = hull(touched)
        request.append(held)
        part = matrix[:, int(held[0]) : int(held[-1]) + 1]
        matrices.append(part.to(device=graph.device, dtype=node.dtype))
    if nearest:
        return Planned(wanted, ((source, tuple(request)),), Same(), 0)
    rows, columns = matrices

    def resized(x: Tensor) -> Tensor:
        return rows @ x @ columns.T

    return Planned(wanted, ((source, tuple(request)),), Differentiated(resized), sum(shape_of(tuple(request))[2:]))


def _matrix(graph: Graph, node: Node, axis: int) -> Tensor:
    """The matrix [size out, size in] by which an interpolation resizes one axis, read off what unit vectors become."""
    source, a = node.args[0], dict(node.arguments)
    size_in, size_out = source.shape[2 + axis], node.shape[2 + axis]
    key = ("matrix", str(node.target), axis, source.shape[2:], node.shape[2:])
    options = tuple(str(a.get(name)) for name in ("align_corners", "scales_h", "scales_w", "scale_factors"))

    def probe(_: Tensor) -> Tensor:
        # One unit vector a channel. The other axis has two pixels and keeps them: torch's antialiased kernels go
        # wrong on an axis of one pixel.
        units = torch.eye(size_in, dtype=torch.float64)[None, :, :, None].repeat(1, 1, 1, 2)
        sizes = [size_out, 2]
        if axis == 1:
            units, sizes = units.transpose(2, 3).contiguous(), sizes[::-1]
        if "scale_factors" in a:
            factors = a["scale_factors"]
            scales = list(factors) if factors is not None else [None, None]
        else:
            scales = [a["scales_h"], a["scales_w"]]
        scales[1 - axis] = None
        packet = getattr(aten, node.target._schema.name.split("::")[1])
        middle = [a["align_corners"]] if "align_corners" in a else []
        answer = packet.default(units, sizes, *middle, *scales)[0]
        return answer.select(2 - axis, 0).T.contiguous()

    return graph.prepared.get(_ANCHOR, (*key, *options), probe)


_ANCHOR = torch.zeros(())
"""What is prepared from no weight is kept under this one's name."""


def _inside(first: int, last: int, size: int) -> tuple[Positions, int, int]:
    """The part of first … last that lies in a plane of that size, and how much is missing before and after it."""
    start = min(max(first, 0), size - 1)
    stop = max(min(last + 1, size), start + 1)
    return interval(start, stop), start - first, last + 1 - stop


def _pair(values: list[int] | tuple[int, ...]) -> tuple[int, int]:
    return (values[0], values[-1])
