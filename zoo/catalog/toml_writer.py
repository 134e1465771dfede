"""Entries as TOML, the way they are committed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from zoo.catalog.entry import Entry

TABLES = ("hyperparameters", "convention", "weights", "published")


def entry_text(entry: Entry) -> str:
    """The TOML file of an entry; what equals its default is left out. `parse_entry` reads it back."""
    content = entry.model_dump(exclude={"id", "committed"}, exclude_defaults=True)
    if entry.weights is not None:
        # A source equals no default of its own table and must always be named.
        content["weights"] = {"source": entry.weights.source, **entry.weights.model_dump(exclude_defaults=True)}
    head = _lines({key: value for key, value in content.items() if key not in TABLES})
    tables = {table: _lines(content.get(table) or {}) for table in TABLES}
    return "\n".join([head, *(f"[{table}]\n{lines}" for table, lines in tables.items() if lines)])


def is_written(value: Any) -> bool:
    """Whether TOML has words for a value: it has none for nothing, however deep inside a list."""
    if isinstance(value, list | tuple):
        return all(map(is_written, value))
    return value is not None


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{key} = {_value(value)}\n" for key, value in table.items() if value is not None)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, float):
        return repr(value)
    # JSON writes whole numbers, truth values and strings as TOML does, but for one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() else json.dumps(key)
