"""Reading what `make.py` made."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from lam_core.attribution.result import Attribution
from lam_core.region import Region
from lam_core.service.request import Request
from lam_core.service.store import Stored, key_of, read, request_of
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
    """All whose maps of this window ship, those three first."""
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
    checkpoints = tuple(Checkpoint(**row) for row in content["checkpoints"])
    packaged = tuple(Checkpoint(**row) for row in content.get("packaged", ()))
    shown = tuple(Shipped(one, _result(one.id)) for one in checkpoints if one.id in content["shown"])
    mapped, examined = tuple(content["mapped"]), content["examined"]
    return FirstVisit(content["sample"], Region(*content["window"]), shown, checkpoints, packaged, mapped, examined)


def _result(name: str) -> Attribution:
    stored = _stored(FOLDER / f"first-{name}.npz")
    if stored is None:
        raise ValueError(f"the shipped result first-{name}.npz is damaged; `make gallery` makes it anew")
    return Attribution.restore(stored.summary, stored.arrays)


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
    answered = {path: request_of(path.read_bytes()) for path in sorted(FOLDER.glob("*.npz"))}
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
