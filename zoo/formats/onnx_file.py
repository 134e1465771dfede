"""Reads ONNX files: a graph of operators with its weights, in the file or in one `.onnx.data` beside it.

Of the converters that take the opset 20 of torch's default exporter, one ignores what a Resize says of its pixels and
fails on the older exporter's shared weights, and the other writes Python code from a file's names; here nothing of a
file is run, and what is not computed is named.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lam_core.errors import sentence
from zoo.checkpoints.errors import DamagedCheckpointError, NotACheckpointError, OversizedCheckpointError
from zoo.formats.errors import GraphError, UnknownOperatorError
from zoo.formats.graph import OperatorGraph, Step
from zoo.formats.onnx_operators import BUILDERS, Node
from zoo.sources.companion_files import companion

OLDEST = 11
"""The first opset whose operators are computed here."""
WEIGHTED = {"Conv", "ConvTranspose", "MatMul", "Gemm", "PRelu", "BatchNormalization", "GroupNormalization"} | {
    "InstanceNormalization",
    "LayerNormalization",
}
"""Operators whose inputs from the file are weights; so are other floats of more than `FEW` numbers."""
FEW = 4

GIVEN = re.compile(r"/|onnx::|val_\d+$")
"""Starts of names that torch's exporters give to numbers which had none."""


@dataclass(frozen=True)
class OnnxNetwork:
    """The network of an ONNX file."""

    graph: OperatorGraph
    named: Mapping[str, Tensor]
    """Its weights under the names that the file gives them."""
    channels: int
    """Of its input."""
    height: int | None
    """Of its input, if the file fixes it."""
    width: int | None
    """Likewise."""


def read(path: Path, *, largest: int = 2 * 2**30) -> OnnxNetwork:
    """The network in an ONNX file. Raises a `CheckpointError` or `GraphError`."""
    import onnx
    from google.protobuf.message import DecodeError

    if (size := path.stat().st_size) > largest:
        raise OversizedCheckpointError(f"{path.name} has {size:,} bytes, more than the {largest:,} that are read here")
    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except (DecodeError, ValueError) as error:
        raise NotACheckpointError(f"{path.name} is no ONNX file ({sentence(error)}); export it again") from None
    opset = {entry.domain or "ai.onnx": entry.version for entry in model.opset_import}.get("ai.onnx", 0)
    if opset < OLDEST:
        raise GraphError(f"{path.name} is of opset {opset}; export it with opset {OLDEST} or later")
    numbers = _initializers(model.graph, path, largest)
    nodes = [node for node in model.graph.node if not _is_constant(node, numbers)]
    unknown = sorted({_kind(node) for node in nodes} - set(BUILDERS))
    if unknown:
        raise UnknownOperatorError(
            f"{path.name} has operators that are not computed here: {', '.join(unknown)}; load its original by "
            "path.py:build"
        )
    sources = [value for value in model.graph.input if value.name not in numbers]
    results = [value.name for value in model.graph.output]
    if len(sources) != 1 or len(results) != 1:
        raise GraphError(
            f"{path.name} has {len(sources)} inputs and {len(results)} outputs; only networks from one picture to one "
            "picture are attributed"
        )
    steps = _steps(nodes, numbers, {sources[0].name}, opset, path.name)
    graph, named = _graph(steps, numbers, sources[0].name, results[0], path.name)
    return OnnxNetwork(graph, named, *_size(sources[0], path.name))


def _initializers(graph: Any, path: Path, largest: int) -> dict[str, np.ndarray[Any, Any]]:
    """Every array that the file holds, weights beside it included, by name."""
    from onnx import numpy_helper

    beside = companion(path)
    if beside is not None and beside.stat().st_size > largest:
        raise OversizedCheckpointError(f"{beside.name} has more than the {largest:,} bytes that are read here")
    if graph.sparse_initializer:
        raise GraphError(f"{path.name} holds sparse weights; export dense ones")
    found: dict[str, np.ndarray[Any, Any]] = {}
    content: bytes | None = None
    for array in graph.initializer:
        if array.external_data:
            if beside is None:
                raise NotACheckpointError(
                    f"{path.name} needs its weights beside it, and there is no {path.name}.data; put it there, or "
                    "export with external_data=False"
                )
            content = beside.read_bytes() if content is None else content
            _take_in(array, content, path.name)
        try:
            value = np.asarray(numpy_helper.to_array(array))
        except (ValueError, TypeError, KeyError) as error:
            raise DamagedCheckpointError(
                f"{path.name}: the weights {array.name!r} are damaged ({sentence(error)}); fetch it again"
            ) from None
        found[array.name] = value.astype(np.float32) if _is_float(value) else value
    return found


def _take_in(array: Any, content: bytes, name: str) -> None:
    """Puts the part of the file beside that an array names into the array itself."""
    entries = {entry.key: entry.value for entry in array.external_data}
    try:
        start, length = int(entries.get("offset", 0)), int(entries["length"])
    except (KeyError, ValueError):
        raise DamagedCheckpointError(f"{name} does not say where the weights {array.name!r} lie") from None
    if not 0 <= start <= start + length <= len(content):
        raise DamagedCheckpointError(f"{name}.data ends before the weights {array.name!r}; fetch it again")
    array.raw_data = content[start : start + length]
    array.ClearField("external_data")
    array.data_location = 0


