"""Files as an enemy would write them."""

import io
import json
import pickle
import struct
import zipfile
from pathlib import Path

import torch
from safetensors.torch import save_file

from zoo.architectures import architecture


class Exploit:
    """Unpickled, it would leave a file behind."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return (Path.touch, (self.trace,))


def small_state(name: str = "edsr", **changes: object) -> dict[str, torch.Tensor]:
    sizes = {"channels": 8, "blocks": 2, "scale": 2, "input_range": 1.0, **changes}
    torch.manual_seed(0)
    return architecture(name).build(**sizes).state_dict()


def bare_pickle(path: Path, trace: Path) -> Path:
    path.write_bytes(pickle.dumps({"weight": Exploit(trace)}))
    return path


def old_pickle(path: Path, trace: Path) -> Path:
    path.write_bytes(pickle.dumps(Exploit(trace), protocol=0))
    return path


def torch_pickle(path: Path, trace: Path) -> Path:
    torch.save({"weight": Exploit(trace)}, path)
    return path


def legacy_torch_pickle(path: Path, trace: Path) -> Path:
    torch.save({"weight": Exploit(trace)}, path, _use_new_zipfile_serialization=False)
    return path


def torchscript(path: Path, trace: Path) -> Path:
    del trace
    torch.jit.save(torch.jit.script(torch.nn.Conv2d(3, 3, 3)), path)
    return path


def zip_bomb(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * 50_000_000)
    return path


def traversal(path: Path) -> Path:
    torch.save(small_state(), path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../escaped", b"x")
    return path


def header_bomb(path: Path) -> Path:
    path.write_bytes(struct.pack("<Q", 10 * 2**30) + b'{"a":' + b" " * 1000)
    return path


def truncated_safetensors(path: Path) -> Path:
    whole = path.with_name("whole.safetensors")
    save_file(small_state(), whole)
    path.write_bytes(whole.read_bytes()[:-100])
    return path


def truncated_header(path: Path) -> Path:
    path.write_bytes(struct.pack("<Q", 5000) + b'{"a": {}')
    return path


def truncated_torch(path: Path) -> Path:
    buffer = io.BytesIO()
    torch.save(small_state(), buffer)
    path.write_bytes(buffer.getvalue()[:-200])
    return path


def stretched(path: Path) -> Path:
    torch.save({"head.0.weight": torch.zeros(1).expand(100_000, 100_000)}, path)
    return path


def layer_bomb(path: Path) -> Path:
    torch.save({"body.99999999.body.0.weight": torch.zeros(3)}, path)
    return path


def lying_safetensors(path: Path) -> Path:
    header = json.dumps({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 4]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 16)
    return path
