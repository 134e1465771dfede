"""A Dask scheduler and its workers as processes of this machine, as `dask scheduler` and `dask worker` start them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

STARTS = 60
"""Seconds within which a process must be ready."""


def free_port() -> int:
    """A port of the loopback interface that nothing listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def address(port: int) -> str:
    """That of a scheduler on a port of this machine."""
    return f"tcp://127.0.0.1:{port}"


@contextmanager
def scheduler(port: int) -> Iterator[subprocess.Popen]:
    """A scheduler on a port, ready."""
    with process("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard") as started:
        until = time.monotonic() + STARTS
        while not _listens(port):
            if time.monotonic() > until or started.poll() is not None:
                raise RuntimeError(f"no scheduler on port {port}")
            time.sleep(0.1)
        yield started


@contextmanager
def worker(
    port: int, *options: str, program: tuple[str, ...] = (), environment: Mapping[str, str] = {}
) -> Iterator[subprocess.Popen]:
    """A worker of one thread for the scheduler on a port, in a folder of its own; it comes when it is ready."""
    told = (address(port), "--nthreads", "1", "--no-dashboard", *options)
    with process("worker", *told, program=program, environment=environment) as started:
        yield started


@contextmanager
def process(
    *arguments: str, program: tuple[str, ...] = (), environment: Mapping[str, str] = {}
) -> Iterator[subprocess.Popen]:
    """A command of `dask` while the block runs; `program`: what stands in place of Python's `-m dask`."""
    command = [*(program or (sys.executable, "-m", "dask")), *arguments]
    with tempfile.TemporaryDirectory() as folder:
        started = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "DASK_LOGGING__DISTRIBUTED": "critical", "OMP_NUM_THREADS": "1", **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield started
        finally:
            _end(started)


def _end(started: subprocess.Popen) -> None:
    started.terminate()
    try:
        started.wait(5)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def without_project(folder: Path) -> tuple[str, ...]:
    """Python's `-m dask` with all that is installed here but this project; `folder` is filled with links."""
    import dask

    for found in Path(dask.__file__).parents[1].iterdir():
        if not found.name.startswith(("sr_lam", "__editable__")) and found.suffix != ".pth":
            (folder / found.name).symlink_to(found)
    start = f"import sys; sys.path[0] = {str(folder)!r}; from dask.__main__ import main; main()"
    return (sys.executable, "-S", "-E", "-c", start)
