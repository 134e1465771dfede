"""Entries as plain values, for lists, tables and scripts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from zoo.catalog.entry import Entry, Family
from zoo.catalog.registry import card, registry
from zoo.errors import ZooError
from zoo.settings import ZooSettings
from zoo.settings import settings as process_settings
from zoo.sources.availability import availability
from zoo.sources.weights import find, state


class UnknownFamilyError(ZooError, ValueError):
    """A family that no entry can have."""


def list_models(
    *, scale: int | None = None, family: str | None = None, settings: ZooSettings | None = None
) -> list[str]:
    """The ids of the catalog's entries, sorted; each is a name that `load` takes. Loads nothing and fetches nothing.

    Args:
        scale: enlargement along each side; only super-resolution networks of that scale. None for all.
        family: "psnr", "gan", "transformer", "classifier" or "classical"; only entries of that family. None for all.
        settings: where further entries lie; those of the process (environment variables) by default.

    Returns:
        Ids such as "imdn-c"; an empty list where nothing matches. Weights may still have to be fetched; those of
        compact networks, whose ids end in "-c", come with the package.

    Raises:
        UnknownFamilyError: for a family that no entry can have.

    >>> list_models(scale=4, family="gan")[:1]
    ['atd-nomos']
    """
    entries = selected(settings or process_settings(), scale=scale, family=family)
    return [entry.id for entry in entries]


def selected(settings: ZooSettings, *, scale: int | None = None, family: str | None = None) -> list[Entry]:
    """The entries of a scale and a family, sorted by id. Raises `UnknownFamilyError`."""
    if family is not None and family not in get_args(Family):
        raise UnknownFamilyError(f"no family {family!r}; give one of {', '.join(get_args(Family))}")
    return [
        entry
        for entry in registry(*settings.entries)
        if family in (None, entry.family)
        and (scale is None or (entry.kind == "super-resolver" and entry.scale == scale))
    ]


def rows(settings: ZooSettings, *, scale: int | None = None, family: str | None = None) -> list[dict[str, Any]]:
    """One row per entry of that scale and family, sorted by id. Raises `UnknownFamilyError`."""
    return [row(entry, settings) for entry in selected(settings, scale=scale, family=family)]


def row(entry: Entry, settings: ZooSettings) -> dict[str, Any]:
    """What a list shows of an entry: plain values alone."""
    return {
        "id": entry.id,
        "name": entry.name,
        "kind": entry.kind,
        "architecture": entry.architecture,
        "scale": entry.scale,
        "family": entry.family,
        "tag": entry.tag,
        "licence": entry.licence,
        "weights": state(entry, settings),
        "availability": availability(entry, settings).text,
        "available": entry.weights is None or find(entry, settings) is not None,
        "pinned": entry.pinned,
        "parameters": card(entry).get("parameters", entry.published.parameters),
        "year": entry.published.year,
    }


def facts(entry: Entry, settings: ZooSettings) -> dict[str, Any]:
    """All that is known of an entry without loading it: its row, its tables, and the card of bundled weights."""
    training: Mapping[str, Any] = card(entry)
    return {
        **row(entry, settings),
        "note": entry.note,
        "untested": entry.untested,
        "hyperparameters": entry.hyperparameters,
        "convention": entry.convention.model_dump(mode="json"),
        "source": None if entry.weights is None else entry.weights.model_dump(mode="json"),
        "published": entry.published.model_dump(mode="json"),
        "card": dict(training),
    }
