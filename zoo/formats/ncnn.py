"""ncnn's pair of files: `.param`, a text of layers, and `.bin`, their weights one after the other.

The layers, their numbered parameters and the weights' tags are those of ncnn 1.0.20261020.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.checkpoints.errors import DamagedCheckpointError, NotACheckpointError, OversizedCheckpointError
from zoo.formats.errors import GraphError, UnknownOperatorError
from zoo.formats.graph import OperatorGraph, Step

MAGIC = "7767517"
HALF = 0x01306B47
"""Tag before weights that are stored in half precision."""
LARGEST_TEXT = 16 * 2**20
"""Bytes of the largest `.param`; one of a thousand layers has 0.1 MB."""
MOST_LAYERS = 20_000


@dataclass(frozen=True)
class Layer:
    """One line of a `.param`."""

    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: Mapping[int, float | tuple[float, ...]]

    def number(self, key: int, default: float = 0) -> float:
        """The parameter `key`; raises `GraphError` for a list."""
        value = self.parameters.get(key, default)
        if isinstance(value, tuple):
            raise GraphError(f"layer {self.name!r}: parameter {key} is a list")
        return value

    def whole(self, key: int, default: int = 0) -> int:
        """The parameter `key` as a whole number."""
        value = self.number(key, default)
        if value != int(value):
            raise GraphError(f"layer {self.name!r}: parameter {key} is {value}, no whole number")
        return int(value)

    def numbers(self, key: int) -> tuple[float, ...]:
        """The list `key`, empty where there is none."""
        value = self.parameters.get(key, ())
        return value if isinstance(value, tuple) else (value,)


class Weights:
    """A `.bin`, read from its start to its end."""

    def __init__(self, content: bytes, name: str) -> None:
        self.content = content
        self.name = name
        self.place = 0

    def tagged(self, count: int, *shape: int) -> Tensor:
        """`count` numbers behind a tag that says how they are stored."""
        tag = int(self._take(4, np.dtype("<u4"))[0])
        if tag == HALF:
            numbers = self._take(2 * count, np.dtype("<f2"))
            self.place += -self.place % 4
        elif tag == 0:
            numbers = self._take(4 * count, np.dtype("<f4"))
        else:
            raise GraphError(
                f"{self.name} stores weights in a quantised form (tag {tag:#x}); "
                "only single and half precision are read"
            )
        return torch.from_numpy(numbers.astype(np.float32)).view(shape)

    def plain(self, count: int) -> Tensor:
        """`count` numbers in single precision."""
        return torch.from_numpy(self._take(4 * count, np.dtype("<f4")).astype(np.float32))

    def check_end(self) -> None:
        """Raises `DamagedCheckpointError` if weights are left that no layer takes."""
        if left := len(self.content) - self.place:
            raise DamagedCheckpointError(f"{self.name} has {left:,} bytes that no layer takes; its .param is another's")

    def _take(self, size: int, kind: np.dtype[Any]) -> np.ndarray[Any, Any]:
        part = self.content[self.place : self.place + size] if size >= 0 else b""
        if len(part) != size:
            raise DamagedCheckpointError(
                f"{self.name} ends after {len(self.content):,} bytes, in the middle of a layer's weights; "
                "fetch it again"
            )
        self.place += size
        return np.frombuffer(part, kind)


def weights_beside(path: Path) -> Path:
    """The `.bin` of a `.param`."""
    return path.with_suffix(".bin")


def read(path: Path, *, largest: int = 2 * 2**30) -> OperatorGraph:
    """The network in a `.param` and the `.bin` beside it; its input and output are what the file's are.

    Raises a `CheckpointError` for files that are damaged, `UnknownOperatorError` for layers that are not known here.
    """
    binary = weights_beside(path)
    if not binary.is_file():
        raise NotACheckpointError(f"{path.name} needs its weights beside it, and there is no {binary.name}")
    for file, most in ((path, LARGEST_TEXT), (binary, largest)):
        if (size := file.stat().st_size) > most:
            raise OversizedCheckpointError(f"{file.name} has {size:,} bytes, more than the {most:,} that are read here")
    layers = parse(path.read_bytes(), name=path.name)
    weights = Weights(binary.read_bytes(), binary.name)
    graph = build(layers, weights, name=path.name)
    weights.check_end()
    return graph


def parse(content: bytes, *, name: str) -> list[Layer]:
    """The layers of a `.param`. Raises `NotACheckpointError` or `DamagedCheckpointError`."""
    try:
        lines = content.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        lines = []
    if not lines or lines[0].strip() != MAGIC:
        raise NotACheckpointError(f"{name} is no ncnn network in text form; convert it with ncnn's tools")
    try:
        counted = int(lines[1].split()[0])
        layers = [_layer(line) for line in lines[2:] if line.strip()]
    except (ValueError, IndexError):
        raise DamagedCheckpointError(f"{name} has a line that describes no layer; fetch it again") from None
    if counted != len(layers) or counted > MOST_LAYERS:
        raise DamagedCheckpointError(f"{name} announces {counted:,} layers and has {len(layers):,}; fetch it again")
    return layers


def _layer(line: str) -> Layer:
    kind, name, inputs, outputs, *rest = line.split()
    ends = int(inputs), int(inputs) + int(outputs)
    if min(ends) < 0 or ends[1] > len(rest):
        raise ValueError(line)
    parameters: dict[int, float | tuple[float, ...]] = {}
    for item in rest[ends[1] :]:
        key, _, value = item.partition("=")
        if (number := int(key)) <= -23300:
            # A list: minus 23300 minus the key, then its length and its values.
            parameters[-23300 - number] = tuple(float(part) for part in value.split(",")[1:])
        else:
            parameters[number] = float(value)
    return Layer(kind, name, tuple(rest[: ends[0]]), tuple(rest[ends[0] : ends[1]]), parameters)


def build(layers: list[Layer], weights: Weights, *, name: str) -> OperatorGraph:
    """The network of the layers, its weights taken in their order."""
    unknown = sorted({layer.kind for layer in layers} - {*BUILDERS, "Input"})
    if unknown:
        raise UnknownOperatorError(
            f"{name} has layers that are not computed here: {', '.join(unknown)}; load its original by path.py:build"
        )
    sources = [output for layer in layers if layer.kind == "Input" for output in layer.outputs]
    steps: list[Step] = []
    known = set(sources)
    for layer in layers:
        if layer.kind == "Input":
            continue
        if missing := set(layer.inputs) - known:
            raise GraphError(f"{name}: layer {layer.name!r} needs {min(missing)!r}, which no earlier layer gives")
        known |= set(layer.outputs)
        try:
            operation = BUILDERS[layer.kind](layer, weights)
        except (ValueError, RuntimeError, ZeroDivisionError) as error:
            raise GraphError(f"{name}: layer {layer.name!r} cannot be built: {error}") from None
        steps.append(Step(layer.name, operation, layer.inputs, layer.outputs))
    used = {value for step in steps for value in step.inputs}
    results = [value for step in steps for value in step.outputs if value not in used]
    if len(sources) != 1 or len(results) != 1:
        raise GraphError(
            f"{name} has {len(sources)} inputs and {len(results)} outputs; only networks from one picture to one "
            "picture are attributed"
        )
    return OperatorGraph(steps, source=sources[0], result=results[0])


class Fused(nn.Sequential):
    """A convolution with the activation that ncnn keeps inside it, padded beforehand where its sides differ."""


def _convolution(layer: Layer, weights: Weights, *, depthwise: bool = False) -> nn.Module:
    if layer.whole(8) or layer.whole(19):
        raise GraphError(
            f"layer {layer.name!r} is quantised or takes its weights as an input; neither is computed here"
        )
    out, kernel_w = layer.whole(0), layer.whole(1)
    kernel = layer.whole(11, kernel_w), kernel_w
    dilation = layer.whole(12, layer.whole(2, 1)), layer.whole(2, 1)
    stride = layer.whole(13, layer.whole(3, 1)), layer.whole(3, 1)
    left = layer.whole(4)
    pads = left, layer.whole(15, left), layer.whole(14, left), layer.whole(16, layer.whole(14, left))
    if min(pads) < 0 or layer.number(18):
        raise GraphError(f"layer {layer.name!r} pads in a way that is not computed here ({pads})")
    groups = layer.whole(7, 1) if depthwise else 1
    size = layer.whole(6)
    per_group = size // (out * kernel[0] * kernel[1])
    if out <= 0 or per_group * out * kernel[0] * kernel[1] != size or size <= 0:
        raise GraphError(f"layer {layer.name!r} has {size:,} weights, which {out} kernels of {kernel} do not divide")
    even = pads[0] == pads[1] and pads[2] == pads[3]
    weight = weights.tagged(size, out, per_group, *kernel)
    bias = weights.plain(out) if layer.whole(5) else None
    convolution = nn.utils.skip_init(
        nn.Conv2d,
        per_group * groups,
        out,
        kernel,
        stride=stride,
        padding=(pads[2], pads[0]) if even else 0,
        dilation=dilation,
        groups=groups,
        bias=bias is not None,
    )
    convolution.weight = nn.Parameter(weight)
    if bias is not None:
        convolution.bias = nn.Parameter(bias)
    return _with_activation(layer, convolution if even else nn.Sequential(nn.ZeroPad2d(pads), convolution))


def _with_activation(layer: Layer, convolution: nn.Module) -> nn.Module:
    kind, values = layer.whole(9), layer.numbers(10)
    match kind:
        case 0:
            return convolution
        case 1:
            activation: nn.Module = nn.ReLU()
        case 2:
            activation = nn.LeakyReLU(values[0])
        case 3:
            activation = nn.Hardtanh(values[0], values[1])
        case 4:
            activation = nn.Sigmoid()
        case 5:
            activation = nn.Mish()
        case _:
            raise GraphError(f"layer {layer.name!r} has the activation {kind}, which is not computed here")
    return Fused(convolution, activation)


def _prelu(layer: Layer, weights: Weights) -> nn.Module:
    slopes = weights.plain(layer.whole(0))
    prelu = nn.PReLU(len(slopes))
    prelu.weight = nn.Parameter(slopes)
    return prelu


class Constant(nn.Module):
    """Numbers that the file holds, such as a mean that is subtracted."""

    value: Tensor

    def __init__(self, value: Tensor) -> None:
        super().__init__()
        self.register_buffer("value", value)

    def forward(self) -> Tensor:
        return self.value


def _memory(layer: Layer, weights: Weights) -> nn.Module:
    width, height, depth, channels = (layer.whole(key) for key in (0, 1, 11, 2))
    if depth or not channels:
        raise GraphError(f"layer {layer.name!r} holds numbers of another shape than channels, height, width")
    count = width * height * channels
    if layer.whole(21, 1) == 0:
        return Constant(weights.tagged(count, 1, channels, height, width))
    return Constant(weights.plain(count).view(1, channels, height, width))


ARITHMETIC: tuple[Callable[[Any, Any], Tensor], ...] = (
    torch.add,
    torch.sub,
    torch.mul,
    torch.div,
    torch.maximum,
    torch.minimum,
    torch.pow,
    lambda a, b: b - a,
    lambda a, b: b / a,
)
"""By the number of ncnn's BinaryOp."""


