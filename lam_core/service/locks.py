"""One at a time for a key, among the threads of a process and among the processes that share a folder."""

from __future__ import annotations

import os
import threading
import time
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
RENEW_EVERY = 5.0
"""Seconds between two renewals of a claim."""
STALE_AFTER = 30.0
"""Seconds without renewal after which others take a claim over: its process is stopped, or its disk is gone."""


class Claims:
    """Locks by key among the threads of a process and among the processes that share a folder.

    A claim ends with its process, however that ends: the lock is the kernel's. While a process lives it renews its
    claims; a process that is stopped (SIGSTOP, a frozen container) does not, and loses them after `STALE_AFTER`. Two
    processes may then compute the same thing, which is wasteful and harmless: results are moved into place whole.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: of lock files, shared by all processes; without one that can lock, threads alone are told apart."""
        self._folder = folder
        self._here: set[str] = set()
        self._held: dict[Path, int] = {}
        self._changed = threading.Condition()
        self._renewing = False

    @contextmanager
    def claim(self, key: str, waiting: Callable[[], None]) -> Iterator[None]:
        """Holds a key; `waiting` is called every quarter of a second while another does, and may raise to give up."""
        with self._among_threads(key, waiting), self._among_processes(key, waiting):
            yield

    def release_all(self) -> None:
        """Removes the lock files of all claims: the process ends."""
        with self._changed:
            for path, lock in self._held.items():
                _remove(path, lock)
            self._held.clear()

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
            if path is not None and _is_stale(path):
                with suppress(OSError):
                    path.unlink()
                continue
            with self._changed:
                self._changed.wait(timeout=POLL)
            waiting()
        if lock is not None and path is not None:
            self._hold(path, lock)
        try:
            yield
        finally:
            if lock is not None and path is not None:
                with self._changed:
                    if self._held.pop(path, None) is not None:
                        _remove(path, lock)

    def _hold(self, path: Path, lock: int) -> None:
        with self._changed:
            self._held[path] = lock
            if not self._renewing:
                self._renewing = True
                threading.Thread(target=self._renew, name="claims", daemon=True).start()

    def _renew(self) -> None:
        """Touches the files of all claims until there are none."""
        while True:
            time.sleep(RENEW_EVERY)
            with self._changed:
                if not self._held:
                    self._renewing = False
                    return
                for lock in self._held.values():
                    with suppress(OSError):
                        os.utime(lock)


def _is_stale(path: Path) -> bool:
    """Whether whoever holds a lock file has not renewed it for a time."""
    with suppress(OSError):
        return time.time() - path.stat().st_mtime > STALE_AFTER
    return False


def _remove(path: Path, lock: int) -> None:
    """Removes a lock file and closes it; a file of the same name that is somebody else's by now is left alone."""
    with suppress(OSError):
        if os.fstat(lock).st_ino == path.stat().st_ino:
            path.unlink()
    with suppress(OSError):
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
            os.utime(handle)
            return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError:
        os.close(handle)
        raise
    os.close(handle)
    return _TAKEN
