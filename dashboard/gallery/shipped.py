"""Reading what `make.py` made."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path

from lam_core.attribution.result import Attribution
from lam_core.region import Region
from lam_core.store import read

FOLDER = Path(__file__).parent
FIRST = FOLDER / "first.json"
THUMBNAILS = FOLDER / "thumbnails.json"


@dataclass(frozen=True, eq=False)
class Shipped:
    """One result of a published checkpoint that is not itself part of the project."""

    id: str
    """The entry's id."""
    result: Attribution
    source: str
    """Where the checkpoint lies: repository, commit, file."""
    sha256: str
    """Of the checkpoint."""


@dataclass(frozen=True, eq=False)
class FirstVisit:
    """What a visitor sees before doing anything."""

    sample: str
    window: Region
    results: tuple[Shipped, ...]


@functools.cache
def first_visit() -> FirstVisit:
    """The results that ship for the first visit."""
    content = json.loads(FIRST.read_text(encoding="utf-8"))
    return FirstVisit(content["sample"], Region(*content["window"]), tuple(_shipped(row) for row in content["results"]))


def _shipped(row: dict[str, str]) -> Shipped:
    stored = read((FOLDER / f"first-{row['id']}.npz").read_bytes())
    if stored is None:
        raise ValueError(f"the shipped result first-{row['id']}.npz is damaged; `make gallery` makes it anew")
    return Shipped(row["id"], Attribution.restore(stored.summary, stored.arrays), row["source"], row["sha256"])


@functools.cache
def thumbnails() -> dict[str, str]:
    """Small pictures of all samples by id, as data URLs."""
    return json.loads(THUMBNAILS.read_text(encoding="utf-8"))