def _binary(layer: Layer, weights: Weights) -> Callable[..., Tensor]:
    number = layer.whole(0)
    if number >= len(ARITHMETIC):
        raise GraphError(f"layer {layer.name!r} computes BinaryOp {number}, which is not computed here")
    operation = ARITHMETIC[number]
    if not layer.whole(1):
        return operation
    scalar = layer.number(2)
    if number in (4, 5):
        return lambda x: operation(x, x.new_tensor(scalar))
    return lambda x: operation(x, scalar)


def _eltwise(layer: Layer, weights: Weights) -> Callable[..., Tensor]:
    kind, factors = layer.whole(0), layer.numbers(1)
    if kind not in (0, 1, 2) or (factors and len(factors) != len(layer.inputs)):
        raise GraphError(f"layer {layer.name!r} combines its inputs in a way that is not computed here")

    def combine(*planes: Tensor) -> Tensor:
        if kind == 1 and factors:
            planes = tuple(plane if f == 1 else plane * f for plane, f in zip(planes, factors, strict=True))
        result = planes[0]
        for plane in planes[1:]:
            result = result * plane if kind == 0 else result + plane if kind == 1 else torch.maximum(result, plane)
        return result

    return combine


INTERPOLATION = {1: "nearest", 2: "bilinear", 3: "bicubic"}


