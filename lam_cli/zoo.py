"""`lam zoo`: what models there are."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import zoo.catalog.listing
import zoo.catalog.registry
import zoo.settings
from lam_cli.arguments import MODEL, InputError, add_benchmarks, add_overrides, benchmarks, overrides
from lam_cli.progress import ProgressLine
from zoo.catalog.entry import Entry
from zoo.settings import ZooSettings
from zoo.sources import openmodeldb
from zoo.sources.transfer import Progress
from zoo.sources.weights import fetch, find, supply


def add(commands: Any) -> None:
    """Adds the command to a command line."""
    command = commands.add_parser("zoo", help="models: list, show, add, pin, check, fetch")
    actions = command.add_subparsers(required=True, parser_class=type(command), metavar="ACTION")

    def action(name: str, run: Callable[[argparse.Namespace], None], summary: str) -> argparse.ArgumentParser:
        parser = actions.add_parser(name, help=summary)
        parser.add_argument("--json", action="store_true")
        parser.set_defaults(run=run)
        return parser

    listing = action("list", run_list, "every model, a line each")
    listing.add_argument("--scale", type=int, metavar="S", help="only networks of this scale")
    listing.add_argument("--family", metavar="F", help="only psnr, gan, transformer, classifier or classical")
    showing = action("show", run_show, "everything an entry says, or what a file or code of yours turns out to be")
    showing.add_argument("model", metavar="M", help=MODEL)
    add_overrides(showing)
    adding = action("add", run_add, "write an entry for a file on the Hub")
    adding.add_argument("reference", metavar="owner/repo:file")
    add_overrides(adding, weights=False)
    adding.add_argument("--endpoint", metavar="URL", help="of a mirror of the Hub")
    adding.add_argument("--entries", type=Path, default=zoo.catalog.registry.ENTRIES, metavar="DIR")
    action("pin", run_pin, "print an entry with its revision and digest").add_argument("id")
    checking = action("check", run_check, "declared facts beside measured ones")
    checking.add_argument("ids", nargs="*", metavar="M", help=MODEL)
    add_overrides(checking)
    add_benchmarks(checking)
    fetching = action("fetch", run_fetch, "get weights")
    fetching.add_argument("ids", nargs="+")
    fetching.add_argument("--from", dest="file", type=Path, metavar="FILE", help="a file of yours for one entry")


def run_list(options: argparse.Namespace) -> None:
    """Prints a table, or a JSON array of objects."""
    rows = zoo.catalog.listing.rows(zoo.settings.settings(), scale=options.scale, family=options.family)
    if options.json:
        print(json.dumps(rows, indent=1))
        return
    columns = ("id", "kind", "architecture", "scale", "family", "weights", "availability", "licence")
    widths = {name: max((len(name), *(len(str(r[name])) for r in rows))) for name in columns}
    for line in ({name: name for name in columns}, *rows):
        print("  ".join(str(line[name]).ljust(widths[name]) for name in columns).rstrip())


def run_show(options: argparse.Namespace) -> None:
    """Prints an entry, or what a checkpoint turns out to be."""
    from zoo.models.target import target_of

    target, said = target_of(options.model, zoo.settings.settings()), overrides(options)
    if isinstance(target, Entry) and not options.weights and not any(value is not None for value in said.values()):
        content = zoo.catalog.listing.facts(target, zoo.settings.settings())
    else:
        from zoo.inspection.inspection import inspect

        found = inspect(options.model, settings=zoo.settings.settings(), weights=options.weights, **said)
        content = found.as_dict()
    if options.json:
        print(json.dumps(content, indent=1))
        return
    for name, value in content.items():
        if isinstance(value, list) and not value:
            continue
        for key, inner in value.items() if isinstance(value, dict) else [("", value)]:
            print(f"{' '.join(filter(None, (name, key)))}: {inner}")


def run_add(options: argparse.Namespace) -> None:
    """Writes an entry and prints what a person still has to say."""
    from zoo.inspection.propose_entry import add as add_entry

    own = zoo.settings.settings()
    if options.endpoint:
        own = replace(own, endpoint=options.endpoint.rstrip("/"))
    with ProgressLine() as line:
        there = _telling(line, options.reference)
        added = add_entry(options.reference, options.entries, own, progress=there, **overrides(options))
    if options.json:
        print(json.dumps({"id": added.entry.id, "path": str(added.path), "missing": list(added.missing)}))
        return
    print(added.path)
    for note in added.inspection.notes:
        print(note, file=sys.stderr)
    if added.missing:
        print(f"left to fill: {', '.join(added.missing)}", file=sys.stderr)


def run_pin(options: argparse.Namespace) -> None:
    """Prints the entry's TOML with its pins."""
    from zoo.catalog.toml_writer import entry_text
    from zoo.inspection.propose_entry import pin

    own = zoo.settings.settings()
    pinned = pin(zoo.catalog.registry.registry(*own.entries)[options.id], own)
    print(json.dumps(pinned.model_dump(mode="json")) if options.json else entry_text(pinned), end="")