def _is_float(value: np.ndarray[Any, Any]) -> bool:
    # Half and brain floats too: the latter is no subtype of NumPy's floats.
    return np.issubdtype(value.dtype, np.floating) or value.dtype.name == "bfloat16"


def _kind(node: Any) -> str:
    return node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}"


def _is_constant(node: Any, numbers: dict[str, np.ndarray[Any, Any]]) -> bool:
    """Whether a node only gives or passes on what the file holds, which is then taken down."""
    if _kind(node) == "Identity" and node.input[0] in numbers:
        numbers[node.output[0]] = numbers[node.input[0]]
        return True
    if _kind(node) != "Constant":
        return False
    attributes = _attributes(node)
    value = next((attributes[key] for key in ("value", "value_float", "value_int") if key in attributes), None)
    value = attributes.get("value_floats", attributes.get("value_ints", value))
    if value is None or isinstance(value, str):
        raise GraphError(f"Constant {node.name!r} holds no numbers")
    array = np.asarray(value)
    numbers[node.output[0]] = array.astype(np.float32) if _is_float(array) else array
    return True


def _attributes(node: Any) -> dict[str, Any]:
    from onnx import AttributeProto, helper, numpy_helper

    found: dict[str, Any] = {}
    for attribute in node.attribute:
        if attribute.type == AttributeProto.TENSOR:
            found[attribute.name] = numpy_helper.to_array(attribute.t)
            continue
        value = helper.get_attribute_value(attribute)
        found[attribute.name] = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return found


def _steps(
    nodes: list[Any], numbers: Mapping[str, np.ndarray[Any, Any]], known: set[str], opset: int, name: str
) -> list[Step]:
    steps = []
    known = {*known, *numbers, ""}
    for position, node in enumerate(nodes):
        inputs, outputs = tuple(node.input), tuple(node.output)
        if missing := set(inputs) - known:
            raise GraphError(f"{name}: node {node.name!r} needs {min(missing)!r}, which no earlier node gives")
        known |= set(outputs)
        label = node.name or f"{node.op_type}_{position}"
        held = {i: numbers[i] for i in inputs if i in numbers}
        described = Node(node.op_type, label, _attributes(node), inputs, len(outputs), opset, held)
        try:
            operation: Callable[..., Any] = BUILDERS[node.op_type](described)
        except (ValueError, TypeError, IndexError, RuntimeError) as error:
            raise GraphError(f"{name}: {node.op_type} {label!r} cannot be built: {sentence(error)}") from None
        steps.append(Step(label, operation, inputs, outputs, node.op_type))
    return steps


def _graph(
    steps: list[Step], numbers: Mapping[str, np.ndarray[Any, Any]], source: str, result: str, name: str
) -> tuple[OperatorGraph, Mapping[str, Tensor]]:
    """The network; weights that a layer has taken in are kept once."""
    taken_in = {i for step in steps if isinstance(step.operation, nn.Module) for i in step.inputs[1:] if i in numbers}
    used = {i: step for step in steps for i in step.inputs if i in numbers and i not in taken_in}
    floats = {i: torch.from_numpy(np.array(numbers[i])) for i in used if numbers[i].dtype == np.float32}
    kinds = {i: step.kind for i, step in used.items()}
    weights = {i: t for i, t in floats.items() if kinds[i] in WEIGHTED or t.numel() > FEW}
    if result not in {output for step in steps for output in step.outputs}:
        raise GraphError(f"{name}: no node gives its output {result!r}")
    graph = OperatorGraph(
        [Step(s.name, s.operation, tuple("" if i in taken_in else i for i in s.inputs), s.outputs) for s in steps],
        source=source,
        result=result,
        parameters=weights,
        constants={i: t for i, t in floats.items() if i not in weights},
        numbers={i: numbers[i] for i in used if i not in floats},
    )
    return graph.eval(), _named(steps, numbers)


def _named(steps: list[Step], numbers: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, Tensor]:
    """The weights by the names in the file; what equal weights of several layers were merged into, by both names."""
    named = {
        name: torch.from_numpy(np.array(value))
        for name, value in numbers.items()
        if value.dtype == np.float32 and not GIVEN.match(name)
    }
    for step in steps:
        for one, other in itertools.permutations(step.inputs[1:3], 2):
            layer, _, part = one.rpartition(".")
            sibling = f"{layer}.{'bias' if part == 'weight' else 'weight'}"
            if part in ("weight", "bias") and one in named and other in named:
                named.setdefault(sibling, named[other])
    return named


def _size(value: Any, name: str) -> tuple[int, int | None, int | None]:
    """Channels, height and width of the input; sides are nothing where the file leaves them open."""
    dimensions = [d.dim_value or None for d in value.type.tensor_type.shape.dim]
    if len(dimensions) != 4:
        raise GraphError(f"{name} takes {len(dimensions)} axes; pictures have four: batch, channels, height, width")
    channels = dimensions[1] or 3
    if channels not in (1, 3):
        raise GraphError(f"{name} takes {channels} channels; only RGB and luma networks are attributed")
    return channels, dimensions[2], dimensions[3]
