"""One at a time for a key, among the threads of a process and among the processes that share a folder."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from lam_core.service.device_queue import POLL

try:
    import fcntl
except ImportError:  # Windows has no such locks: there, two processes may compute the same thing twice.
    fcntl = None

_TAKEN = -1
"""Stands for the open file that one does not get."""


class Claims:
    """Who works on what. A claim ends with its process, however that ends: the lock is the kernel's."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: of lock files, shared by all processes; without one that can lock, threads alone are told apart."""
        self._folder = folder
        self._here: set[str] = set()
        self._changed = threading.Condition()

    @contextmanager
    def claim(self, key: str, waiting: Callable[[], None]) -> Iterator[None]:
        """Holds a key; `waiting` is called every quarter of a second while another does, and may raise to give up."""
        with self._among_threads(key, waiting), self._among_processes(key, waiting):
            yield

    @contextmanager
    def _among_threads(self, key: str, waiting: Callable[[], None]) -> Iterator[None]:
        while True:
            with self._changed:
                if key not in self._here:
                    self._here.add(key)
                    break
                self._changed.wait(timeout=POLL)
            waiting()
        try:
            yield
        finally:
            with self._changed:
                self._here.discard(key)
                self._changed.notify_all()

    @contextmanager
    def _among_processes(self, key: str, waiting: Callable[[], None]) -> Iterator[None]:
        path = self._folder and self._folder / key
        while (lock := _locked(path)) == _TAKEN:
            with self._changed:
                self._changed.wait(timeout=POLL)
            waiting()
        try:
            yield
        finally:
            if lock is not None and path is not None:
                with suppress(OSError):
                    path.unlink()
                os.close(lock)


def _locked(path: Path | None) -> int | None:
    """An open file with a lock on it, `_TAKEN` while another has it, None where nothing can be locked."""
    if path is None or fcntl is None:
        return None
    try:
        return _lock(path, fcntl)
    except OSError:
        return None


def _lock(path: Path, fcntl: Any) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Between opening and locking, whoever had it may have removed the file; then others lock another one.
        if os.fstat(handle).st_ino == path.stat().st_ino:
            return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError:
        os.close(handle)
        raise
    os.close(handle)
    return _TAKEN
