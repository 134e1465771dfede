"""One at a time for a key, among the threads of a process and among the processes that share a folder."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lam_core.device import POLL

try:
    import fcntl
except ImportError:  # Windows has no such locks: there, two processes may compute the same thing twice.
    fcntl = None


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
        lock = None
        with suppress(OSError):
            while self._folder is not None and fcntl is not None and (lock := _locked(self._folder / key)) is None:
                with self._changed:
                    self._changed.wait(timeout=POLL)
                waiting()
        try:
            yield
        finally:
            if lock is not None and self._folder is not None:
                with suppress(OSError):
                    (self._folder / key).unlink()
                os.close(lock)


def _locked(path: Path) -> int | None:
    """An open file with a lock on it, or None while another has it. Raises `OSError` where nothing can be locked."""
    assert fcntl is not None
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
    return None
