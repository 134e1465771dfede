"""Where weights come from and are kept, and what a server lets its visitors load; read once from the environment."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

TRUE = {"1", "true", "yes", "on"}


@dataclass(frozen=True)
class ZooSettings:
    """How the zoo behaves in this process."""

    hosted: bool = False
    """Serving strangers: models from files and from Python code are refused, ids and the Hub are served."""
    endpoint: str = "https://huggingface.co"
    """Address of the Hub or of a mirror."""
    github: str = "https://raw.githubusercontent.com"
    """Address that serves `owner/repo/commit/path` of GitHub repositories."""
    offline: bool = False
    """Nothing is fetched; what is cached serves."""
    token: str | None = field(default=None, repr=False)
    """The server's own token, sent for committed entries alone, never for what a visitor asks for."""
    owners: frozenset[str] = frozenset()
    """Hub owners whose models may be loaded by reference; empty allows all."""
    weights: Path = Path.home() / ".cache" / "lam" / "weights"
    """Folder for files from GitHub and for those that the user supplied."""
    hub_cache: Path | None = None
    """Folder of the Hub's cache; that of `HF_HOME` where nothing is said."""
    entries: tuple[Path, ...] = ()
    """Further folders of entries that the operator vouches for."""
    largest: int = 2 * 2**30
    """Bytes of the largest checkpoint that is fetched or read."""
    timeout: float = 20.0
    """Seconds without a byte after which a server counts as silent."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> ZooSettings:
        """Settings from `LAM_*` variables, and from the Hub's own where those are not set.

        >>> ZooSettings.from_environment({"LAM_HOSTED": "1", "LAM_HUB_OWNERS": "a, b"}).hosted
        True
        """

        def folders(text: str) -> tuple[Path, ...]:
            return tuple(Path(part) for part in text.split(os.pathsep) if part)

        get = environment.get
        default = cls()
        return cls(
            hosted=get("LAM_HOSTED", "").lower() in TRUE,
            endpoint=(get("LAM_HUB_ENDPOINT") or get("HF_ENDPOINT") or default.endpoint).rstrip("/"),
            github=(get("LAM_GITHUB_ENDPOINT") or default.github).rstrip("/"),
            offline=(get("LAM_OFFLINE") or get("HF_HUB_OFFLINE") or "").lower() in TRUE,
            token=get("LAM_HUB_TOKEN") or get("HF_TOKEN") or None,
            owners=frozenset(part.strip() for part in get("LAM_HUB_OWNERS", "").split(",") if part.strip()),
            weights=Path(get("LAM_WEIGHTS") or default.weights),
            entries=folders(get("LAM_ENTRIES", "")),
        )


@functools.cache
def settings() -> ZooSettings:
    """The settings of this process."""
    return ZooSettings.from_environment(os.environ)
