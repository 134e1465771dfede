"""ONNX files: every operator against onnxruntime, whole networks of both exporters against themselves in PyTorch."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lam_core import AttributionSettings, Region, SuperResolver, attribute
from zoo.architectures import architecture
from zoo.checkpoints.errors import DamagedCheckpointError, NotACheckpointError
from zoo.formats import onnx_file
from zoo.formats.errors import GraphError, UnknownOperatorError
from zoo.formats.network import read_network
from zoo.formats.onnx_operators import BUILDERS
from zoo.sources.weights import digest

onnx = pytest.importorskip("onnx")
RNG = np.random.default_rng(0)
X = RNG.standard_normal((1, 4, 6, 8)).astype(np.float32)


def f32(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def i64(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def node(kind: str, *inputs: Any, outputs: int = 1, **attributes: Any) -> tuple[str, tuple[Any, ...], int, dict]:
    """A node on the picture; further inputs are arrays of the file, or nothing."""
    return kind, inputs, outputs, attributes


CASES = {
    **{kind: node(kind) for kind in ("Relu", "Sigmoid", "Tanh", "Exp", "Abs", "Neg", "Floor", "Ceil", "Round", "Erf")},
    **{kind: node(kind) for kind in ("Softplus", "HardSwish", "Mish", "Sin", "Cos", "Sign", "Reciprocal", "Identity")},
    **{kind: node(kind) for kind in ("GlobalAveragePool", "GlobalMaxPool", "Elu", "LeakyRelu", "HardSigmoid", "Gelu")},
    "Gelu by tanh": node("Gelu", approximate="tanh"),
    "LeakyRelu 0.3": node("LeakyRelu", alpha=0.3),
    "HardSigmoid, other slope": node("HardSigmoid", alpha=0.3, beta=0.4),
    "PRelu": node("PRelu", f32(4, 1, 1)),
    "PRelu of one": node("PRelu", f32(1)),
    "PRelu of each": node("PRelu", f32(4, 6, 8)),
    **{kind: node(kind, f32(4, 1, 1)) for kind in ("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum")},
    "Pow": node("Pow", np.float32(2)),
    "Mod of floats": node("Mod", np.float32(0.7), fmod=1),
    "Clip": node("Clip", np.float32(-0.5), np.float32(0.4)),
    "Clip above": node("Clip", None, np.float32(0.4)),
    "Softmax": node("Softmax", axis=1),
    "Conv": node("Conv", f32(5, 4, 3, 3), f32(5), pads=[1, 1, 1, 1]),
    "Conv, uneven pads": node("Conv", f32(5, 4, 3, 3), pads=[0, 1, 2, 0]),
    "Conv, groups and strides": node("Conv", f32(6, 2, 3, 1), group=2, strides=[2, 1], dilations=[1, 1]),
    "Conv, same": node("Conv", f32(5, 4, 4, 3), auto_pad="SAME_UPPER"),
    "Conv, same lower": node("Conv", f32(5, 4, 4, 3), auto_pad="SAME_LOWER"),
    "ConvTranspose": node("ConvTranspose", f32(4, 3, 4, 4), f32(3), strides=[2, 2], pads=[1, 1, 1, 1]),
    "ConvTranspose, output padding": node(
        "ConvTranspose", f32(4, 1, 3, 3), strides=[2, 2], output_padding=[1, 1], group=4
    ),
    "MatMul": node("MatMul", f32(8, 5)),
    "Concat": node("Concat", f32(1, 2, 6, 8), axis=1),
    "Split in halves": node("Split", outputs=2, axis=1, num_outputs=2),
    "Split by sizes": node("Split", i64(1, 3), outputs=2, axis=1),
    "Slice": node("Slice", i64(1, 0), i64(6, 7), i64(2, 3), i64(2, 1)),
    "Slice backwards": node("Slice", i64(-1), i64(-9223372036854775807), i64(3), i64(-1)),
    "Gather": node("Gather", i64(3, 0, -1), axis=1),
    "Gather one": node("Gather", np.array(2, np.int64), axis=2),
    "Transpose": node("Transpose", perm=[0, 2, 3, 1]),
    "Reshape": node("Reshape", i64(0, 2, 2, -1)),
    "Flatten": node("Flatten", axis=2),
    "Unsqueeze": node("Unsqueeze", i64(0, -1)),
    "Expand": node("Expand", i64(3, 1, 6, 8)),
    "Tile": node("Tile", i64(1, 2, 1, 3)),
    "Pad": node("Pad", i64(0, 0, 1, 2, 0, 0, 3, 0), np.float32(0.7)),
    "Pad on axes": node("Pad", i64(1, 2), None, i64(2), mode="reflect"),
    "Pad by reflection": node("Pad", i64(0, 0, 1, 2, 0, 0, 3, 0), mode="reflect"),
    "Pad by the edge": node("Pad", i64(0, 0, 1, 2, 0, 0, 3, 0), mode="edge"),
    "Pad around": node("Pad", i64(0, 0, 1, 2, 0, 0, 3, 0), mode="wrap"),
    "DepthToSpace": node("DepthToSpace", blocksize=2),
    "DepthToSpace by columns": node("DepthToSpace", blocksize=2, mode="CRD"),
    "SpaceToDepth": node("SpaceToDepth", blocksize=2),
    **{
        f"{kind}{' kept' if keep else ''}": node(kind, i64(2, 3), keepdims=keep)
        for kind in ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2")
        for keep in (0, 1)
    },
    "ReduceMean of all": node("ReduceMean"),
    "LayerNormalization": node("LayerNormalization", f32(8), f32(8)),
    "LayerNormalization of two": node("LayerNormalization", f32(6, 8), axis=2, epsilon=1e-3),
    "InstanceNormalization": node("InstanceNormalization", f32(4), f32(4)),
    "BatchNormalization": node("BatchNormalization", f32(4), f32(4), f32(4), abs(f32(4))),
    "MaxPool": node("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
    "AveragePool": node("AveragePool", kernel_shape=[2, 2], strides=[2, 2]),
    "AveragePool, padded": node("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1),
    "Dropout": node("Dropout"),
    "Resize, linear": node("Resize", None, f32() * 0 + np.array([1, 1, 2, 3], np.float32), mode="linear"),
    "Resize, cubic": node("Resize", None, np.array([1, 1, 2, 3], np.float32), mode="cubic"),
    "Resize by corners": node(
        "Resize", None, None, i64(1, 4, 11, 17), mode="linear", coordinate_transformation_mode="align_corners"
    ),
    "Resize, smaller with antialias": node(
        "Resize", None, None, i64(1, 4, 3, 4), mode="linear", antialias=1, exclude_outside=1
    ),
    "Resize, cubic with antialias": node(
        "Resize", None, None, i64(1, 4, 3, 4), mode="cubic", antialias=1, exclude_outside=1, cubic_coeff_a=-0.5
    ),
    "Resize on axes": node("Resize", None, np.array([2, 2], np.float32), mode="linear", axes=[2, 3]),
    **{
        f"Resize, nearest, {places}, {rounding}, ×{factor}": node(
            "Resize",
            None,
            np.array([1, 1, factor, factor], np.float32),
            mode="nearest",
            coordinate_transformation_mode=places,
            nearest_mode=rounding,
        )
        for places in ("asymmetric", "half_pixel", "align_corners")
        for rounding in ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil")
        for factor in (2, 3)
    },
}


def written(folder: Path, cases: list[tuple[str, tuple[Any, ...], int, dict]], opset: int = 20) -> Path:
    """A file with the nodes one after the other, the picture at the first input of each."""
    nodes, arrays, before = [], [], "x"
    for number, (kind, inputs, outputs, attributes) in enumerate(cases):
        names = [before]
        for position, value in enumerate(inputs):
            names.append("" if value is None else f"w{number}_{position}")
            if value is not None:
                arrays.append(onnx.numpy_helper.from_array(np.asarray(value), names[-1]))
        before = f"y{number}"
        results = [before, *(f"y{number}_{i}" for i in range(1, outputs))]
        nodes.append(onnx.helper.make_node(kind, names, results, name=f"node{number}", **attributes))
    graph = onnx.helper.make_graph(
        nodes,
        "g",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, X.shape[1], None, None])],
        [onnx.helper.make_tensor_value_info(before, onnx.TensorProto.FLOAT, None)],
        arrays,
    )
    path = folder / "net.onnx"
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)], ir_version=10)
    path.write_bytes(model.SerializeToString())
    return path


def by_runtime(path: Path, x: np.ndarray) -> np.ndarray:
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


@pytest.fixture
def four_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "_size", lambda value, name: (4, None, None))


@pytest.mark.parametrize("case", CASES)
def test_an_operator_computes_what_onnxruntime_computes(case: str, tmp_path: Path, four_channels: None):
    path = written(tmp_path, [CASES[case]])
    expected = by_runtime(path, X)
    with torch.no_grad():
        found = onnx_file.read(path).graph(torch.from_numpy(X))
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-4, atol=1e-5)


SIZES = [
    node("Shape"),
    node("Gather", i64(0, 1, 3, 2)),
    node("Mul", i64(1, 1, 1, 2)),
    node("Div", i64(1, 1, 1, 2)),
    node("Cast", to=1),
    node("Floor"),
    node("Cast", to=7),
]
"""Arithmetic with sizes, as exporters leave it: here it turns height and width round."""


@pytest.mark.parametrize("opset", [13, 17, 20])
def test_arithmetic_with_sizes(tmp_path: Path, four_channels: None, opset: int):
    path = written(tmp_path, SIZES, opset)
    model = onnx.load(path)
    model.graph.node.append(onnx.helper.make_node("Reshape", ["x", model.graph.output[0].name], ["z"], name="last"))
    del model.graph.output[:]
    model.graph.output.append(onnx.helper.make_tensor_value_info("z", onnx.TensorProto.FLOAT, None))
    path.write_bytes(model.SerializeToString())
    with torch.no_grad():
        np.testing.assert_array_equal(onnx_file.read(path).graph(torch.from_numpy(X)).numpy(), by_runtime(path, X))


def test_every_operator_is_computed_somewhere_in_the_tests():
    compared = {case[0] for case in (*CASES.values(), *SIZES)} | {"Reshape"}
    logic = {"And", "Or", "Not", "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Where", "Range"}
    rest = {"ConstantOfShape", "ReduceProd", "Log", "Sqrt", "Gemm", "Squeeze", "GroupNormalization"}
    assert set(BUILDERS) - compared <= logic | rest


def single(kind: str, inputs: list[str], arrays: dict[str, np.ndarray], tmp_path: Path, **attributes: Any) -> Path:
    graph = onnx.helper.make_graph(
        [
            onnx.helper.make_node("Abs", ["x"], ["a"]),
            onnx.helper.make_node(kind, inputs, ["r"], **attributes),
            onnx.helper.make_node("Cast", ["r"], ["y"], to=1),
        ],
        "g",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 4, None, None])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)],
        [onnx.numpy_helper.from_array(value, name) for name, value in arrays.items()],
    )
    path = tmp_path / "net.onnx"
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 21)], ir_version=10)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize(
    ("kind", "inputs", "arrays", "attributes"),
    [
        *((kind, ["x", "k"], {"k": f32(4, 1, 1)}, {}) for kind in ("Less", "LessOrEqual", "Greater", "GreaterOrEqual")),
        ("Equal", ["x", "a"], {}, {}),
        ("Log", ["a"], {}, {}),
        ("Sqrt", ["a"], {}, {}),
        ("Squeeze", ["x", "i"], {"i": i64(0)}, {}),
        ("GroupNormalization", ["x", "k", "l"], {"k": f32(4), "l": f32(4)}, {"num_groups": 2}),
        ("Where", ["c", "x", "a"], {"c": np.array([[True], [False]] * 3)}, {}),
    ],
)
def test_further_operators(tmp_path, four_channels, kind: str, inputs: list[str], arrays: dict, attributes: dict):
    path = single(kind, inputs, arrays, tmp_path, **attributes)
    with torch.no_grad():
        found = onnx_file.read(path).graph(torch.from_numpy(X)).numpy()
    np.testing.assert_allclose(found, by_runtime(path, X), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("case", "error", "reason"),
    [
        (node("Einsum", equation="ij->ji"), UnknownOperatorError, "not computed here: Einsum"),
        (node("Resize", None, np.ones(4, np.float32), mode="cubic", cubic_coeff_a=-0.5), GraphError, "another cubic"),
        (node("Resize", None, np.ones(4, np.float32), mode="linear", antialias=1), GraphError, "beyond the border"),
        (node("Conv", f32(5, 4, 3, 3), auto_pad="SAME_UPPER", strides=[2, 2]), GraphError, "under strides"),
        (node("Pad", i64(0, 0, 1, 1, 0, 0, 1, 1), mode="other"), GraphError, "pads by other"),
    ],
)
def test_what_is_not_computed_is_named(tmp_path, four_channels, case: Any, error: type, reason: str):
    with pytest.raises(error, match=reason):
        onnx_file.read(written(tmp_path, [case]))


def test_other_files_are_named(tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(b"\x80\x04no protobuf at all")
    with pytest.raises((NotACheckpointError, GraphError)):
        onnx_file.read(path)
    written(tmp_path, [node("Relu")], opset=9)
    with pytest.raises(GraphError, match="of opset 9; export it with opset 11 or later"):
        onnx_file.read(path)
    model = onnx.load(written(tmp_path, [node("Mul", f32(64, 64))]))
    model.graph.initializer[0].raw_data = b"\0" * 8
    path.write_bytes(model.SerializeToString())
    with pytest.raises(DamagedCheckpointError, match="'w0_0' are damaged"):
        onnx_file.read(path)


def test_an_array_of_sizes_that_would_fill_the_memory_is_refused(tmp_path, four_channels):
    graph = onnx_file.read(written(tmp_path, [node("Shape"), node("ConstantOfShape")])).graph
    with pytest.raises(GraphError, match="hostile"):
        graph(torch.empty(1, 4, 4000, 4000, device="meta"))


class Mixture(nn.Module):
    """No architecture that is known: reflection, attention of channels, norms, two activations, an enlarged input."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1, padding_mode="reflect")
        self.norm = nn.LayerNorm(8)
        self.linear = nn.Linear(8, 24)
        self.last = nn.Conv2d(12, 12, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x)
        y = y * torch.sigmoid(y.mean((2, 3), keepdim=True))
        a, b = self.linear(self.norm(y.permute(0, 2, 3, 1))).permute(0, 3, 1, 2).chunk(2, 1)
        y = F.pixel_shuffle(self.last(F.gelu(a) * torch.sigmoid(b)), 2)
        return y + F.interpolate(x, scale_factor=2, mode="bicubic", align_corners=False)


