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


def add(commands: Any) -> None:
    """Adds the command to a command line."""
    command = commands.add_parser("sweep", help="models on pictures: a table of DI beside PSNR")
    command.add_argument("--models", required=True, metavar="A,B", help="models as for --model, joined by commas")
    add_overrides(command)
    add_pictures(command, " of HR pictures")
    command.add_argument("--windows", choices=("centre", "grid", "hard"), default="centre")
    add_settings(command)
    command.add_argument("--scheduler", default="", metavar="ADDRESS", help="of a Dask scheduler")
    command.add_argument("--out", type=Path, required=True, metavar="FILE.parquet", help=".parquet or .csv")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Writes the table and prints a summary as JSON; a sweep that was stopped goes on where it was."""
    import zoo
    from lam_core.studies.sweeps.sweep import Plan, sweep
    from lam_core.studies.sweeps.table import write_table

    if options.out.suffix not in (".parquet", ".csv"):
        raise InputError(f"--out is {str(options.out)!r}; give a file that ends in .parquet or .csv")
    taken, of_set = pictures(options)
    said = overrides(options)
    models = tuple(zoo.reference(name, weights=options.weights, **said) for name in options.models.split(","))
    say(note for model in models for note in model.notes)
    plan = Plan(
        models=models,
        pictures=taken,
        windows=options.windows,
        settings=attribution_settings(options, AttributionSettings()),
    )
    with ProgressLine() as line:
        swept = sweep(
            plan, service(), scheduler=options.scheduler, on_progress=lambda progress: line.say(progress.text)
        )
    if swept.table.empty:
        raise InputError(f"none of the {len(plan.pictures)} pictures gave a row; the first fault: {swept.faults[0]}")
    try:
        write_table(swept.table, options.out)
    except OSError as error:
        raise InputError(
            f"cannot write {str(options.out)!r}: {error.strerror or error}; the results are kept, so the same command "
            "with another --out takes seconds"
        ) from None
    for sentence in (*map(str, swept.faults), *swept.notes):
        print(sentence, file=sys.stderr)
    print(
        json.dumps(
            {
                "rows": len(swept.table),
                "models": [model.name for model in plan.models],
                "pictures": len(plan.pictures),
                **of_set,
                "faults": [str(fault) for fault in swept.faults],
                "notes": list(swept.notes),
                "out": str(options.out),
            }
        )
    )
