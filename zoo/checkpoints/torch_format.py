"""Reads the files of `torch.save` in both of its formats, ZIP and older, without running anything in them.

PyTorch's own weights-only reader comes first. What it refuses because other objects stand beside the weights is read
as inert data, with the tensors alone made real.
"""

from __future__ import annotations

import io
import pickle
import re
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor

from lam_core.errors import sentence
from zoo.checkpoints.errors import (
    CheckpointError,
    CodeInCheckpointError,
    DamagedCheckpointError,
    NotACheckpointError,
    OversizedCheckpointError,
)
from zoo.checkpoints.foreign_formats import of_members
from zoo.checkpoints.inert_pickle import Inert, Name, read_pickle

LARGEST_RATIO = 20
"""Times its own size that an archive may unpack to: trained weights hardly shrink, other archives are refused."""
MOST_MEMBERS = 200_000
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
DTYPES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
    "UntypedStorage": torch.uint8,
}
"""Types of numbers by the name of their storage."""

# Advice to who writes checkpoints, of no use to who reads them.
warnings.filterwarnings("ignore", message="Detected pickle protocol", category=UserWarning)


def is_pickle(start: bytes) -> bool:
    """Whether a file's first bytes are those of a pickle of any protocol that holds anything."""
    return start[:1] == b"\x80" or re.match(rb"c[\w.]+\n[\w.]+\n|\([dlctp(SVIFN]|[\]}]q", start) is not None


def read_torch(path: Path, size: int, *, largest: int) -> Any:
    """What a file of `torch.save` holds; objects that are no tensors, numbers, texts or containers come as `Inert`.

    `size` is the file's, `largest` the most bytes that it may unpack to. Raises a `CheckpointError`.
    """
    with path.open("rb") as file:
        if is_archive := file.read(4) == b"PK\x03\x04":
            check_archive(path, size, largest=largest)
    try:
        with path.open("rb") as file:  # given a path, torch would judge by its ending
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        return _read_inert_archive(path) if is_archive else _read_inert_stream(path)
    except Exception as error:  # torch.load raises whatever its many readers raise
        raise DamagedCheckpointError(
            f"{path.name} is damaged or no PyTorch checkpoint ({sentence(error)}); download it again"
        ) from None


def check_archive(path: Path, size: int, *, largest: int) -> None:
    """Refuses an archive that is no checkpoint, or larger inside than it may be, by its table of contents alone."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DamagedCheckpointError(
            f"{path.name} is a damaged or unfinished archive ({sentence(error)}); download it again"
        ) from None
    if len(members) > MOST_MEMBERS:
        raise OversizedCheckpointError(f"{path.name} holds {len(members):,} files; give one with the weights alone")
    for member in members:
        parts = re.split(r"[/\\]", member.filename)
        if ".." in parts or member.filename.startswith(("/", "\\")):
            raise CodeInCheckpointError(
                f"{path.name} holds a member that leads outside ({member.filename!r}); fetch it elsewhere"
            )
        if member.flag_bits & 1:
            raise NotACheckpointError(f"{path.name} is an encrypted archive; unpack it and give the file that is in it")
    names = [member.filename for member in members]
    is_torch = any(name == "data.pkl" or name.endswith("/data.pkl") for name in names)
    if any("code" in re.split(r"[/\\]", name)[:-1] or name.endswith("constants.pkl") for name in names):
        raise CodeInCheckpointError(
            f"{path.name} is a TorchScript archive, which carries code; save its state dict instead: "
            "torch.save(torch.jit.load(FILE).state_dict(), 'weights.pth')"
        )
    if not is_torch and not any(name.endswith(".pkl") for name in names):
        raise NotACheckpointError(of_members(path.name, names).sentence(path.name))
    unpacked = sum(member.file_size for member in members)
    if unpacked > largest or unpacked > LARGEST_RATIO * size:
        raise OversizedCheckpointError(
            f"{path.name} has {size:,} bytes and would unpack to {unpacked:,}, more than {LARGEST_RATIO} times as many "
            f"or than the {largest:,} that are read here: it is damaged or hostile"
        )
    if not is_torch:
        raise NotACheckpointError(of_members(path.name, names).sentence(path.name))


@dataclass(frozen=True)
class _Storage:
    """Numbers outside a pickle to which tensors refer."""

    numbers: Tensor
    """One-dimensional, of the storage's type."""


