"""`lam semantics`: whether deep features part by degradation or by content."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from lam_cli.arguments import InputError, add_overrides, add_pictures, overrides, pictures, say, write_file
from lam_cli.progress import ProgressLine


def add(commands: Any) -> None:
    """Adds the command to a command line."""
    command = commands.add_parser("semantics", help="how deep features part by degradation and by content")
    command.add_argument("--models", required=True, metavar="M1,M2", help="models as for --model, joined by commas")
    add_overrides(command)
    add_pictures(command, "; a picture's subfolder is its content, else its name")
    command.add_argument("--layers", metavar="L1,L2", help="names of layers; the stages of the trunk if not given")
    command.add_argument("--degradations", default="clean,blur,noise", metavar="D1,D2")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--out", type=Path, required=True, metavar="FILE.json")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Writes the analysis as JSON and prints the file's name."""
    import zoo
    from lam_core.images.degradations import Degradation
    from lam_core.model import Restorer
    from lam_core.semantics.analyse import analyse
    from lam_core.semantics.design import Picture

    names = [text.strip() for text in options.degradations.split(",")]
    degradations = [Degradation.parse(name) for name in names]
    networks = []
    for name in options.models.split(","):
        model = zoo.load(name, weights=options.weights, **overrides(options))
        say(getattr(model, "notes", ()))
        if isinstance(model, Restorer):
            raise InputError(f"{model.name} is a classical method and has no features; choose a network")
        networks.append(model)
    shown = []
    taken, of_set = pictures(options)
    for picture in taken:
        folder, _, _ = picture.name.rpartition("/")
        opened = picture.open()
        if opened.note:
            print(opened.note, file=sys.stderr)
        shown.append(Picture(picture.name, folder or Path(picture.name).stem, opened.pixels))

    with ProgressLine() as line:
        analysis = analyse(
            networks,
            shown,
            degradations=degradations,
            layers=options.layers.split(",") if options.layers else None,
            seed=options.seed,
            progress=lambda now: line.say(f"{now.model} {now.task} {now.share:.0%}"),
        )
    # Points carry the names that were given; beside them stands what these mean.
    content = replace(analysis, degradations=tuple(names)).to_json()
    content |= of_set
    content["strengths"] = dict(zip(names, map(str, degradations), strict=True))
    write_file(options.out, json.dumps(content, allow_nan=False).encode())
    print(options.out)
