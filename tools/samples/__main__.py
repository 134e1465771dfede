"""Draws the samples that ship, as PNG: `python -m tools.samples [FOLDER]`, which never replaces a file.

Stored and shipped results are named by the pixels of their samples: a picture that has been shipped stays as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PIL import Image

from lam_core.images import Pixels
from lam_core.samples.catalogue import DRAWN
from lam_core.samples.patterns import checkerboard, lines, plate, stripes
from tools.samples import facades, lettering, plants, roofs

RENDERERS: dict[str, Callable[[], Pixels]] = {
    "brick-terrace": facades.brick_terrace,
    "glass-tower": facades.glass_tower,
    "shuttered-house": facades.shuttered_house,
    "panel-block": facades.panel_block,
    "stone-balconies": facades.stone_balconies,
    "warehouse": facades.warehouse,
    "corner-office": facades.corner_office,
    "distant-tower": facades.distant_tower,
    "lit-windows": facades.lit_windows,
    "pantiles": roofs.pantiles,
    "slates": roofs.slates,
    "hedge": partial(plants.foliage, size=4, seed=51),
    "leaves": partial(plants.foliage, size=9, seed=52),
    "treetops": partial(plants.treetops, seed=53),
    "page": lettering.page,
    "poster": lettering.poster,
    "timetable": lettering.timetable,
    "stripes-12": partial(stripes, 12, 0),
    "stripes-6": partial(stripes, 6, 20),
    "stripes-9": partial(stripes, 9, 83),
    "grid-14": partial(lines, 14, 10),
    "grid-24": partial(lines, 24, 45),
    "checkerboard-16": partial(checkerboard, 16, 0),
    "checkerboard-24": partial(checkerboard, 24, 30),
    "plate-9": partial(plate, 9, 30),
    "plate-16": partial(plate, 16, 0),
    "plate-24": partial(plate, 24, 15),
    "plate-12": partial(plate, 12, 8, staggered=False),
}


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DRAWN
    folder.mkdir(parents=True, exist_ok=True)
    for name, render in RENDERERS.items():
        path = folder / f"{name}.png"
        if not path.exists():
            Image.fromarray(render()).save(path, optimize=True)
            print(path)


if __name__ == "__main__":
    main()
