"""Where results are kept and what a computer lets its users do; read once from the environment.

What concerns models and the Hub is in `zoo.settings`.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lam_core.environment import Environment

MEBIBYTE = 1024**2
LARGEST_UPLOAD = 1024
"""MiB of the largest picture file that a server may be told to take; all of it is held in memory."""

VARIABLES = (
    "LAM_STORE",
    "LAM_STORE_MIB",
    "LAM_UPLOAD_MIB",
    "LAM_UPLOAD_PIXELS",
    "LAM_UPLOAD_HOURS",
    "LAM_VISITOR_MEMORY_MIB",
    "LAM_UPLOAD_MEMORY_MIB",
    "LAM_QUEUE",
    "LAM_SESSION_QUEUE",
    "LAM_SECONDS",
    "LAM_DEVICE",
    "LAM_WITH",
    "LAM_PROXIED",
    "LAM_FRAMED_BY",
)


@dataclass(frozen=True)
class Settings:
    """How results are computed and kept in this process."""

    store: Path = Path.home() / ".cache" / "lam" / "results"
    """Folder of results; several processes and computers may share it. `LAM_STORE`."""
    store_limit: int = 2048 * MEBIBYTE
    """Bytes after which the results used longest ago are removed. `LAM_STORE_MIB`."""
    upload_limit: int = 20 * MEBIBYTE
    """Bytes of the largest picture file that is read. `LAM_UPLOAD_MIB`."""
    pixel_limit: int = 24_000_000
    """Pixels of the largest picture that is decoded. `LAM_UPLOAD_PIXELS`."""
    upload_hours: int = 2
    """Hours without use after which an uploaded picture and what was computed from it are gone. `LAM_UPLOAD_HOURS`."""
    visitor_memory: int = 256 * MEBIBYTE
    """Bytes of memory that files and decoded images of one visitor may take. `LAM_VISITOR_MEMORY_MIB`."""
    upload_memory: int = 512 * MEBIBYTE
    """Bytes of memory that files and decoded images of all visitors may take. `LAM_UPLOAD_MEMORY_MIB`."""
    queue: int = 64
    """How many computations may wait before further ones are refused. `LAM_QUEUE`."""
    session_queue: int = 2
    """How many computations of one session may wait or run at a time. `LAM_SESSION_QUEUE`."""
    seconds: int = 600
    """Longest time that one computation may hold the device. `LAM_SECONDS`."""
    device: str = "cpu"
    """Where networks run: `cpu`, `cuda`, `cuda:1` or `mps`. `LAM_DEVICE`."""
    networks: tuple[str, ...] = ()
    """Networks of one's own that the pages offer: `path.py:build`, `package.module:Class` or a checkpoint, each perhaps
    with what is said of it as in `net.py:build?scale=4`. `LAM_WITH`, separated as in `PATH`."""

    proxied: bool = False
    """Whether a proxy of one's own stands in front and tells visitors' addresses: `X-Forwarded-For` is believed, and
    turns go in rotation by address. `LAM_PROXIED`."""

    framed_by: tuple[str, ...] = ()
    """Origins of other sites that may show the pages in a frame, such as `https://huggingface.co`. `LAM_FRAMED_BY`,
    separated by commas."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Settings from `LAM_*` variables. Raises `EnvironmentValueError`, which names every faulty variable.

        >>> Settings.from_environment({"LAM_QUEUE": "8", "LAM_STORE": "/data"}).queue
        8
        """
        default = cls()
        with Environment(environment) as variables:
            return cls(
                store=variables.read("LAM_STORE", default.store, _folder, "give a folder, or where one can be made"),
                store_limit=variables.count("LAM_STORE_MIB", default.store_limit // MEBIBYTE) * MEBIBYTE,
                upload_limit=variables.count("LAM_UPLOAD_MIB", default.upload_limit // MEBIBYTE, most=LARGEST_UPLOAD)
                * MEBIBYTE,
                pixel_limit=variables.count("LAM_UPLOAD_PIXELS", default.pixel_limit),
                upload_hours=variables.count("LAM_UPLOAD_HOURS", default.upload_hours),
                visitor_memory=variables.count("LAM_VISITOR_MEMORY_MIB", default.visitor_memory // MEBIBYTE) * MEBIBYTE,
                upload_memory=variables.count("LAM_UPLOAD_MEMORY_MIB", default.upload_memory // MEBIBYTE) * MEBIBYTE,
                queue=variables.count("LAM_QUEUE", default.queue),
                session_queue=variables.count("LAM_SESSION_QUEUE", default.session_queue),
                seconds=variables.count("LAM_SECONDS", default.seconds),
                device=variables.text(
                    "LAM_DEVICE", default.device, r"cpu|mps|cuda(:\d{1,2})?", "give cpu, cuda, cuda:N or mps"
                ),
                networks=variables.read(
                    "LAM_WITH", (), _networks, f"give path.py:build, several joined by {os.pathsep!r}"
                ),
                proxied=variables.switch("LAM_PROXIED", default.proxied),
                framed_by=variables.read(
                    "LAM_FRAMED_BY", (), _origins, "give https://huggingface.co, several joined by commas"
                ),
            )


def _folder(text: str) -> Path:
    path = Path(text).expanduser()
    if "\0" in text or any(part.exists() and not part.is_dir() for part in (path, *path.parents)):
        raise ValueError(text)
    return path


def _origins(text: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in text.split(","))
    if not all(re.fullmatch(r"https?://(\*\.)?[\w-]+(\.[\w-]+)*(:\d{1,5})?", part, re.ASCII) for part in found):
        raise ValueError(text)
    return found


def _networks(text: str) -> tuple[str, ...]:
    """The parts of `a.py:build:b.pth`: the separator of paths also stands before a function's name."""
    separator = re.escape(os.pathsep)
    code = rf"(?:[^{separator}?]+\.py|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):[A-Za-z_]\w*"
    file = rf"[^{separator}?]+(?<!\.py)"
    part = rf"((?:{code}|{file})(?:\?[^{separator}?]+)?)(?:{separator}|$)"
    if not re.fullmatch(f"(?:{part})+", text):
        raise ValueError(text)
    return tuple(match[1] for match in re.finditer(part, text))


@functools.cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings.from_environment(os.environ)