def _read_inert_archive(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        pickled = next(name for name in archive.namelist() if name == "data.pkl" or name.endswith("/data.pkl"))
        folder = pickled.removesuffix("data.pkl")
        if f"{folder}byteorder" in archive.namelist() and archive.read(f"{folder}byteorder").strip() != b"little":
            raise CheckpointError(f"{path.name} was written on a big-endian machine; save it again on a usual one")
        storages: dict[str, _Storage] = {}

        def persistent(identity: Any) -> Any:
            what, kind, key, *_ = identity
            if _text(what) != "storage":
                return kind
            if key not in storages:
                storages[key] = _storage(archive.read(f"{folder}data/{key}"), kind)
            return storages[key]

        try:
            with archive.open(pickled) as file:
                data = io.BytesIO(file.read())
            return read_pickle(data, name=path.name, calls=CALLS, persistent=persistent)
        except (zipfile.BadZipFile, KeyError, RuntimeError, EOFError) as error:
            raise DamagedCheckpointError(f"{path.name} is damaged ({sentence(error)}); download it again") from None


def _read_inert_stream(path: Path) -> Any:
    """The older format: magic number, version, platform, the object, the keys of its storages, their numbers."""
    with path.open("rb") as file:
        return _read_stream(file, path.name)


def _read_stream(file: IO[bytes], name: str) -> Any:
    first = read_pickle(file, name=name, calls=CALLS)
    if first != LEGACY_MAGIC:
        return first  # a bare pickle, as pickle.dump writes it
    for _ in range(2):
        read_pickle(file, name=name, calls=CALLS)
    at = file.tell()
    kinds: dict[str, Any] = {}

    def noted(identity: Any) -> Any:
        what, kind, key, *_ = identity
        if _text(what) != "storage":  # the class of a whole network, with its source
            return kind
        kinds[_text(key)] = kind
        return _Storage(torch.zeros(0))

    placeholders = {**CALLS, **{f"torch._utils.{rebuild.__name__}": _nothing for rebuild in REBUILDERS}}
    read_pickle(file, name=name, calls=placeholders, persistent=noted)
    storages: dict[str, _Storage] = {}
    for key in read_pickle(file, name=name, calls=CALLS):
        count = int.from_bytes(file.read(8), "little", signed=True)
        width = _dtype(kinds[_text(key)]).itemsize
        content = file.read(count * width) if count >= 0 else b""
        if len(content) != count * width:
            raise DamagedCheckpointError(f"{name} ends inside its weights; download it again")
        storages[_text(key)] = _storage(content, kinds[_text(key)])
    file.seek(at)
    return read_pickle(file, name=name, calls=CALLS, persistent=lambda identity: _viewed(storages, identity))


def _viewed(storages: Mapping[str, _Storage], identity: Any) -> Any:
    what, kind, key, *rest = identity
    if _text(what) != "storage":
        return kind
    view = rest[2:]
    whole = storages[_text(key)]
    if view and view[0] is not None:
        _, offset, count = view[0]
        return _Storage(whole.numbers[offset : offset + count])
    return whole


def _text(key: Any) -> str:
    return key.decode() if isinstance(key, bytes) else str(key)


def _dtype(kind: Any) -> torch.dtype:
    """The type of numbers that a storage's class, or a dtype, stands for."""
    name = kind.name if isinstance(kind, Name) else str(kind)
    found = DTYPES.get(name) or getattr(torch, name, None)
    if not isinstance(found, torch.dtype):
        raise CheckpointError(f"weights of the type {name} are not read; save them as float32")
    return found


def _storage(content: bytes, kind: Any) -> _Storage:
    dtype = _dtype(kind)
    whole = len(content) // dtype.itemsize
    if not whole:
        return _Storage(torch.zeros(0, dtype=dtype))
    return _Storage(torch.frombuffer(bytearray(content), dtype=dtype, count=whole))


def _nothing(*_: Any) -> Tensor:
    return torch.zeros(0)


def _rebuild_tensor(storage: _Storage, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> Tensor:
    return storage.numbers.as_strided(size, stride, offset)


def _rebuild_tensor_v2(storage: _Storage, offset: int, size: Any, stride: Any, *_: Any) -> Tensor:
    return _rebuild_tensor(storage, offset, size, stride)


def _rebuild_tensor_v3(storage: _Storage, offset: int, size: Any, stride: Any, *more: Any) -> Tensor:
    dtype = _dtype(more[2])
    return _rebuild_tensor(_Storage(storage.numbers.view(dtype)), offset, size, stride)


def _rebuild_parameter(data: Any, *_: Any) -> Any:
    return data


def _rebuild_parameter_with_state(data: Any, *_: Any) -> Any:
    return data


REBUILDERS: tuple[Callable[..., Any], ...] = (_rebuild_tensor, _rebuild_tensor_v2, _rebuild_tensor_v3)


def _ordered(items: Any = (), *_: Any) -> dict[Any, Any]:
    return dict(items)


def _from_type(function: Name, kind: Any, arguments: tuple[Any, ...], state: Any) -> Any:
    made = CALLS.get(str(function))
    return made(*arguments) if made else Inert(function, arguments, state)


def _encoded(text: str, encoding: str = "latin1") -> bytes:
    return text.encode("latin1" if encoding == "latin1" else "utf-8")


def _loaded_from_bytes(content: bytes) -> Any:
    """A storage inside a plain pickle, which is a whole file of the older format."""
    return _read_stream(io.BytesIO(content), "a storage")


CALLS: dict[str, Callable[..., Any]] = {
    **{f"torch._utils.{rebuild.__name__}": rebuild for rebuild in REBUILDERS},
    "torch._utils._rebuild_parameter": _rebuild_parameter,
    "torch._utils._rebuild_parameter_with_state": _rebuild_parameter_with_state,
    "torch._tensor._rebuild_from_type_v2": _from_type,
    "torch.storage._load_from_bytes": _loaded_from_bytes,
    "torch.nn.parameter.Parameter": _rebuild_parameter,
    "torch.Size": lambda sizes=(): tuple(sizes),
    "collections.OrderedDict": _ordered,
    "collections.Counter": _ordered,
    "collections.defaultdict": lambda factory=None, items=(): dict(items),
    "builtins.dict": _ordered,
    "builtins.list": lambda items=(): list(items),
    "builtins.set": lambda items=(): set(items),
    "builtins.frozenset": lambda items=(): frozenset(items),
    "builtins.tuple": lambda items=(): tuple(items),
    "_codecs.encode": _encoded,
}
"""What may be called while a checkpoint is read: makers of tensors and plain containers, of our own."""
