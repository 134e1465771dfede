"""`lam semantics`: whether deep features separate by degradation or by content."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from lam_cli.arguments import add_overrides, add_pictures, overrides, pictures, say, write_file
from lam_cli.progress import ProgressLine
from lam_cli.serving import add_store, service


def add(commands: Any) -> None:
    """Adds the command to a command line."""
    command = commands.add_parser("semantics", help="how deep features separate by degradation and by content")
    command.add_argument("--models", required=True, metavar="M1,M2", help="models as for --model, joined by commas")
    add_overrides(command)
    add_pictures(command, "; a picture's subfolder is its content, else its name")
    command.add_argument("--layers", metavar="L1,L2", help="names of layers; the stages of the trunk if not given")
    command.add_argument("--degradations", default="clean,blur,noise", metavar="D1,D2")
    command.add_argument("--seed", type=int, default=0)
    add_store(command)
    command.add_argument("--out", type=Path, required=True, metavar="FILE.json")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Writes the analysis as JSON and prints the file's name; one that was stopped goes on with the next network."""
    from lam_core.images.degradations import Degradation
    from lam_core.semantics.design import Design, Picture
    from lam_core.semantics.requests import AnalysisRequest
    from lam_core.semantics.result import Analysis
    from zoo.models.reference import feature_reference

    names = [text.strip() for text in options.degradations.split(",")]
    degradations = tuple(Degradation.parse(name) for name in names)
    said = overrides(options)
    models = [feature_reference(name, weights=options.weights, **said) for name in options.models.split(",")]
    say(note for model in models for note in model.notes)
    shown = []
    taken, of_set = pictures(options)
    for picture in taken:
        folder, _, _ = picture.name.rpartition("/")
        opened = picture.open()
        if opened.note:
            print(opened.note, file=sys.stderr)
        shown.append(Picture(picture.name, folder or Path(picture.name).stem, opened.pixels))
    design = Design(tuple(shown), degradations, options.seed)
    layers = tuple(options.layers.split(",")) if options.layers else None

    answers = []
    with ProgressLine() as line:
        own = service(keeps=not options.no_store)
        for number, model in enumerate(models, 1):
            before = f"{model.name}, {number} of {len(models)}: "
            answers.append(own.answer(AnalysisRequest(model, design, layers), line.follow(before)))
    for note in dict.fromkeys(answer.note for answer in answers if answer.note):
        print(note, file=sys.stderr)
    analysis = Analysis.joined([answer.result for answer in answers])
    # Points carry the names that were given; beside them stands what these mean.
    content = replace(analysis, degradations=tuple(names)).to_json()
    content |= of_set
    content["strengths"] = dict(zip(names, map(str, degradations), strict=True))
    write_file(options.out, json.dumps(content, allow_nan=False).encode())
    print(options.out)
