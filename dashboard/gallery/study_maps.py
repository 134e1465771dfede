"""Maps of the shipped sweep, to be shown, not measured: also of networks whose weights are not part of the project."""

from __future__ import annotations

import functools
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.gallery.shipped import FOLDER

MAPS = FOLDER / "maps.npz"
"""By fingerprint uint8 [images, h, w], 255 the largest of each map, and `about`, JSON that says of what they are."""


def read() -> tuple[dict[str, Any], dict[str, NDArray[np.uint8]]]:
    """What the kept maps are of, and the maps by fingerprint; nothing where none are kept."""
    if not MAPS.is_file():
        return {}, {}
    with np.load(MAPS, allow_pickle=False) as archive:
        maps = {name: archive[name] for name in archive.files}
    return json.loads(str(maps.pop("about"))), maps


def write(about: dict[str, Any], maps: dict[str, NDArray[np.uint8]]) -> None:
    """Keeps maps in place of those before."""
    np.savez_compressed(MAPS, allow_pickle=False, about=np.array(json.dumps(about)), **maps)


@functools.cache
def _kept() -> tuple[dict[str, int], dict[str, NDArray[np.uint8]]]:
    about, maps = read()
    return {image: i for i, image in enumerate(about.get("images", {}))}, maps


def shipped_map(fingerprint: str, image: str) -> NDArray[np.float64] | None:
    """The displayed map [h, w] in [0, 1] of a network in an image of the shipped sweep, in steps of 1/255."""
    places, maps = _kept()
    return maps[fingerprint][places[image]] / 255 if fingerprint in maps and image in places else None
