"""`lam sweep`: models on pictures, one table at the end."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from lam_cli.arguments import (
    InputError,
    add_overrides,
    add_pictures,
    add_settings,
    attribution_settings,
    overrides,
    pictures,
    say,
)
from lam_cli.progress import ProgressLine
from lam_cli.serving import service
from lam_core.attribution.settings import AttributionSettings
from lam_core.errors import LamError
from lam_core.images.degradations import CLEAN, Degradation, Step


def add(commands: Any) -> None:
    """Adds the command to a command line."""
    command = commands.add_parser("sweep", help="models on pictures: a table of DI beside PSNR")
    command.add_argument("--models", required=True, metavar="A,B", help="models as for --model, joined by commas")
    add_overrides(command)
    add_pictures(command, " of HR pictures")
    command.add_argument("--windows", choices=("centre", "grid", "hard"), default="centre")
    add_settings(command)
    command.add_argument(
        "--degrade",
        default="",
        metavar="KIND=S1,S2",
        help="rows under a degradation of the LR pictures too, for each of these strengths: blur=0,1,2; 0 is clean",
    )
    command.add_argument("--scheduler", default="", metavar="ADDRESS", help="of a Dask scheduler")
    command.add_argument("--out", type=Path, required=True, metavar="FILE.parquet", help=".parquet or .csv")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Writes the table and prints a summary as JSON; a sweep that was stopped goes on where it was."""
    import zoo
    from lam_core.studies.sweeps.sweep import Plan, sweep
    from lam_core.studies.sweeps.table import join, write_table
    from zoo.models.portable import portable

    if options.out.suffix not in (".parquet", ".csv"):
        raise InputError(f"--out is {str(options.out)!r}; give a file that ends in .parquet or .csv")
    taken, of_set = pictures(options)
    said = overrides(options)
    models = tuple(zoo.reference(name, weights=options.weights, **said) for name in options.models.split(","))
    say(note for model in models for note in model.notes)
    if options.scheduler:
        models = tuple(map(portable, models))
    asked = attribution_settings(options, AttributionSettings())
    rungs = _degradations(options.degrade)
    if options.windows == "hard" and len(rungs) > 1:
        raise InputError("--windows hard finds another window at each strength; give centre or grid with --degrade")
    swept = []
    with ProgressLine() as line:
        for rung in rungs:
            before = f"{rung.title}: " if len(rungs) > 1 else ""
            plan = Plan(models, taken, windows=options.windows, settings=asked, degradation=rung)
            told = sweep(
                plan, service(), scheduler=options.scheduler, on_progress=lambda at, b=before: line.say(b + at.text)
            )
            swept.append(told)
    table = join([one.table for one in swept])
    faults = tuple(fault for one in swept for fault in one.faults)
    notes = tuple(dict.fromkeys(note for one in swept for note in one.notes))
    if table.empty:
        raise InputError(f"none of the {len(taken)} pictures gave a row; the first fault: {faults[0]}")
    try:
        write_table(table, options.out)
    except OSError as error:
        raise InputError(
            f"cannot write {str(options.out)!r}: {error.strerror or error}; the results are kept, so the same command "
            "with another --out takes seconds"
        ) from None
    for sentence in (*map(str, faults), *notes):
        print(sentence, file=sys.stderr)
    print(
        json.dumps(
            {
                "rows": len(table),
                "models": [model.name for model in models],
                "pictures": len(taken),
                **of_set,
                "faults": [str(fault) for fault in faults],
                "notes": list(notes),
                "out": str(options.out),
            }
        )
    )


def _degradations(text: str) -> tuple[Degradation, ...]:
    """Clean, or one kind of degradation at several strengths; 0 stands for clean. Raises `InputError`."""
    kind, _, strengths = text.partition("=")
    if not text:
        return (CLEAN,)
    try:
        steps = [Step(kind, float(strength)) for strength in strengths.split(",")]
    except ValueError as error:
        why = str(error) if isinstance(error, LamError) else f"{strengths!r} is no list of numbers"
        raise InputError(f"--degrade is {text!r}: {why}; give a kind and strengths such as blur=0,1,2") from None
    return tuple(Degradation((step,)) if step.strength else CLEAN for step in steps)
