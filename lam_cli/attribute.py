"""`lam attribute`: one map, its figures as JSON."""

from __future__ import annotations

import argparse
import io
import json
import sys
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from lam_cli.arguments import add_model, read_picture, window, write_file
from lam_cli.progress import ProgressLine
from lam_cli.serving import add_store, service
from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.settings import AttributionSettings
from lam_core.images import Pixels, downscale, mod_crop, psnr
from lam_core.images.pair import pair
from lam_core.region import FieldSize
from lam_core.service.service import Status


def field(text: str) -> FieldSize:
    """The value of --field."""
    return "full" if text == "full" else int(text)


def add(commands: Any) -> None:
    """Adds the command to a command line."""
    command = commands.add_parser("attribute", help="which input pixels made a window of the output")
    command.add_argument("image", type=Path, help="the HR picture, or the LR one with --lr or --hr")
    add_model(command)
    command.add_argument("--window", required=True, metavar="X,Y,SIZE", help="in SR pixels, top-left corner first")
    command.add_argument("--rule", choices=("reference", "default"), default="default")
    command.add_argument("--nodes", type=int, help="points on the path (at most this many under the default rule)")
    command.add_argument("--tolerance", type=float, help="relative error of the displayed map to stop at")
    command.add_argument("--sigma", type=float, help="blur of the baseline in LR pixels")
    command.add_argument("--detector", choices=("gradient", "intensity", "gabor"))
    command.add_argument("--field", type=field, metavar="N|full", help="side of the attributed LR field")
    command.add_argument("--dtype", choices=("float32", "tf32", "float64"), help="tf32: GPU only")
    command.add_argument("--lr", action="store_true", help="the picture is low-resolution as it is")
    command.add_argument("--hr", type=Path, metavar="FILE", help="the HR picture of an LR one; implies --lr")
    add_store(command)
    command.add_argument("--out", type=Path, metavar="FILE.npz", help="write `signed` [3, h, w] and `map` [h, w]")
    command.add_argument("--png", type=Path, metavar="FILE.png", help="write the figure: HR, SR, map, density, DI")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Prints one JSON object."""
    region = window(options.window)
    chosen = {
        name: getattr(options, name)
        for name in ("nodes", "tolerance", "sigma", "detector", "field", "dtype")
        if getattr(options, name) is not None
    }
    if options.rule == "reference":
        chosen.setdefault("field", "full")
    asked = AttributionSettings(rule=options.rule, **chosen)
    picture = read_picture(options.image)

    import zoo

    model = zoo.reference(options.model, input_range=options.input_range, weights=options.weights)
    for note in model.notes:
        print(note, file=sys.stderr)
    lr, hr = _pictures(options, picture, model.scale)
    with ProgressLine() as line:
        request = AttributionRequest(model, lr, region, asked)
        answer = service(keeps=not options.no_store).answer(request, lambda status: line.say(in_words(status)))
    if answer.note:
        print(answer.note, file=sys.stderr)
    result = answer.result
    summary = {**result.summary(), "from_store": answer.from_store}
    if hr is not None:
        rows, columns = (slice(s.start * model.scale, s.stop * model.scale) for s in result.field.slices)
        summary["psnr"] = psnr(result.sr, hr[rows, columns], shave=model.scale)
    if options.out:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, signed=result.signed, map=result.map)
        write_file(options.out, buffer.getvalue())
    if options.png:
        from lam_core.render import png
        from lam_core.render.figure.results import results_figure

        write_file(options.png, png(results_figure([result], lr, hr)))
    print(json.dumps(summary))


def _pictures(options: argparse.Namespace, picture: Pixels, scale: int) -> tuple[Pixels, Pixels | None]:
    """LR and, where there is one, HR [s·h, s·w, 3]: reduced from the picture, or a pair of two files."""
    if options.hr:
        both = pair(picture, read_picture(options.hr), scale)
        for note in both.notes:
            print(note, file=sys.stderr)
        return both.lr, both.hr
    if options.lr:
        return picture, None
    return downscale(picture, scale), mod_crop(picture, scale)


def in_words(status: Status) -> str:
    """What a computation is at."""
    if status.progress is None:
        return "loading the model" if status.stage == "model" else "waiting"
    p = status.progress
    error = f", error {p.error:.1%}" if isfinite(p.error) else ""
    return f"{p.nodes} of at most {p.budget} nodes{error}"
