"""Results by what they are results of: a folder of `.npz` files named by the digest of their request."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import tempfile
import threading
import time
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lam_core.errors import LamError

_REQUEST, _SUMMARY = "request.json", "summary.json"
_DAMAGED = (zipfile.BadZipFile, zlib.error, OSError, ValueError, KeyError, EOFError, NotImplementedError)
"""What reading a file raises that is damaged or no stored result."""
_SCAN_AFTER = 32
"""Writes after which the folder's size is measured again."""
_ABANDONED = 3600
"""Seconds after which an unfinished file or a lock is that of a process that was killed."""

OWNER = "owner"
"""Part of a request whose result is one person's alone; its value names them and is known to them alone."""


class StoreWriteError(LamError):
    """A result that could not be kept; it is still good."""


def canonical(content: Mapping[str, Any]) -> str:
    """One JSON text for equal content, whatever the order of its keys."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def key_of(request: Mapping[str, Any]) -> str:
    """sha256 of the canonical JSON of a request: the name of its result.

    >>> key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1})
    True
    """
    return sha256(canonical(request).encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class Stored:
    """A result as it lies in the store."""

    summary: dict[str, Any]
    arrays: dict[str, NDArray]
    lasting: bool = True
    """Whether it may lie in a folder: what depends on random numbers is not the one answer to its request."""


class Store:
    """A size-bounded folder of results that several processes may share.

    A file is written under a temporary name and moved into place, so a reader sees a whole result or none. It repeats
    the request it answers and is checked against it: a damaged or foreign file counts as absent, never as a result.
    Results that are one person's alone lie in a folder of theirs, are found by whoever knows its name, and expire.
    """

    def __init__(self, folder: Path, limit: int = 2 * 1024**3) -> None:
        """`limit`: bytes after which the results used longest ago are removed."""
        self.folder, self.limit = Path(folder), limit
        self._writes = 0
        self._lock = threading.Lock()

    @property
    def locks(self) -> Path:
        """Where processes that share the folder say what they are working on."""
        return self.folder / "locks"

    def path(self, key: str, owner: str = "") -> Path:
        """Where the result of a key lies, whether there or not."""
        return (self._private(owner) if owner else self.folder / key[:2]) / f"{key}.npz"

    def _private(self, owner: str) -> Path:
        if not re.fullmatch(r"[0-9a-f]{64}", owner):
            raise ValueError("an owner's name is 64 hexadecimal digits")
        return self.folder / "private" / owner

    def get(self, request: Mapping[str, Any]) -> Stored | None:
        """The stored result of a request, or None if there is none that can be trusted."""
        path = self.path(key_of(request), request.get(OWNER, ""))
        try:
            content = path.read_bytes()
        except OSError:
            return None
        stored = read(content, request)
        with suppress(OSError):
            if stored is None:
                path.unlink()
            else:
                os.utime(path)
        return stored

    def put(self, request: Mapping[str, Any], summary: Mapping[str, Any], arrays: Mapping[str, NDArray]) -> None:
        """Keeps a result. Raises `StoreWriteError` if the folder cannot be written."""
        path = self.path(key_of(request), request.get(OWNER, ""))
        content = write(request, summary, arrays)
        try:
            path.parent.mkdir(mode=0o700 if OWNER in request else 0o777, parents=True, exist_ok=True)
            handle, partial = tempfile.mkstemp(dir=path.parent, suffix=".partial")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                Path(partial).replace(path)
            except BaseException:
                with suppress(OSError):
                    Path(partial).unlink()
                raise
        except OSError as error:
            raise StoreWriteError(
                f"the result could not be kept in {self.folder} ({error.strerror}); it is shown all the same"
            ) from error
        with self._lock:
            self._writes += 1
            due = self._writes % _SCAN_AFTER == 1
        if due:
            self.prune()

    def touch(self, request: Mapping[str, Any]) -> None:
        """Notes that a result is used now, where it was not read for that."""
        with suppress(OSError):
            os.utime(self.path(key_of(request), request.get(OWNER, "")))

    def remove(self, request: Mapping[str, Any]) -> None:
        """Removes one result, if it is there."""
        with suppress(OSError):
            self.path(key_of(request), request.get(OWNER, "")).unlink()

    def forget(self, owner: str) -> None:
        """Removes everything that is one person's."""
        shutil.rmtree(self._private(owner), ignore_errors=True)

    def expire(self, seconds: float) -> None:
        """Removes what is one person's and was not used for so long, and what killed processes left behind."""
        now = time.time()
        for pattern, age in (("private/*/*", seconds), ("locks/*", _ABANDONED), ("*/*.partial", _ABANDONED)):
            for path in self.folder.glob(pattern):
                with suppress(OSError):
                    if now - path.stat().st_mtime > age:
                        path.unlink()
        for folder in self.folder.glob("private/*"):
            with suppress(OSError):
                # Fails, as it should, for a folder that holds something.
                folder.rmdir()

    def prune(self) -> None:
        """Removes what was used longest ago until the folder holds less than its limit."""
        files = []
        for pattern in ("??/*", "private/*/*"):
            for path in self.folder.glob(pattern):
                with suppress(OSError):
                    status = path.stat()
                    files.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= self.limit:
                return
            with suppress(OSError):
                path.unlink()
            total -= size


def write(request: Mapping[str, Any], summary: Mapping[str, Any], arrays: Mapping[str, NDArray]) -> bytes:
    """The bytes of a stored result: NumPy's zip of arrays, with request and summary as JSON members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in ((_REQUEST, request), (_SUMMARY, summary)):
            archive.writestr(name, canonical(content))
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(f"{name}.npy", member.getvalue())
    return buffer.getvalue()


def read(content: bytes, request: Mapping[str, Any] | None = None) -> Stored | None:
    """The inverse of `write`; None if the bytes are damaged or answer another request than the given one."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if request is not None and archive.read(_REQUEST).decode() != canonical(request):
                return None
            summary = json.loads(archive.read(_SUMMARY))
            arrays = {
                name.removesuffix(".npy"): np.lib.format.read_array(io.BytesIO(archive.read(name)), allow_pickle=False)
                for name in archive.namelist()
                if name.endswith(".npy")
            }
    except _DAMAGED:
        return None
    return Stored(summary, arrays) if isinstance(summary, dict) else None


def request_of(content: bytes) -> dict[str, Any] | None:
    """The request that the bytes of a stored result answer; None if they are damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            request = json.loads(archive.read(_REQUEST))
    except _DAMAGED:
        return None
    return request if isinstance(request, dict) else None
