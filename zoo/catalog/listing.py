"""Entries as plain values, for lists, tables and scripts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo.catalog.entry import Entry
from zoo.catalog.registry import card, registry
from zoo.settings import ZooSettings
from zoo.sources.availability import availability
from zoo.sources.weights import find, state


def rows(settings: ZooSettings) -> list[dict[str, Any]]:
    """One row an entry, in the order of their ids."""
    return [row(entry, settings) for entry in registry(*settings.entries)]


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