def run_check(options: argparse.Namespace) -> None:
    """Prints every finding; those without weights here only if named. Exit code 1 if one differs."""
    from zoo.models.target import target_of

    own = zoo.settings.settings()
    entries = zoo.catalog.registry.registry(*own.entries)
    named = {name: target_of(name, own) for name in options.ids}
    targets = named or {e.id: e for e in entries if e.kind != "classical" and find(e, own) is not None}
    tests = benchmarks(options)
    # Imported here: an unknown id needs no PyTorch to be told.
    from zoo.inspection.benchmark_sets import on_benchmarks
    from zoo.inspection.check_entry import check, check_unknown

    reports, said = [], overrides(options)
    with ProgressLine() as line:
        for number, (name, target) in enumerate(targets.items(), 1):
            line.say(f"{name}, {number} of {len(targets)}")
            there = _telling(line, name)
            if not isinstance(target, Entry):
                reports.append(check_unknown(name, own, weights=options.weights, progress=there, **said))
                continue
            report = check(target, own, progress=there, **said)
            if tests:
                report = replace(report, findings=(*report.findings, *on_benchmarks(target, own, tests)))
            reports.append(report)
    if options.json:
        print(json.dumps([report.as_dict() for report in reports], indent=1))
    else:
        for report in reports:
            for f in report.findings:
                line = (
                    report.id,
                    f.verdict.ljust(8),
                    f"{f.fact}: {f.measured}",
                    f"(declared {f.declared or 'nothing'})",
                )
                print("  ".join((*line, f.note)).rstrip())
    if not all(report.passed for report in reports):
        raise SystemExit(1)


def run_fetch(options: argparse.Namespace) -> None:
    """Fetches weights, or takes a file for one entry, and prints where they lie."""
    own = zoo.settings.settings()
    if options.file and len(options.ids) > 1:
        raise InputError(f"--from gives one file, and {len(options.ids)} entries are named; name one")
    paths = {}
    with ProgressLine() as line:
        for i in options.ids:
            paths[i] = str(_fetched(i, options.file, own, _telling(line, i)))
    print(json.dumps(paths) if options.json else "\n".join(paths.values()))


def _fetched(name: str, file: Path | None, own: ZooSettings, progress: Progress) -> Path:
    if name.startswith(openmodeldb.PREFIX):
        target = openmodeldb.OpenModelDB(name.removeprefix(openmodeldb.PREFIX))
        if file is not None:
            return openmodeldb.supply(target, file, own)
        return openmodeldb.fetch(target, own, progress=progress)
    entry = zoo.catalog.registry.registry(*own.entries)[name]
    return supply(entry, file, own) if file is not None else fetch(entry, own, progress=progress)


def _telling(line: ProgressLine, name: str) -> Progress:
    def tell(here: int, total: int | None) -> None:
        line.say(f"{name}: {here / 1e6:.1f}{f' of {total / 1e6:.1f}' if total else ''} MB")

    return tell
