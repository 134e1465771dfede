"""`lam upscale`: a network's picture of an LR picture."""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Any

from PIL import Image

from lam_cli.arguments import InputError, add_model, overrides, read_picture, say, write_file


def add(commands: Any) -> None:
    """Adds the command to a command line."""
    command = commands.add_parser("upscale", help="enlarge a picture")
    command.add_argument("image", type=Path, help="the LR picture")
    add_model(command)
    command.add_argument("--out", type=Path, required=True, metavar="FILE.png")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Writes the SR picture and prints its path."""
    picture = read_picture(options.image)

    import zoo
    from lam_core.model import FeatureModel, Restorer

    model = zoo.load(options.model, weights=options.weights, **overrides(options))
    match model:
        case FeatureModel():
            raise InputError(f"{model.name} is a classifier and makes no pictures; choose a super-resolution network")
        case Restorer():
            enlarged = model.restore(picture)
        case _:
            enlarged = model.upscale(picture)
            say((*model.notes, model.output_note))
    buffer = io.BytesIO()
    Image.fromarray(enlarged).save(buffer, "PNG")
    write_file(options.out, buffer.getvalue())
    print(options.out)
