"""Reads a state dict from a file that nobody vouches for: safetensors, or PyTorch's format without code."""

from __future__ import annotations

import json
import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from lam_core.errors import sentence
from zoo.errors import ZooError
from zoo.transformers_layout import published_layout

WRAPPERS = ("params_ema", "params-ema", "params", "state_dict", "model_state_dict", "model", "net", "generator")
"""Keys under which training scripts nest the weights, in the order in which they are preferred."""
PREFIXES = ("module.", "_orig_mod.", "netG.", "generator.")
"""Prefixes that wrappers put before every key."""
PICKLE_STARTS = (b"\x80", b"(", b"c", b"]", b"}")
"""First bytes of a pickle of any protocol that holds anything."""
LARGEST_HEADER = 100_000_000
"""Bytes of the largest header that the safetensors format allows."""
NUMBERS = [
    np.dtype,
    *(getattr(np.dtypes, f"{kind}DType") for kind in ("Float64", "Float32", "Int64", "Int32", "Bool")),
    np.float64.__reduce__(np.float64(0))[0],
    (np.float64.__reduce__(np.float64(0))[0], "numpy.core.multiarray.scalar"),
]
"""What single NumPy numbers are made of: training scripts leave their best PSNR as one beside the weights."""
torch.serialization.add_safe_globals(NUMBERS)
LARGEST_INDEX = 9_999
"""Largest layer number in a key; a sequence is built up to its largest number."""

# Advice to who writes checkpoints, of no use to who reads them.
warnings.filterwarnings("ignore", message="Detected pickle protocol", category=UserWarning)


class CheckpointError(ZooError):
    """A file whose weights cannot be used."""


class NotACheckpointError(CheckpointError):
    """A file that is neither safetensors nor a PyTorch checkpoint."""


class CodeInCheckpointError(CheckpointError):
    """A checkpoint that would run code while it is read."""


class DamagedCheckpointError(CheckpointError):
    """A checkpoint that ends early or contradicts itself."""


class OversizedCheckpointError(CheckpointError):
    """A file that claims to be, or unpacks to, far more than it is."""


