"""Every form in which weights are met: the network's own weights, or one sentence with what the file is and what to do.

docs/files.md lists the rows of this table.
"""

from __future__ import annotations

import argparse
import collections
import datetime
import decimal
import io
import json
import pathlib
import pickle
import random
import sys
import tarfile
import types
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from safetensors.torch import save, save_file
from torch import Tensor, nn

import zoo
from tests.zoo import forged_checkpoints as forged
from zoo.checkpoints.detect import is_known
from zoo.checkpoints.errors import (
    CheckpointError,
    CodeInCheckpointError,
    NotACheckpointError,
    ParameterSetError,
    UnknownNetworkError,
)
from zoo.checkpoints.read import read_checkpoint

STATE = forged.small_state()
OTHER = {key: tensor * 2 for key, tensor in STATE.items()}
DISCRIMINATOR = {"conv0.weight": torch.zeros(4, 3, 3, 3), "linear.bias": torch.zeros(400_000)}


def prefixed(prefix: str, state: dict[str, Tensor] = STATE) -> dict[str, Tensor]:
    return {f"{prefix}{key}": tensor for key, tensor in state.items()}


def saved(content: Any, **options: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, **options)
    return buffer.getvalue()


def rezipped(content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", method) as new:
        for member in old.infolist():
            new.writestr(member.filename, old.read(member.filename))
    return buffer.getvalue()


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_DOT_", "."), content)
    return buffer.getvalue()


def tarred(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


class Config(dict):
    """A configuration as EasyDict and its kin are: a dictionary with attributes."""


class Options:
    """A class of a training program's own."""

    def __init__(self) -> None:
        self.scale, self.names = 4, ["a"]


class Net(nn.Module):
    """A whole network, as `torch.save(model)` keeps it."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Sequential(nn.Conv2d(3, 8, 3))
        self.register_buffer("passing", torch.zeros(5), persistent=False)


def optimizer_state() -> dict[str, Any]:
    weights = [nn.Parameter(tensor.clone()) for tensor in STATE.values()]
    optimizer = torch.optim.Adam(weights)
    for weight in weights:
        weight.grad = torch.ones_like(weight)
    optimizer.step()
    return optimizer.state_dict()


@dataclass(frozen=True)
class Form:
    name: str
    content: Callable[[], bytes]
    says: str = ""
    """In the notes."""
    params: str | None = None
    expected: dict[str, Tensor] | None = None
    within: float = 0.0


def torch_form(name: str, content: Any, says: str = "", *, params: str | None = None,
               expected: dict[str, Tensor] | None = None, within: float = 0.0, **options: Any) -> Form:  # fmt: skip
    return Form(name, lambda: saved(content, **options), says, params, expected, within)


INERT = {
    "argparse.Namespace": argparse.Namespace(scale=4),
    "numpy.ndarray": np.arange(5.0),
    "numpy.core.multiarray.scalar": np.float64(30.1),
    "datetime.datetime": datetime.datetime(2026, 11, 30, tzinfo=datetime.UTC),
    "pathlib.PosixPath": pathlib.PurePosixPath("/data/x") if sys.platform == "win32" else pathlib.PosixPath("/data"),
    "uuid.UUID": uuid.UUID(int=5),
    "decimal.Decimal": decimal.Decimal("1.5"),
    "types.SimpleNamespace": types.SimpleNamespace(scale=4),
    "collections.deque": collections.deque([1.0, 2.0]),
    "tests.zoo.checkpoints.test_forms.Config": Config(scale=4),
    "tests.zoo.checkpoints.test_forms.Options": Options(),
    "torch.optim.sgd.SGD": torch.optim.SGD([nn.Parameter(torch.zeros(2))], 0.1),
}

READ = [
    torch_form("a state dict", STATE),
    torch_form("the older format", STATE, _use_new_zipfile_serialization=False),
    torch_form("pickle protocol 4", STATE, pickle_protocol=4),
    torch_form("the older format, protocol 4", STATE, pickle_protocol=4, _use_new_zipfile_serialization=False),
    Form("safetensors", lambda: save(STATE)),
    Form("safetensors with metadata", lambda: save(STATE, {"format": "pt", "metadata": json.dumps({"scale": 2})})),
    Form("safetensors with prefixes", lambda: save(prefixed("model.module."))),
    Form("zipped again, deflated", lambda: rezipped(saved(STATE))),
    Form("zipped again, deflated, with a Namespace",
         lambda: rezipped(saved({"params": STATE, "args": argparse.Namespace()})), "argparse.Namespace"),
    torch_form("half precision", {k: t.half() for k, t in STATE.items()}, within=2e-3),
    torch_form("bfloat16", {k: t.bfloat16() for k, t in STATE.items()}, within=2e-2),
    *(torch_form(f"{kind}", {k: t.to(getattr(torch, kind)) for k, t in STATE.items()},
                 f"weights of 8 bits ({kind}), rounded to 2 or 3 significant bits",
                 expected={k: t.to(getattr(torch, kind)).float() for k, t in STATE.items()})
      for kind in ("float8_e4m3fn", "float8_e5m2")),
    torch_form("double precision", {k: t.double() for k, t in STATE.items()}),
    torch_form("parameters, not tensors", {k: nn.Parameter(t) for k, t in STATE.items()}),
    *(torch_form(f"prefix {prefix}", prefixed(prefix)) for prefix in (
        "module.", "model.", "net.", "net_g.", "netG.", "generator.", "network.", "_orig_mod.", "anything.")),
    *(torch_form(f"prefixes {prefix}", prefixed(prefix)) for prefix in (
        "module.model.", "model.net_g.module.", "module._orig_mod.generator.", "model._orig_mod.")),
    torch_form("compiled inside", {k.replace("body.", "body._orig_mod.", 1): t for k, t in STATE.items()}),
    *(torch_form(f"under {key}", {key: STATE, "epoch": 3}) for key in (
        "params", "state_dict", "model_state_dict", "model", "net", "generator", "netG", "weights", "whatever")),
    torch_form("under two keys", {"model": {"state_dict": STATE}, "iter": 5}),
    torch_form("in a list with the epoch", [STATE, 5]),
    torch_form("Lightning", {"state_dict": prefixed("model."), "callbacks": {}, "hparams": {"lr": 1e-4}}),
    torch_form("Lightning with a perceptual loss",
               {"state_dict": {**prefixed("model."), "loss.vgg.0.weight": torch.zeros(9, 3, 3, 3)}}, "1 others"),
    torch_form("a GAN in one dictionary",
               {"state_dict": {**prefixed("generator."), **prefixed("discriminator.", DISCRIMINATOR)}}, "2 others"),
    torch_form("a GAN in two", {"D": DISCRIMINATOR, "G": STATE}, "G is used, D not"),
    torch_form("a GAN, netD first", {"netD": DISCRIMINATOR, "netG": STATE}, "netG is used, netD not"),
    torch_form("params_ema beside params", {"params": OTHER, "params_ema": STATE}, "params_ema is used"),
    torch_form("ema beside model", {"model": OTHER, "ema": STATE}, "ema is used, model not"),
    torch_form("state_dict_ema", {"state_dict": OTHER, "state_dict_ema": STATE}, "state_dict_ema is used"),
    torch_form("an average in the same dictionary", {**prefixed("model.", OTHER), **prefixed("ema_model.")}, "ema"),
    torch_form("params chosen", {"params": OTHER, "params_ema": STATE}, "params is used", params="params",
               expected=OTHER),
    torch_form("ema chosen by a word", {"params": OTHER, "params_ema": STATE}, params="ema"),
    torch_form("a prefix chosen", {**prefixed("model.", OTHER), **prefixed("ema_model.")}, "20 others", params="model",
               expected=OTHER),
    torch_form("a profiler's counts", {**STATE, "total_ops": torch.zeros(1), "head.0.total_params": torch.zeros(1)}),
    torch_form("a weight average's count", {"n_averaged": torch.tensor(7), **prefixed("module.")}),
    torch_form("a step counter", {**STATE, "step_counter": torch.tensor(7)}),
    torch_form("a number among the tensors", {**STATE, "epoch": 3, "body": "x"}, "'epoch' and 'body'"),
    torch_form("optimizer and scheduler", {"optimizer": optimizer_state(), "scheduler": {"step": 3}, "model": STATE}),
    torch_form("a loss curve", {"losses": torch.zeros(500), "state_dict": STATE}),
    *(torch_form(f"{kind} beside it", {"state_dict": STATE, "extra": thing}, kind.rpartition(".")[2])
      for kind, thing in INERT.items() if "scalar" not in kind),
    torch_form("a NumPy number beside it", {"state_dict": STATE, "best": np.float32(30.0)}),
    torch_form("a Namespace in the older format", {"state_dict": STATE, "args": argparse.Namespace()},
               "argparse.Namespace", _use_new_zipfile_serialization=False),
    Form("NumPy arrays in a plain pickle", lambda: pickle.dumps({k: t.numpy() for k, t in STATE.items()})),
    Form("tensors in a plain pickle", lambda: pickle.dumps(STATE)),
    Form("NumPy arrays in a pickle of protocol 5", lambda: pickle.dumps({k: t.numpy() for k, t in STATE.items()}, 5)),
    torch_form("the state of random generators", {"model": STATE, "rng": (np.random.RandomState(0),
               np.random.default_rng(0), random.getstate(), range(3))}),
    torch_form("how far the training is", {**STATE, "epoch": torch.tensor(3), "best_psnr": torch.tensor(30.5)}),
    torch_form("NumPy arrays", {k: t.numpy() for k, t in STATE.items()}),
    torch_form("views of one storage", dict(zip(STATE, torch.cat([t.reshape(-1) for t in STATE.values()]).split(
        [t.numel() for t in STATE.values()]), strict=True)), expected={k: t.reshape(-1) for k, t in STATE.items()}),
]  # fmt: skip


def keras() -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["conv/kernel"] = np.zeros((3, 3, 3, 8), np.float32)
    return buffer.getvalue()


def npz() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, *(tensor.numpy() for tensor in STATE.values()))
    return buffer.getvalue()


def scripted() -> bytes:
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.trace(nn.Conv2d(3, 3, 3), torch.zeros(1, 3, 8, 8)), buffer)
    return buffer.getvalue()


ONNX = b"\x08\x0a\x12\x07pytorch\x1a\x062.14.1:" + bytes(50)
LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 4308449\n"
REFUSED: list[tuple[str, Callable[[], bytes], str]] = [
    ("empty.pth", lambda: b"", r"empty \(0 bytes\); download it again"),
    ("zeros.pth", lambda: bytes(9000), "9,000 bytes.*download it again"),
    ("pointer.pth", lambda: LFS.encode(), "Git LFS pointer for a file of 4,308,449 bytes.*git lfs pull"),
    ("annex.pth", lambda: b"../.git/annex/objects/aa/bb/MD5E-s1--x/x\n", "git-annex pointer.*git annex get"),
    ("page.pth", lambda: b"<!DOCTYPE html>\n<html><head><title>Virus scan\n warning</title>", "'Virus scan warning'"),
    ("page.safetensors", lambda: b"\xef\xbb\xbf\n<html lang='en'><body>Log in", "a web page, not the file"),
    ("denied.pth", lambda: b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "XML.*'AccessDenied'"),
    ("missing.pth", lambda: b"Entry not found", "server's message.*check the address"),
    ("error.pth", lambda: b'{"error": "Repository not found"}', "'Repository not found'.*check the address"),
    ("model.safetensors.index.json", lambda: b'{"metadata": {}, "weight_map": {"a": "b"}}', "several parts.*join"),
    ("config.json", lambda: b'{"architectures": ["Swin2SR"]}', "JSON text; give the weights"),
    ("options.yml", lambda: b"name: EDSR\nscale: 4\n", "YAML; give the weights"),
    ("network.py", lambda: b"import torch\n\nclass Net: pass\n", "Python code; give it as path.py:build"),
    ("notes.txt", lambda: b"Download the weights from ...", "text.*give a .safetensors file"),
    ("model.pth", lambda: ONNX, "ONNX network; give it a name that ends in .onnx"),
    ("unnamed", lambda: ONNX, "ONNX network; give it a name that ends in .onnx"),
    ("model.onnx.data", lambda: b"\x11\xee\x22" * 100, "weights of an ONNX network; give the .onnx file"),
    ("x4.txt", lambda: b"7767517\n3 3\nInput data 0 1 data\n", "layer list .* ncnn.*ends in .param"),
    ("x4.bin", lambda: b"\x47\x6b\x30\x01" + bytes(range(100)), "weights .* ncnn.*give the .param beside it"),
    ("model.h5", keras, "HDF5 file, as Keras.*export"),
    ("model.keras", lambda: zipped(config_DOT_json=b"{}", model_DOT_weights_DOT_h5=b"x"), "Keras archive.*export"),
    ("weights.npz", npz, "NumPy archive of .* arrays; save them as tensors"),
    ("weights.npy", lambda: b"\x93NUMPY\x01\0" + bytes(90), "one NumPy array"),
    ("weights.mat", lambda: b"MATLAB 5.0 MAT-file" + bytes(200), "MATLAB.*export"),
    ("model.gguf", lambda: b"GGUF\x03\0\0\0" + bytes(50), "GGUF"),
    ("model.tflite", lambda: b"\x1c\0\0\0TFL3" + bytes(50), "TensorFlow Lite"),
    ("model.msgpack", lambda: b"\xde\x00\x02\xa1a\x93" + bytes(50), "MessagePack.*Flax"),
    ("model.pb", lambda: b"\x0a\x8f\x01" + bytes(50), "TensorFlow"),
    ("model.engine", lambda: b"ftrt" + bytes(50), "TensorRT engine"),
    ("model.pte", lambda: b"\x1c\0\0\0ET12" + bytes(50), "ExecuTorch"),
    ("scripted.pt", scripted, "TorchScript.*save its state dict"),
    ("program.pt2", lambda: zipped(p__archive_format=b"pt2", p__data__x=b""), "torch.export"),
    ("packed.zip", lambda: zipped(a__EDSR_x4_DOT_pth=saved(STATE), a__readme_DOT_txt=b""), "'a/EDSR_x4.pth'; unpack"),
    ("pictures.zip", lambda: zipped(a_DOT_png=b""), "not one that PyTorch writes; give the file of weights"),
    ("packed.tar", lambda: tarred("x.pth", saved(STATE)), "tar archive.*'x.pth'; unpack it"),
    ("EDSR.pth.tar", lambda: tarred("x.pth", saved(STATE)), "tar archive.*'x.pth'; unpack it"),
    ("packed.pth.gz", lambda: b"\x1f\x8b\x08" + bytes(50), "gzip; unpack it"),
    ("packed.7z", lambda: b"7z\xbc\xaf\x27\x1c" + bytes(50), "7-Zip; unpack it"),
    ("model.pth.crdownload", lambda: b"\x99\x98" * 40, "download that is not finished"),
    ("cut.pth", lambda: saved(STATE)[:-300], "damaged.*download it again"),
    ("cut-old.pth", lambda: saved(STATE, _use_new_zipfile_serialization=False)[:-300], "damaged|ends inside"),
    ("cut.safetensors", lambda: save(STATE)[:-40], "truncated.*fetch it again"),
    ("picture.pth", lambda: b"\x89PNG\r\n\x1a\n" + bytes(90), "PNG picture; give it as the image"),
    ("._EDSR.pth", lambda: b"\0\x05\x16\x07\0\x02" + bytes(90), "without ._"),
    ("setup.exe", lambda: b"MZ\x90\0" + bytes(90), "program for Windows"),
    ("optimizer.pth", lambda: saved(optimizer_state()), "holds no weights.*'state'.*expected"),
    ("epoch.pth", lambda: saved({"epoch": 3}), "holds no weights.*'epoch'"),
    ("tensor.pth", lambda: saved(torch.zeros(3)), "holds no weights.*a Tensor"),
    ("int8.pth", lambda: saved({k: (t * 9).to(torch.int8) for k, t in STATE.items()}), r"quantised weights \(int8\)"),
    (
        "shadow.pth",
        lambda: saved({"decay": 0.99, "shadow_params": list(STATE.values())}),
        r"average without the names of layers.*copy_to\(network.parameters\(\)\)",
    ),
    ("meta.pth", lambda: saved({k: t.to("meta") for k, t in STATE.items()}), "without values .*before it is saved"),
    ("model.mlmodel", lambda: b"\x08\x04\x12\x10" + bytes(90), "Core ML network; give the PyTorch"),
    ("model.joblib", lambda: b"\x78\x9c" + bytes(90), "joblib; load it by joblib"),
    ("stretched.pth", lambda: saved({"a.weight": torch.zeros(1, 1).expand(8, 8)}), r"stretches.*save \.contiguous\(\)"),
    ("evil.pth", lambda: pickle.dumps({"a": forged.Exploit(Path("never"))}), "would run code.*nothing of it was run"),
]


def named(rows: list[Any], name: Callable[[Any], str]) -> Any:
    return pytest.mark.parametrize("row", rows, ids=[name(row) for row in rows])


@named(READ, lambda form: form.name)
def test_gives_the_networks_own_weights(row: Form, tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    path.write_bytes(row.content())
    chosen = read_checkpoint(path).weights(row.params, is_known)
    expected = STATE if row.expected is None else row.expected
    assert set(chosen.weights) == set(expected)
    for key, tensor in chosen.weights.items():
        assert tensor.dtype == torch.float32
        torch.testing.assert_close(tensor, expected[key], rtol=row.within, atol=row.within)
    notes = " ".join(chosen.notes)
    assert row.says in notes
    assert row.says or row.params or not notes, notes


@named(REFUSED, lambda row: row[0])
def test_is_refused_with_what_it_is_and_what_to_do(row: tuple[str, Callable[[], bytes], str], tmp_path: Path) -> None:
    name, content, says = row
    path = tmp_path / name
    path.write_bytes(content())
    with pytest.raises(CheckpointError, match=says) as caught:
        read_checkpoint(path).weights()
    message = str(caught.value)
    assert message.startswith(name)
    assert "\n" not in message
    assert len(message) < 400


def test_the_table_is_long_enough() -> None:
    assert len(READ) >= 40
    assert len(REFUSED) >= 40


def test_a_whole_network_gives_its_weights_without_its_class(tmp_path: Path) -> None:
    network = Net()
    for older in (False, True):
        torch.save({"model": network}, tmp_path / "net.pth", _use_new_zipfile_serialization=not older)
        found = read_checkpoint(tmp_path / "net.pth").weights().weights
        assert {k: t.tolist() for k, t in found.items()} == {k: t.tolist() for k, t in network.state_dict().items()}


@pytest.mark.parametrize(
    ("name", "keys", "says"),
    [
        ("model-00001-of-00002.safetensors", ["a.weight"], "one part of several: join them"),
        ("lora.safetensors", ["body.0.lora_A.weight", "body.0.lora_B.weight"], r"adapter \(LoRA\).*merge it"),
        ("kohya.safetensors", ["lora_unet_a.lora_down.weight"], r"adapter \(LoRA\).*merge it"),
        ("norm.safetensors", ["a.weight_g", "a.weight_v"], "normalisation: remove it"),
        ("spectral.safetensors", ["a.weight_orig", "a.weight_u"], "normalisation: remove it"),
        ("new.safetensors", ["a.parametrizations.weight.original0"], "normalisation: remove it"),
    ],
)
def test_what_fits_no_architecture_may_tell_why(name: str, keys: list[str], says: str, tmp_path: Path) -> None:
    save_file({key: torch.zeros(4, 4) for key in keys}, tmp_path / name)
    with pytest.raises(UnknownNetworkError, match=says):
        zoo.load(tmp_path / name)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "x4.safetensors")
    with pytest.raises(NotACheckpointError, match=r"is a folder; give the file in it, such as .*/x4\.safetensors"):
        read_checkpoint(tmp_path)


def test_a_set_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    torch.save({"params": STATE, "params_ema": OTHER}, tmp_path / "net.pth")
    checkpoint = read_checkpoint(tmp_path / "net.pth")
    with pytest.raises(ParameterSetError, match="no parameter set 'swa'; it holds params_ema and params"):
        checkpoint.weights("swa")
    torch.save({"a": {"ema": STATE}, "b": {"ema": OTHER}}, tmp_path / "net.pth")
    with pytest.raises(ParameterSetError, match=r"'ema' names a\.ema and b\.ema"):
        read_checkpoint(tmp_path / "net.pth").weights("ema")


@pytest.mark.parametrize("function", ["os.system", "builtins.eval", "subprocess.Popen", "torch.hub.load", "numpy.load",
                                      "pathlib.Path.touch", "functools.reduce", "types.FunctionType",
                                      "mine.Loader"])  # fmt: skip
@pytest.mark.parametrize("protocol", [2, 4])
def test_a_call_is_refused_wherever_it_stands(function: str, protocol: int, tmp_path: Path) -> None:
    module, _, name = function.rpartition(".")
    if function == "pathlib.Path.touch":
        module, name = "pathlib", "Path.touch"
    named = (f"c{module}\n{name}\n" if protocol == 2 else "").encode()
    if protocol == 4:
        named = b"".join(b"\x8c" + bytes([len(part)]) + part.encode() for part in (module, name)) + b"\x93"
    call = named + b"X\x01\0\0\0x\x85R"
    start = pickle.dumps({"state_dict": {"a.weight": 1}}, 2)[:-1]
    content = start + b"X\x05\0\0\0extra" + call + b"s."
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("net/data.pkl", content)
        archive.writestr("net/version", b"3\n")
    for written in (buffer.getvalue(), content):
        (tmp_path / "net.pth").write_bytes(written)
        with pytest.raises(CodeInCheckpointError, match=f"it would call {function}|code of its authors, {function}"):
            read_checkpoint(tmp_path / "net.pth")


def test_an_inert_object_is_never_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save({"state_dict": STATE, "options": Options()}, tmp_path / "net.pth")
    monkeypatch.setattr(Options, "__setstate__", lambda self, state: pytest.fail("it was made"), raising=False)
    monkeypatch.setattr(Options, "__new__", lambda cls: pytest.fail("it was made"))
    assert set(read_checkpoint(tmp_path / "net.pth").weights().weights) == set(STATE)


@pytest.mark.parametrize("filler", [200, 10_000])
def test_a_deflated_archive_is_read_up_to_a_ratio(filler: int, tmp_path: Path) -> None:
    state = {**STATE, "zeros": torch.zeros(filler * 100)}
    (tmp_path / "net.pth").write_bytes(rezipped(saved(state)))
    if filler == 200:
        assert set(read_checkpoint(tmp_path / "net.pth").weights().weights) == set(state)
    else:
        with pytest.raises(CheckpointError, match="more than 20 times as many"):
            read_checkpoint(tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match="than the 30,000"):
        read_checkpoint(tmp_path / "net.pth", largest=30_000)
