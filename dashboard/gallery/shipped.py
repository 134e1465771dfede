"""Reading what `make.py` made."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from lam_core.attribution.result import Attribution
from lam_core.attribution.settings import METHOD_VERSION
from lam_core.region import Region
from lam_core.service.request import Request
from lam_core.service.store import Stored, key_of, read, request_of
from zoo.catalog.registry import entry_fingerprint, pinned_digest, registry
from zoo.inspection.report import Report

FOLDER = Path(__file__).parent
FIRST = FOLDER / "first.json"
THUMBNAILS = FOLDER / "thumbnails.json"
MEASURED = FOLDER / "measured.json"
DEVICE = "cpu"
"""Where the results were computed."""

R = TypeVar("R")


@dataclass(frozen=True)
class Checkpoint:
    """A published checkpoint whose results ship, though it is not itself part of the project."""

    id: str
    """The entry's id."""
    source: str
    """Where it lies: repository, commit, file."""
    sha256: str

    @property
    def details(self) -> str:
        """Where its results come from, for a visitor."""
        return f"Computed with the checkpoint {self.source}, sha256 {self.sha256}, which is not part of this project."


@dataclass(frozen=True, eq=False)
class Shipped:
    """The map of one such checkpoint."""

    checkpoint: Checkpoint
    result: Attribution

    @property
    def id(self) -> str:
        """The entry's id."""
        return self.checkpoint.id


@dataclass(frozen=True, eq=False)
class FirstVisit:
    """What a visitor sees before doing anything."""

    sample: str
    window: Region
    results: tuple[Shipped, ...]
    """The three that the first page shows."""
    checkpoints: tuple[Checkpoint, ...]
    """All whose maps of this window ship, those three first; as everywhere here, no map of an older method or of other
    weights counts."""
    packaged: tuple[Checkpoint, ...]
    """Those inside packages of the package index whose maps of this window ship as well."""
    mapped: tuple[str, ...]
    """Those of them whose DI of every window of the picture ships."""
    examined: str
    """The id of the one for which other methods and checks ship as well."""


@functools.cache
def first_visit() -> FirstVisit:
    """The results that ship for the first visit."""
    content = json.loads(FIRST.read_text(encoding="utf-8"))
    checkpoints, packaged = (
        tuple(one for row in content.get(group, ()) if _is_current(one := Checkpoint(**row)))
        for group in ("checkpoints", "packaged")
    )
    results = [(one, _stored(_path(one))) for one in checkpoints if one.id in content["shown"]]
    shown = tuple(Shipped(one, Attribution.restore(it.summary, it.arrays)) for one, it in results if it is not None)
    mapped, examined = tuple(content["mapped"]), content["examined"]
    return FirstVisit(content["sample"], Region(*content["window"]), shown, checkpoints, packaged, mapped, examined)


def _path(one: Checkpoint) -> Path:
    return FOLDER / f"first-{one.id}.npz"


def _is_current(one: Checkpoint) -> bool:
    """Whether its map is what this version of the method gives for the network that its entry now names."""
    path, entry = _path(one), registry().entries.get(one.id)
    if entry is None or pinned_digest(entry) != one.sha256 or not path.is_file():
        return False
    request = request_of(path.read_bytes()) or {}
    current = METHOD_VERSION, entry_fingerprint(entry, one.sha256)
    return (request.get("version"), request.get("fingerprint")) == current


def find(request: Request[R]) -> R | None:
    """The result of a request if it ships."""
    path = _index().get(key_of(request.identity(DEVICE)))
    stored = path and _stored(path)
    return request.restore(stored) if stored else None


@functools.cache
def _stored(path: Path) -> Stored | None:
    return read(path.read_bytes())


@functools.cache
def _index() -> dict[str, Path]:
    """Every shipped result by the key of the request that it answers."""
    files = sorted((*FOLDER.glob("*.npz"), *FOLDER.glob("fields/*.npz")))
    answered = {path: request_of(path.read_bytes()) for path in files}
    return {key_of(request): path for path, request in answered.items() if request is not None}


def shipped_report(entry_id: str, sha256: str) -> Report | None:
    """What `lam zoo check` found on an entry with those very weights, if that ships."""
    found = _reports().get(entry_id)
    return Report.restore(found["report"]) if found and found["sha256"] == sha256 else None


@functools.cache
def _reports() -> dict[str, dict[str, Any]]:
    return json.loads(MEASURED.read_text(encoding="utf-8"))


@functools.cache
def thumbnails() -> dict[str, str]:
    """Small pictures of all samples by id, as data URLs."""
    return json.loads(THUMBNAILS.read_text(encoding="utf-8"))