def read_state(path: Path, *, largest: int = 2 * 2**30) -> dict[str, Tensor]:
    """The weights in a file, in float32 on the CPU, under the architecture's own key names.

    Nothing in the file is run. Raises a `CheckpointError` that says what is wrong with it.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(9)
    except OSError as error:
        raise NotACheckpointError(f"{path.name} cannot be read: {error.strerror or error}") from None
    if size > largest:
        raise OversizedCheckpointError(f"{path.name} has {size:,} bytes, more than the {largest:,} that are read here")
    if start[8:9] == b"{":
        content: Any = _read_safetensors(path, size)
    else:
        if start[:4] == b"PK\x03\x04":
            _check_archive(path, size)
        elif start[:1] not in PICKLE_STARTS:
            raise NotACheckpointError(
                f"{path.name} is no checkpoint; give a .safetensors file or a PyTorch state dict (.pth, .pt)"
            )
        content = _read_torch(path)
    state = flat_state(content, name=path.name)
    _check_plausible(state, size, path.name)
    return published_layout({key: t.float() if t.is_floating_point() else t for key, t in state.items()})


def flat_state(content: Any, *, name: str) -> dict[str, Tensor]:
    """The innermost mapping of names to tensors, without the prefixes of wrappers.

    Raises `NotACheckpointError` if there is none.
    """
    for _ in range(4):
        if not isinstance(content, Mapping):
            break
        tensors = {k: v for k, v in content.items() if isinstance(k, str) and isinstance(v, Tensor)}
        inner = next((content[k] for k in WRAPPERS if isinstance(content.get(k), Mapping)), None)
        if inner is None and len(content) == 1:
            inner = next((v for v in content.values() if isinstance(v, Mapping)), None)
        if inner is not None:
            content = inner
            continue
        if tensors:
            return _without_prefixes(tensors)
        break
    raise NotACheckpointError(f"{name} holds no weights; expected a mapping of layer names to tensors")


def _without_prefixes(state: dict[str, Tensor]) -> dict[str, Tensor]:
    shortened = True
    while shortened:
        shortened = False
        for prefix in PREFIXES:
            if all(key.startswith(prefix) for key in state):
                state = {key.removeprefix(prefix): tensor for key, tensor in state.items()}
                shortened = True
    return state


def _read_safetensors(path: Path, size: int) -> dict[str, Tensor]:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > LARGEST_HEADER:
            raise OversizedCheckpointError(
                f"{path.name} claims a header of {length:,} bytes in a file of {size:,}; it is damaged or hostile"
            )
        if length > size - 8:
            raise DamagedCheckpointError(
                f"{path.name} ends inside its header ({size:,} of at least {length + 8:,} bytes); fetch it again"
            )
        header = file.read(length)
    try:
        tensors = {k: v for k, v in json.loads(header).items() if k != "__metadata__"}
        end = max((int(v["data_offsets"][1]) for v in tensors.values()), default=0)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        raise NotACheckpointError(f"{path.name} has no safetensors header; it is no checkpoint") from None
    if size < 8 + length + end:
        raise DamagedCheckpointError(
            f"{path.name} is truncated ({size:,} of {8 + length + end:,} bytes); fetch it again"
        )
    try:
        return load_file(path)
    except SafetensorError as error:
        raise DamagedCheckpointError(f"{path.name} is damaged ({sentence(error)}); fetch it again") from None


def _check_archive(path: Path, size: int) -> None:
    """PyTorch stores its members uncompressed, so an archive never unpacks to more than itself."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DamagedCheckpointError(f"{path.name} is a damaged archive ({sentence(error)}); fetch it again") from None
    for member in members:
        parts = re.split(r"[/\\]", member.filename)
        if ".." in parts or member.filename.startswith(("/", "\\")):
            raise CodeInCheckpointError(
                f"{path.name} holds a member that leads outside ({member.filename!r}); fetch it elsewhere"
            )
        if "code" in parts[:-1] or parts[-1] == "constants.pkl":
            raise CodeInCheckpointError(
                f"{path.name} is a TorchScript archive, which carries code; save its state dict as safetensors"
            )
    if sum(member.file_size for member in members) > size:
        raise OversizedCheckpointError(
            f"{path.name} has {size:,} bytes and would unpack to "
            f"{sum(member.file_size for member in members):,}; PyTorch never compresses its "
            "archives: it is damaged or hostile"
        )
    if not any(member.filename.endswith("data.pkl") for member in members):
        raise NotACheckpointError(
            f"{path.name} is an archive, but not one that PyTorch writes; give the file that is in it"
        )


def _read_torch(path: Path) -> Any:
    try:
        with path.open("rb") as file:  # given a path, torch would judge by its ending
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        found = re.search(r"GLOBAL ([\w.]+)", str(error)) or re.search(r"global:? ([\w.]+)", str(error))
        if found or "unsupported" in str(error).lower():
            what = found[1] if found else "an object"
            raise CodeInCheckpointError(
                f"{path.name} would run code while it is read ({what}); nothing of it was run. "
                "Ask its authors for safetensors"
            ) from None
        raise NotACheckpointError(
            f"{path.name} is no PyTorch checkpoint ({sentence(error)}); give a .safetensors file or a state dict"
        ) from None
    except Exception as error:  # torch.load raises whatever its many readers raise
        raise DamagedCheckpointError(
            f"{path.name} is damaged or no PyTorch checkpoint ({sentence(error)}); fetch it again"
        ) from None


def _check_plausible(state: Mapping[str, Tensor], size: int, name: str) -> None:
    for key, tensor in state.items():
        if len(key) > 512:
            raise OversizedCheckpointError(f"{name} has a layer name of {len(key):,} characters")
        if any(int(number) > LARGEST_INDEX for number in re.findall(r"\d+", key)):
            raise OversizedCheckpointError(f"{name} numbers a layer beyond {LARGEST_INDEX}: {key[:80]!r}")
        if tensor.is_complex():
            raise CheckpointError(
                f"{name} holds complex weights at {key!r}; no network known here has any: save real ones"
            )
        if tensor.layout != torch.strided or tensor.is_quantized:
            raise CheckpointError(f"{name} holds sparse or quantised weights at {key!r}; save them dense")
        if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise OversizedCheckpointError(f"{name} stretches few numbers to a tensor of {tensor.numel():,} at {key!r}")
    total = sum(tensor.numel() * tensor.element_size() for tensor in state.values())
    if total > 4 * size:
        raise OversizedCheckpointError(f"{name} has {size:,} bytes and describes {total:,}; it is damaged or hostile")
