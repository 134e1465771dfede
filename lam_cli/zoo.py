"""`lam zoo`: what models there are."""

from __future__ import annotations

import argparse
import json
from typing import Any

import zoo.registry
import zoo.settings
from zoo.entry import Entry
from zoo.registry import pinned_digest
from zoo.weights import state


def add(commands: Any) -> None:
    """Adds the command to a command line."""
    command = commands.add_parser("zoo", help="list and show models")
    actions = command.add_subparsers(required=True, parser_class=type(command), metavar="ACTION")
    listing = actions.add_parser("list", help="every model, a line each")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(run=run_list)
    show = actions.add_parser("show", help="everything an entry says")
    show.add_argument("model", metavar="M")
    show.add_argument("--json", action="store_true")
    show.set_defaults(run=run_show)


def row(entry: Entry) -> dict[str, Any]:
    """One model as `lam zoo list` gives it."""
    return {
        "id": entry.id,
        "name": entry.name,
        "kind": entry.kind,
        "architecture": entry.architecture,
        "scale": entry.scale,
        "family": entry.family,
        "licence": entry.licence,
        "weights": state(entry, zoo.settings.settings()),
        "pinned": entry.weights is None or pinned_digest(entry) is not None,
    }


def run_list(options: argparse.Namespace) -> None:
    """Prints a table, or a JSON array of objects."""
    rows = [row(entry) for entry in zoo.registry.registry(*zoo.settings.settings().entries)]
    if options.json:
        print(json.dumps(rows, indent=1))
        return
    columns = ("id", "kind", "architecture", "scale", "family", "weights", "licence")
    widths = {name: max(len(name), *(len(str(r[name])) for r in rows)) for name in columns}
    for line in ({name: name for name in columns}, *rows):
        print("  ".join(str(line[name]).ljust(widths[name]) for name in columns).rstrip())


def run_show(options: argparse.Namespace) -> None:
    """Prints an entry, or what a checkpoint turns out to be."""
    from zoo.targets import resolve

    target = resolve(options.model, zoo.settings.settings())
    if isinstance(target, Entry):
        content = {**row(target), **target.model_dump(mode="json", exclude_none=True)}
    else:
        model = zoo.super_resolver(options.model)
        content = {
            "name": model.name,
            "kind": "super-resolver",
            "scale": model.scale,
            "parameters": model.parameters,
            "convention": vars(model.convention),
            "fingerprint": model.fingerprint,
        }
    if options.json:
        print(json.dumps(content, indent=1))
        return
    for name, value in content.items():
        for key, inner in value.items() if isinstance(value, dict) else [("", value)]:
            print(f"{' '.join(filter(None, (name, key)))}: {inner}")