def _interp(layer: Layer, weights: Weights) -> Callable[..., Tensor]:
    mode = INTERPOLATION.get(layer.whole(0))
    size = layer.whole(3), layer.whole(4)
    if mode is None or layer.whole(5) or len(layer.inputs) != 1 or any(size):
        raise GraphError(f"layer {layer.name!r} resizes in a way that is not computed here")
    factors = layer.number(1, 1), layer.number(2, 1)
    corners = bool(layer.whole(6)) if mode != "nearest" else None
    return lambda x: F.interpolate(x, scale_factor=factors, mode=mode, align_corners=corners)


def _shuffle(layer: Layer, weights: Weights) -> nn.Module:
    if layer.whole(1):
        raise GraphError(f"layer {layer.name!r} shuffles in the order of another framework, which is not computed here")
    return nn.PixelShuffle(layer.whole(0, 1))


def _concat(layer: Layer, weights: Weights) -> Callable[..., Tensor]:
    axis = layer.whole(0)
    dimension = axis + 1 if axis >= 0 else axis
    return lambda *planes: torch.cat(planes, dimension)


def _split(layer: Layer, weights: Weights) -> Callable[..., tuple[Tensor, ...]]:
    copies = len(layer.outputs)
    return lambda x: (x,) * copies


BUILDERS: Mapping[str, Callable[[Layer, Weights], Callable[..., Any]]] = {
    "BinaryOp": _binary,
    "Clip": lambda layer, weights: nn.Hardtanh(layer.number(0, -3.4e38), layer.number(1, 3.4e38)),
    "Concat": _concat,
    "Convolution": _convolution,
    "ConvolutionDepthWise": lambda layer, weights: _convolution(layer, weights, depthwise=True),
    "Eltwise": _eltwise,
    "Interp": _interp,
    "MemoryData": _memory,
    "Mish": lambda layer, weights: nn.Mish(),
    "PReLU": _prelu,
    "PixelShuffle": _shuffle,
    "ReLU": lambda layer, weights: nn.LeakyReLU(layer.number(0)) if layer.number(0) else nn.ReLU(),
    "Sigmoid": lambda layer, weights: nn.Sigmoid(),
    "Split": _split,
    "Swish": lambda layer, weights: nn.SiLU(),
    "TanH": lambda layer, weights: nn.Tanh(),
}
"""How a layer of each kind is computed."""
