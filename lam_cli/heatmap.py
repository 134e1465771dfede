"""`lam heatmap`: DI of every window of a grid."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from lam_cli.arguments import (
    add_model,
    add_settings,
    attribution_settings,
    check_outs,
    overrides,
    read_picture,
    say,
    write_file,
)
from lam_cli.progress import ProgressLine
from lam_cli.serving import add_store, service
from lam_core.attribution.heatmap import TILE_TOLERANCE, Heatmap, HeatmapRequest
from lam_core.attribution.settings import AttributionSettings
from lam_core.attribution.wording import settings_line
from lam_core.region import Region, field_around
from lam_core.render.figure import Source
from lam_core.render.figure.draw import Format
from lam_core.render.figure.heatmap import heatmap_figure

ARRAYS = ".npz"
FIGURES: dict[str, Format] = {".pdf": "pdf", ".svg": "svg", ".png": "png"}
TILES = AttributionSettings(tolerance=TILE_TOLERANCE)
"""What counts for each map behind a tile unless the options say otherwise."""


def add(commands: Any) -> None:
    """Adds the command to a command line."""
    command = commands.add_parser("heatmap", help="the Diffusion Index of every window of a grid")
    command.add_argument("image", type=Path, help="the HR picture, or the LR one with --lr")
    add_model(command)
    command.add_argument("--size", type=int, default=16, help="side of a window in SR pixels")
    command.add_argument("--stride", type=int, default=16, metavar="S", help="distance of windows in SR pixels")
    add_settings(command, standard=TILES)
    command.add_argument("--lr", action="store_true", help="the picture is low-resolution as it is")
    add_store(command)
    command.add_argument(
        "--out",
        type=Path,
        action="append",
        required=True,
        metavar="FILE",
        help=f"repeatable; by its ending: arrays {ARRAYS}, figure {' '.join(FIGURES)}",
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Writes every file asked for and prints a summary as JSON."""
    check_outs(options.out, (ARRAYS, *FIGURES))
    picture = read_picture(options.image)

    import zoo

    model = zoo.reference(options.model, weights=options.weights, **overrides(options))
    say(model.notes)
    source = Source.of(picture, options.image.stem, model.scale, low_resolution=options.lr)
    asked = attribution_settings(options, TILES)
    with ProgressLine() as line:
        request = HeatmapRequest(model, source.lr, options.size, options.stride, asked)
        answer = service(keeps=not options.no_store).answer(request, line.follow())
    if answer.note:
        print(answer.note, file=sys.stderr)
    tiles = answer.result
    index = tiles.diffusion_index
    summary = json.dumps(
        {
            "windows": index.size,
            "without_map": int(np.isnan(index).sum()),
            "mean": float(np.nanmean(index)) if np.isfinite(index).any() else None,
            "size": tiles.size,
            "stride": options.stride,
            "settings": asked.as_dict(),
            "model": model.name,
            "fingerprint": model.fingerprint,
            "from_store": answer.from_store,
        }
    )
    for out in options.out:
        is_figure = out.suffix in FIGURES
        write_file(out, _figure(source, tiles, out.suffix, request, summary) if is_figure else tiles.to_npz())
    print(summary)


def _figure(source: Source, tiles: Heatmap, suffix: str, request: HeatmapRequest, summary: str) -> bytes:
    asked, scale = request.settings, source.scale
    # Windows have their own fields, which differ in place alone.
    height, width = source.lr.shape[:2]
    field = field_around(Region(int(tiles.x[0]), int(tiles.y[0]), tiles.size), height, width, scale, asked.field)
    line = settings_line(asked, Region(0, 0, tiles.size), field, scale)
    return heatmap_figure(
        source.shown(),
        tiles,
        FIGURES[suffix],
        title=f"{request.model.name}, {source.name}",
        note=f"{tiles.diffusion_index.size} windows, one every {request.stride} SR pixels · {line}",
        about=summary,
    )
