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
    overrides,
    read_picture,
    say,
    write_file,
)
from lam_cli.progress import ProgressLine
from lam_cli.serving import add_store, service
from lam_core.attribution.heatmap import TILE_TOLERANCE, HeatmapRequest
from lam_core.attribution.settings import AttributionSettings
from lam_core.images import downscale

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
    command.add_argument("--out", type=Path, required=True, metavar="FILE.npz")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Writes the arrays and prints a summary as JSON."""
    picture = read_picture(options.image)

    import zoo

    model = zoo.reference(options.model, weights=options.weights, **overrides(options))
    say(model.notes)
    lr = picture if options.lr else downscale(picture, model.scale)
    asked = attribution_settings(options, TILES)
    with ProgressLine() as line:
        request = HeatmapRequest(model, lr, options.size, options.stride, asked)
        answer = service(keeps=not options.no_store).answer(request, line.follow())
    if answer.note:
        print(answer.note, file=sys.stderr)
    tiles = answer.result
    write_file(options.out, tiles.to_npz())
    index = tiles.diffusion_index
    print(
        json.dumps(
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
    )
