"""What a visitor takes away from a comparison: all panels as one picture, arrays, figures and settings as JSON."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np

from dashboard.app_pages.compare.comparison import Lineup, Seen
from dashboard.gallery.shipped import first_visit
from dashboard.presentation import exports
from dashboard.presentation.formatting import settings_of
from lam_core.attribution.checks.map_checks import Subject
from lam_core.render import difference_over, informative_over, png
from lam_core.render.figure.sheet import Tile, sheet
from lam_core.studies.published import SOURCE

MOST_TILES = 4
"""In one row of the picture."""


def panels(lineup: Lineup, address: str) -> bytes:
    """Both pictures of the slider, every map, the informative areas and every difference, as PNG."""
    target, base = lineup.target, lineup.baseline
    lr, _ = target.picture.part(target.field)
    pictures = [Tile(lineup.options[key], lineup.picture_of(key)) for key in lineup.sides]
    areas = Tile(
        "Informative areas", informative_over(lr, lineup.areas.shown), "red: both groups, blue: only group B (wide)"
    )
    maps = [Tile(one.name, lineup.colours.over(lr, one.result), exports.di_line(one.result)) for one in lineup.seen]
    moved = [
        Tile(
            f"{one.name} - {base.name}",
            difference_over(lr, lineup.coloured_difference(one)),
            f"shared {100 * lineup.shared(one):.0f} %",
        )
        for one in lineup.others
    ]
    rows = [[*pictures, areas], *_rows(maps), *_rows(moved)]
    footnote = (
        f"{lineup.sentence} Darkest red: {lineup.colours.most} · {target.picture.title} · {settings_of(base.result)}"
    )
    return png(sheet(rows, target.local, footnote))


def _rows(tiles: list[Tile]) -> list[list[Tile]]:
    return [tiles[k : k + MOST_TILES] for k in range(0, len(tiles), MOST_TILES)]


def arrays(lineup: Lineup, address: str) -> bytes:
    """Signed maps [n, 3, h, w], SR pictures [n, s·h, s·w, 3] and informative areas [h, w] as .npz, names beside."""
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        models=np.array([one.key for one in lineup.seen]),
        signed=np.stack([one.result.signed for one in lineup.seen]),
        sr=np.stack([one.result.sr for one in lineup.seen]),
        informative=lineup.areas.shown,
        wide=lineup.areas.wide,
        common=lineup.areas.common,
    )
    return buffer.getvalue()


def figures(lineup: Lineup, address: str) -> str:
    """All figures and settings as JSON."""
    results = [one.result for one in lineup.seen]
    content = json.loads(exports.figures(lineup.target.picture, results, address))
    for row, one in zip(content["results"], lineup.seen, strict=True):
        row |= {
            "id": one.key,
            "tag": one.offer.tag,
            "source": source_of(one),
            "shared_with_baseline": lineup.shared(one),
        }
    content["comparison"] = {
        "baseline": lineup.baseline.key,
        "wide": [one.key for one in lineup.wide],
        "common": [one.key for one in lineup.common],
        "sentence": lineup.sentence,
        "informative_areas": lineup.areas.to_dict(),
    }
    content["citation"] = SOURCE
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def checked(subject: Subject, check: str, result: Any, address: str) -> str:
    """What a check found, with all that it depends on, as JSON."""
    request = subject.request
    content = {
        "check": check,
        "model": request.model.name,
        "fingerprint": request.model.fingerprint,
        "picture": subject.image,
        "window": [request.region.x, request.region.y, request.region.size],
        "scale": request.model.scale,
        "settings": request.settings.as_dict(),
        "found": result.to_dict(),
        "address": address,
        "citation": SOURCE,
    }
    return json.dumps(content, indent=1) + "\n"


def source_of(one: Seen) -> str:
    """Where a shipped result comes from; empty for all others."""
    if not one.outcome.shipped:
        return ""
    return next((known.details for known in first_visit().checkpoints if known.id == one.key), "")
