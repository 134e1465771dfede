"""The table of shipped receptive fields: areas, and the weights that they were computed with."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("areas.json")


@dataclass(frozen=True)
class ShippedFields:
    """A network whose receptive fields ship; its planes lie beside the table, in a file called by its id."""

    id: str
    """The entry's id."""
    source: str
    """Where the weights come from."""
    sha256: str
    """Of the weights."""
    figures: dict[str, Any]
    """What `NetworkFields.to_dict` gives."""


@functools.cache
def shipped_fields() -> tuple[ShippedFields, ...]:
    """The networks of the table."""
    return tuple(ShippedFields(**row) for row in json.loads(TABLE.read_text(encoding="utf-8")))


def source_of(fingerprint: str) -> str:
    """Source and digest of the weights that a shipped field was computed with, one sentence; empty for others."""
    for one in shipped_fields():
        if one.figures["fingerprint"] == fingerprint:
            return f"Computed with weights {one.source}, sha256 {one.sha256}."
    return ""
