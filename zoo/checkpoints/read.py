"""Reads the weights in an untrusted file: safetensors, or PyTorch's formats without code."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from lam_core.errors import sentence
from zoo.checkpoints.errors import (
    CheckpointError,
    DamagedCheckpointError,
    NotACheckpointError,
    OversizedCheckpointError,
)
from zoo.checkpoints.foreign_formats import PEEK, foreign_format, of_suffix
from zoo.checkpoints.parameter_sets import Choice, Fits, ParameterSet, choose, inert_objects, parameter_sets
from zoo.checkpoints.torch_format import is_pickle, read_torch
from zoo.checkpoints.transformers_layout import published_layout

LARGEST_HEADER = 100_000_000
"""Bytes of the largest header that the safetensors format allows."""
LARGEST_INDEX = 9_999
"""Largest layer number in a key; a sequence is built up to its largest number."""
LARGEST = 2 * 2**30
"""Bytes of the largest file, and of the largest unpacked one, unless a caller says otherwise."""


@dataclass(frozen=True)
class Checkpoint:
    """All that a file of weights holds."""

    name: str
    """Of the file."""
    sets: tuple[ParameterSet, ...]
    """Sets of weights, the one that is used unless another is chosen first."""
    bytes: int
    """Of the file, or of what it unpacks to if that is more."""
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    """What the training program wrote of how the network is built; empty where it wrote nothing."""
    notes: tuple[str, ...] = ()
    """What was left out, a sentence each."""

    def weights(self, params: str | None = None, fits: Fits | None = None) -> Choice:
        """The weights of one set, in float32 on the CPU, under an architecture's own key names.

        `params` names a set, `fits` says whether an architecture with these key names is known.
        Raises a `CheckpointError`.
        """
        for one in self.sets:
            _check_kind(one.weights, self.name)
        choice = choose(
            self.sets, name=self.name, params=params, fits=fits and (lambda w: fits(published_layout(dict(w))))
        )
        _check_plausible(choice.weights, self.bytes, self.name)
        weights = {key: t.float() if t.is_floating_point() else t for key, t in choice.weights.items()}
        notes = (*choice.notes, *self.notes, *_rounded(choice.weights, self.name))
        return Choice(choice.name, published_layout(weights), choice.is_default, notes)


def read_state(
    path: Path, *, params: str | None = None, fits: Fits | None = None, largest: int = LARGEST
) -> dict[str, Tensor]:
    """The weights in a file, in float32 on the CPU, under the architecture's own key names.

    `params` names one of several parameter sets, `fits` says whether key names are those of a known network.
    Nothing in the file is run. Raises a `CheckpointError` that says what is wrong with it.
    """
    return read_checkpoint(path, largest=largest).weights(params, fits).weights


def read_checkpoint(path: Path, *, largest: int = LARGEST) -> Checkpoint:
    """All sets of weights in a file; nothing in it is run. Raises a `CheckpointError` that says what is wrong."""
    name = path.name
    try:
        if path.is_dir():
            raise NotACheckpointError(_folder_sentence(path))
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(PEEK)
    except OSError as error:
        raise NotACheckpointError(f"{name} cannot be read ({error.strerror or error}); check its name") from None
    if size > largest:
        raise OversizedCheckpointError(
            f"{name} has {size:,} bytes, more than the {largest:,} that are read here; save its weights alone"
        )
    content: Any
    if is_safetensors(start):
        content = _read_safetensors(path, size)
        told = _metadata(path)
    elif start[:4] == b"PK\x03\x04" or is_pickle(start):
        content = read_torch(path, size, largest=largest)
        told = _hyperparameters(content.get("metadata")) if isinstance(content, Mapping) else {}
    else:
        form = foreign_format(name, start, size) or of_suffix(name)
        raise NotACheckpointError(
            form.sentence(name)
            if form
            else f"{name} is no checkpoint of any known format; give a .safetensors file or a state dict (.pth, .pt)"
        )
    unpacked = _unpacked(path, size) if start[:2] == b"PK" else size
    return Checkpoint(name, parameter_sets(content, name=name), unpacked, told, _notes(content, name))


def _rounded(state: Mapping[str, Tensor], name: str) -> tuple[str, ...]:
    """A sentence where weights were rounded to so few bits that the network is another one."""
    kinds = {str(t.dtype).removeprefix("torch.") for t in state.values() if t.is_floating_point() and t.itemsize == 1}
    if not kinds:
        return ()
    return (f"{name} holds weights of 8 bits ({', '.join(sorted(kinds))}), rounded to 2 or 3 significant bits",)


def is_safetensors(start: bytes) -> bool:
    """The length of the header in eight bytes, which are no text, then the header itself."""
    return start[8:9] == b"{" and not re.fullmatch(rb"[\t\n\r -~]{8}", start[:8])


def _notes(content: Any, name: str) -> tuple[str, ...]:
    found = list(inert_objects(content))
    if not found:
        return ()
    listed = ", ".join(f"{kind} ({key!r})" for key, kind in found[:4]) + (", …" if len(found) > 4 else "")
    return (f"{name} also holds objects that are no weights and were not read: {listed}",)


def _folder_sentence(path: Path) -> str:
    inside = sorted(p.name for p in path.iterdir() if p.suffix in (".pth", ".pt", ".safetensors", ".ckpt", ".bin"))
    return f"{path.name} is a folder; give the file in it" + (f", such as {path.name}/{inside[0]}" if inside else "")


def _unpacked(path: Path, size: int) -> int:
    with zipfile.ZipFile(path) as archive:
        return max(size, sum(member.file_size for member in archive.infolist()))


def _metadata(path: Path) -> Mapping[str, Any]:
    """Hyperparameters in the header of a safetensors file, as traiNNer-redux writes them: JSON under `metadata`."""
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return _hyperparameters((header.get("__metadata__") or {}).get("metadata"))


def _hyperparameters(told: Any) -> Mapping[str, Any]:
    if isinstance(told, str):
        try:
            told = json.loads(told)
        except (ValueError, RecursionError):
            return {}
    return {k: v for k, v in told.items() if isinstance(k, str)} if isinstance(told, Mapping) else {}


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


def _check_kind(state: Mapping[str, Tensor], name: str) -> None:
    """Refuses numbers that no network here computes with."""
    for key, tensor in state.items():
        if tensor.is_complex():
            raise CheckpointError(
                f"{name} holds complex weights at {key!r}; no network known here has any: save real ones"
            )
        if tensor.layout != torch.strided or tensor.is_quantized:
            raise CheckpointError(f"{name} holds sparse or quantised weights at {key!r}; save them dense")
        if key.endswith("weight") and tensor.dim() > 1 and not tensor.is_floating_point():
            kind = str(tensor.dtype).removeprefix("torch.")
            raise CheckpointError(f"{name} holds quantised weights ({kind}) at {key!r}; give those before quantisation")


def _check_plausible(state: Mapping[str, Tensor], size: int, name: str) -> None:
    for key, tensor in state.items():
        if tensor.is_meta:
            raise CheckpointError(
                f"{name} holds tensors without values (on the device meta), such as {key!r}; load the network's "
                "weights before it is saved"
            )
        if len(key) > 512:
            raise OversizedCheckpointError(f"{name} has a layer name of {len(key):,} characters")
        if any(int(number) > LARGEST_INDEX for number in re.findall(r"\d+", key)):
            raise OversizedCheckpointError(f"{name} numbers a layer beyond {LARGEST_INDEX}: {key[:80]!r}")
        if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise OversizedCheckpointError(
                f"{name} stretches few numbers to a tensor of {tensor.numel():,} at {key!r}; save .contiguous() tensors"
            )
    total = sum(tensor.numel() * tensor.element_size() for tensor in state.values())
    if total > 4 * size:
        raise OversizedCheckpointError(f"{name} has {size:,} bytes and describes {total:,}; it is damaged or hostile")
