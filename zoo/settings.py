"""Where weights come from and are kept, and what a server lets its visitors load; read once from the environment."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from lam_core.environment import Environment
from lam_core.settings import MEBIBYTE
from lam_core.settings import VARIABLES as CORE_VARIABLES

VARIABLES = (
    "LAM_HOSTED",
    "LAM_HUB_ENDPOINT",
    "LAM_GITHUB_ENDPOINT",
    "LAM_GITHUB_LFS_ENDPOINT",
    "LAM_GITHUB_RELEASES_ENDPOINT",
    "LAM_OPENMODELDB_ENDPOINT",
    "LAM_OFFLINE",
    "LAM_HUB_TOKEN",
    "LAM_HUB_OWNERS",
    "LAM_WEIGHTS",
    "LAM_HUB_CACHE",
    "LAM_PICTURES_MIB",
    "LAM_ENTRIES",
    "LAM_MODEL_MIB",
    "LAM_MODEL_UPLOADS",
    "LAM_TRAINING_DATA",
)


@dataclass(frozen=True)
class ZooSettings:
    """How the zoo behaves in this process."""

    hosted: bool = False
    """Serving strangers: models from files and from Python code are refused, ids and the Hub are served."""
    endpoint: str = "https://huggingface.co"
    """Address of the Hub or of a mirror."""
    github: str = "https://raw.githubusercontent.com"
    """Address that serves `owner/repo/commit/path` of GitHub repositories."""
    github_lfs: str = "https://media.githubusercontent.com/media"
    """Address that serves `owner/repo/commit/path` out of the LFS stores of GitHub repositories."""
    github_releases: str = "https://github.com"
    """Address that serves `owner/repo/releases/download/tag/file`."""
    release_hosts: tuple[str, ...] = ("objects.githubusercontent.com", "release-assets.githubusercontent.com")
    """Hosts to which the assets of releases may be redirected."""
    openmodeldb: str = "https://openmodeldb.info"
    """Address of OpenModelDB, which lists models with their digests and addresses."""
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
    pictures_limit: int = 1024 * MEBIBYTE
    """Bytes of data sets' pictures after which those used longest ago are removed. `LAM_PICTURES_MIB`."""
    entries: tuple[Path, ...] = ()
    """Further folders of entries that the operator vouches for."""
    largest: int = 2 * 2**30
    """Bytes of the largest checkpoint that is fetched or read. `LAM_MODEL_MIB`."""
    uploads: bool = False
    """A hosted server takes safetensors files from its visitors; elsewhere every file is taken. `LAM_MODEL_UPLOADS`."""
    timeout: float = 20.0
    """Seconds without a byte after which a server counts as silent."""

    def address_of(self, source: str) -> str:
        """The address of the server behind a kind of source: `hub`, `github`, `lfs` or `release`."""
        servers = {"github": self.github, "lfs": self.github_lfs, "release": self.github_releases}
        return servers.get(source, self.endpoint)

    @property
    def takes_files(self) -> bool:
        """Whether visitors of the dashboard may bring checkpoint files."""
        return self.uploads or not self.hosted

    @property
    def pictures(self) -> Path:
        """Folder for data sets' pictures: not the Hub's own cache, of which nothing may be removed unasked."""
        return self.weights / "pictures"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> ZooSettings:
        """Settings from `LAM_*` variables, and from the Hub's own where those are not set.

        Raises `EnvironmentValueError`, which names every faulty variable, and every `LAM_*` that is no setting.

        >>> ZooSettings.from_environment({"LAM_HOSTED": "1", "LAM_HUB_OWNERS": "a, b"}).hosted
        True
        """

        default = cls()
        address = "give an http or https address without a user or a query"
        # The Hub's own variables are honoured where this project's are not set.
        hub = {"LAM_HUB_ENDPOINT": "HF_ENDPOINT", "LAM_OFFLINE": "HF_HUB_OFFLINE", "LAM_HUB_TOKEN": "HF_TOKEN"}
        borrowed = {own: environment[theirs] for own, theirs in hub.items() if environment.get(theirs)}
        said = {name: text for name, text in environment.items() if text}
        with Environment({**borrowed, **said}) as variables:
            variables.refuse_unknown("LAM_", (*CORE_VARIABLES, *VARIABLES))
            return cls(
                hosted=variables.switch("LAM_HOSTED", default.hosted),
                endpoint=variables.read("LAM_HUB_ENDPOINT", default.endpoint, _address, address),
                github=variables.read("LAM_GITHUB_ENDPOINT", default.github, _address, address),
                github_lfs=variables.read("LAM_GITHUB_LFS_ENDPOINT", default.github_lfs, _address, address),
                github_releases=variables.read(
                    "LAM_GITHUB_RELEASES_ENDPOINT", default.github_releases, _address, address
                ),
                openmodeldb=variables.read("LAM_OPENMODELDB_ENDPOINT", default.openmodeldb, _address, address),
                offline=variables.switch("LAM_OFFLINE", default.offline),
                token=variables.text("LAM_HUB_TOKEN", "", r"[\x21-\x7e]+", "give the token alone, without spaces")
                or None,
                owners=variables.read(
                    "LAM_HUB_OWNERS", default.owners, _owners, "give names of the Hub, joined by commas"
                ),
                weights=Path(variables.text("LAM_WEIGHTS", str(default.weights), r"[^\0]+", "give a folder")),
                hub_cache=variables.read("LAM_HUB_CACHE", default.hub_cache, Path, "give a folder"),
                pictures_limit=variables.count("LAM_PICTURES_MIB", default.pictures_limit // MEBIBYTE) * MEBIBYTE,
                entries=variables.read("LAM_ENTRIES", default.entries, _folders, "give folders that exist"),
                largest=variables.count("LAM_MODEL_MIB", default.largest // MEBIBYTE) * MEBIBYTE,
                uploads=variables.switch("LAM_MODEL_UPLOADS", default.uploads),
            )


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.query:
        raise ValueError(text)
    return text.rstrip("/")


def _owners(text: str) -> frozenset[str]:
    names = [part.strip() for part in text.split(",") if part.strip()]
    if not names or not all(re.fullmatch(r"[A-Za-z0-9][\w.-]*", name) for name in names):
        raise ValueError(text)
    return frozenset(names)


def _folders(text: str) -> tuple[Path, ...]:
    folders = tuple(Path(part) for part in text.split(os.pathsep) if part)
    if not all(folder.is_dir() for folder in folders):
        raise ValueError(text)
    return folders


@functools.cache
def settings() -> ZooSettings:
    """The settings of this process."""
    return ZooSettings.from_environment(os.environ)
