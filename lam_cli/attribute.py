"""`lam attribute`: one map, its figures as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from lam_cli.arguments import (
    add_degradation,
    add_model,
    add_settings,
    attribution_settings,
    degradation,
    overrides,
    read_picture,
    say,
    window,
    without_folder,
    write_file,
)
from lam_cli.progress import ProgressLine
from lam_cli.serving import add_store, service
from lam_core.attribution.baseline import index_fault
from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.result import Attribution
from lam_core.attribution.settings import AttributionSettings
from lam_core.images import Pixels, bicubic, downscale, mod_crop, psnr
from lam_core.images.pair import pair


def add(commands: Any) -> None:
    """Adds the command to a command line."""
    command = commands.add_parser("attribute", help="which input pixels made a window of the output")
    command.add_argument("image", type=Path, help="the HR picture, or the LR one with --lr or --hr")
    add_model(command)
    command.add_argument("--window", required=True, metavar="X,Y,SIZE", help="in SR pixels, top-left corner first")
    add_settings(command)
    command.add_argument("--lr", action="store_true", help="the picture is low-resolution as it is")
    add_degradation(command)
    command.add_argument("--hr", type=Path, metavar="FILE", help="the HR picture of an LR one; implies --lr")
    add_store(command)
    command.add_argument("--out", type=Path, metavar="FILE.npz", help="write `signed` [3, h, w], `map` [h, w] and `sr`")
    command.add_argument("--png", type=Path, metavar="FILE.png", help="write a figure; `lam figure` has its options")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Prints one JSON object."""
    region = window(options.window)
    asked = attribution_settings(options, AttributionSettings())
    spoilt = degradation(options.degrade)
    picture = read_picture(options.image)

    import zoo

    model = zoo.reference(options.model, weights=options.weights, **overrides(options))
    say(model.notes)
    lr, hr = _pictures(options, picture, model.scale)
    with ProgressLine() as line:
        request = AttributionRequest(model, lr, region, asked).under(spoilt)
        own = service(keeps=not options.no_store)
        answer = own.answer(request, line.follow())
    if answer.note:
        print(answer.note, file=sys.stderr)
    result = answer.result
    print(result.computation.sentence, file=sys.stderr)
    told = set(model.notes)
    say(f"warning: {warning}" for warning in result.computation.warnings if warning not in told)
    summary = {**result.summary(), "from_store": answer.from_store}
    if fault := index_fault(asked):
        print(f"no DI is given: {fault}", file=sys.stderr)
        summary |= {"diffusion_index": None, "diffusion_index_error": None}
    if hr is not None:
        rows, columns = (slice(s.start * model.scale, s.stop * model.scale) for s in result.field.slices)
        summary["psnr"] = psnr(result.sr, hr[rows, columns], shave=model.scale)
        enlarged = bicubic(request.image[result.field.slices], model.scale)
        summary["psnr_bicubic"] = psnr(enlarged, hr[rows, columns], shave=model.scale)
    if options.out:
        write_file(options.out, result.to_npz())
    if options.png:
        write_file(options.png, _figure(options, request.image, hr, result))
    print(json.dumps(summary))


def _pictures(options: argparse.Namespace, picture: Pixels, scale: int) -> tuple[Pixels, Pixels | None]:
    """LR and, where there is one, HR [s·h, s·w, 3]: reduced from the picture, or a pair of two files."""
    if options.hr:
        both = pair(picture, read_picture(options.hr), scale)
        for note in both.notes:
            print(note, file=sys.stderr)
        return both.lr, both.hr
    # At scale 1 a PSNR to the image itself would say how little the network changes, unless it is degraded first.
    if options.lr or scale == 1:
        return picture, picture if scale == 1 and options.degrade and not options.lr else None
    return downscale(picture, scale), mod_crop(picture, scale)


def _figure(options: argparse.Namespace, lr: Pixels, hr: Pixels | None, result: Attribution) -> bytes:
    """The published figure of one result, as PNG."""
    from lam_core.render.figure import ImageSource, Source, Window, published_figure

    window = result.region
    windows = (Window(window.x, window.y, window.size),)
    own_hr = options.hr.name if options.hr else ""
    image = ImageSource(options.image.name, low_resolution=options.lr or bool(own_hr), hr=own_hr, windows=windows)
    spoilt = "" if result.degradation == "clean" else f", {result.degradation}"
    source = Source(f"{options.image.stem}{spoilt}", lr, hr, result.scale)
    return published_figure(image, source, [without_folder(options.model)], [result])