class Windows(nn.Module):
    """No architecture that is known: attention within windows of eight."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.qkv = nn.Linear(8, 24)
        self.last = nn.Conv2d(8, 12, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x)
        batch, channels, height, width = y.shape
        rows, columns = height // 8, width // 8
        tokens = y.view(batch, channels, rows, 8, columns, 8).permute(0, 2, 4, 3, 5, 1).reshape(-1, 64, channels)
        q, k, v = self.qkv(tokens).chunk(3, -1)
        seen = F.softmax(q @ k.transpose(1, 2) * channels**-0.5, -1) @ v
        seen = seen.view(batch, rows, columns, 8, 8, channels).permute(0, 5, 1, 3, 2, 4).reshape(y.shape)
        return F.pixel_shuffle(self.last(y + seen), 2)


def compact() -> nn.Module:
    from spandrel.architectures.Compact import Compact

    return Compact(num_in_ch=3, num_out_ch=3, num_feat=8, num_conv=2, upscale=2)


NETWORKS = {
    "edsr": (lambda: architecture("edsr").build(channels=8, blocks=2, scale=2), 255.0, "edsr"),
    "imdn": (lambda: architecture("imdn").build(channels=16, modules=2, scale=2), 1.0, "imdn"),
    "compact": (compact, 1.0, "Compact"),
    "mixture": (Mixture, 1.0, "onnx"),
    "windows": (Windows, 1.0, "onnx"),
}
SIDE = 24


def exported(network: nn.Module, path: Path, *, older: bool) -> None:
    x = torch.rand(1, 3, SIDE, SIDE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if older:
            torch.onnx.export(network, (x,), path, dynamo=False, opset_version=17)
        else:
            pytest.importorskip("onnxscript")
            torch.onnx.export(network, (x,), path, verbose=False)


@pytest.mark.parametrize("older", [False, True], ids=["default exporter", "older exporter"])
@pytest.mark.parametrize("name", NETWORKS)
def test_an_exported_network_is_its_original(name: str, older: bool, tmp_path: Path):
    torch.manual_seed(0)
    build, white, kind = NETWORKS[name]
    network = build().eval()
    path = tmp_path / "net.onnx"
    exported(network, path, older=older)
    before = digest(path)
    found, _ = read_network(path, name="net.onnx", input_range=white)
    assert (found.architecture, found.scale) == (kind, 2)
    ours = SuperResolver(found.module, 2, convention=found.convention)
    theirs = SuperResolver(network, 2, convention=found.convention)
    x = torch.rand(1, 3, SIDE, SIDE).requires_grad_()
    outputs, gradients = [], []
    for model in (ours, theirs):
        y = model(x)
        outputs.append(y.detach())
        gradients.append(torch.autograd.grad(y[..., 10:20, 12:22].square().sum(), x)[0])
    torch.testing.assert_close(outputs[0], outputs[1], atol=1e-5, rtol=0)
    assert float((gradients[0] - gradients[1]).norm()) <= 1e-4 * float(gradients[1].norm())
    image = (np.random.default_rng(1).random((SIDE, SIDE, 3)) * 255).astype(np.uint8)
    settings = AttributionSettings(nodes=3)
    a, b = (attribute(model, image, Region(16, 16, 8), settings).diffusion_index for model in (ours, theirs))
    assert a == pytest.approx(b, rel=1e-4)
    beside = path.with_name("net.onnx.data")
    if beside.is_file():
        beside.write_bytes(beside.read_bytes()[:-1] + b"\1")
        assert digest(path) != before
        beside.unlink()
        with pytest.raises(NotACheckpointError, match=r"there is no net\.onnx\.data"):
            onnx_file.read(path)
