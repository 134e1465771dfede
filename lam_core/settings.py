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

from lam_core.errors import LamError

MEBIBYTE = 1024**2


class EnvironmentValueError(LamError, ValueError):
    """A variable of the environment that holds no usable value."""


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
    queue: int = 64
    """How many computations may wait before further ones are refused. `LAM_QUEUE`."""
    device: str = "cpu"
    """Where networks run: `cpu`, `cuda`, `cuda:1` or `mps`. `LAM_DEVICE`."""
    networks: tuple[str, ...] = ()
    """Networks of one's own that the pages offer, each `path.py:build`. `LAM_WITH`, separated as in `PATH`."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Settings from `LAM_*` variables. Raises `EnvironmentValueError`, which names the variable.

        >>> Settings.from_environment({"LAM_QUEUE": "8", "LAM_STORE": "/data"}).queue
        8
        """
        default = cls()

        def count(name: str, fallback: int) -> int:
            text = environment.get(name) or str(fallback)
            if not text.isascii() or not text.isdigit() or not int(text):
                raise EnvironmentValueError(f"{name} is {text!r}; give a whole number of at least 1")
            return int(text)

        return cls(
            store=Path(environment.get("LAM_STORE") or default.store).expanduser(),
            store_limit=count("LAM_STORE_MIB", default.store_limit // MEBIBYTE) * MEBIBYTE,
            upload_limit=count("LAM_UPLOAD_MIB", default.upload_limit // MEBIBYTE) * MEBIBYTE,
            pixel_limit=count("LAM_UPLOAD_PIXELS", default.pixel_limit),
            queue=count("LAM_QUEUE", default.queue),
            device=environment.get("LAM_DEVICE") or default.device,
            networks=_networks(environment.get("LAM_WITH", "")),
        )


def _networks(text: str) -> tuple[str, ...]:
    """The parts of `a.py:build:b.py:make`: the separator of paths also stands before a function's name."""
    part = rf"(.+?\.py:[A-Za-z_]\w*)(?:{re.escape(os.pathsep)}|$)"
    if text and not re.fullmatch(f"(?:{part})+", text):
        raise EnvironmentValueError(f"LAM_WITH is {text!r}; give path.py:build, several joined by {os.pathsep!r}")
    return tuple(match[1] for match in re.finditer(part, text))


@functools.cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings.from_environment(os.environ)
