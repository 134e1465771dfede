"""`lam field`: effective receptive fields of networks, trained beside untrained, and their responses to an impulse."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from lam_cli.arguments import InputError, add_overrides, add_pictures, overrides, pictures, say, write_file
from lam_cli.progress import ProgressLine
from lam_cli.serving import add_store, service

SUFFIXES = (".json", ".npz", ".png", ".pdf", ".svg")


def add(commands: Any) -> None:
    """Adds the command to a command line."""
    command = commands.add_parser("field", help="how far networks look on average: effective receptive fields")
    command.add_argument("--models", required=True, metavar="A,B", help="models as for --model, joined by commas")
    add_overrides(command)
    add_pictures(command, " of HR images; all samples but drawn patterns if not given", required=False)
    command.add_argument("--side", type=int, metavar="N", help="LR pixels of every image, odd; the most they have")
    add_store(command)
    command.add_argument(
        "--out", type=Path, action="append", required=True, metavar="FILE", help=f"by its ending: {' '.join(SUFFIXES)}"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Writes every file asked for and prints the figures as JSON."""
    import zoo
    from lam_core.fields.network_fields import to_npz
    from lam_core.fields.request import FieldsRequest, standard_images, standard_side
    from lam_core.images import downscale
    from lam_core.render.fields import draw_fields

    for out in options.out:
        if out.suffix not in SUFFIXES:
            raise InputError(f"--out is {str(out)!r}; give a file that ends in {', '.join(SUFFIXES)}")
    taken, of_set = pictures(options) if options.images else ((), {})
    opened = [picture.open() for picture in taken]
    say(one.note for one in opened)
    said = overrides(options)
    models = [zoo.reference(name, weights=options.weights, **said) for name in options.models.split(",")]
    say(note for model in models for note in model.notes)
    own, found, notes = service(keeps=not options.no_store), [], set()
    with ProgressLine() as line:
        for number, model in enumerate(models, 1):
            images = [downscale(one.pixels, model.scale) for one in opened] or standard_images(model.scale)
            side = options.side or standard_side(images)
            before = f"{model.name}, {number} of {len(models)}: "
            answer = own.answer(FieldsRequest(model, images, side), line.follow(before))
            notes |= {answer.note} - {""}
            found.append(answer.result)
    for note in notes:
        print(note, file=sys.stderr)
    text = json.dumps({**of_set, "networks": [one.to_dict() for one in found]}, allow_nan=False)
    for out in options.out:
        match out.suffix:
            case ".json":
                content = text.encode()
            case ".npz":
                content = to_npz(found)
            case _:
                content = draw_fields(found, out.suffix[1:])
        write_file(out, content)
    print(text)
