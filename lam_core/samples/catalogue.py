"""Every sample, in the order in which they are shown."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache, partial
from pathlib import Path

import numpy as np
from PIL import Image

from lam_core.errors import LamError
from lam_core.images import Pixels
from lam_core.region import Region
from lam_core.samples.photographs import photographs
from lam_core.samples.sample import Kind, Sample

DRAWN = Path(__file__).with_name("drawn")
"""Pictures that `tools.samples` drew. Results are named by their pixels, which therefore are files: no release of
Pillow or NumPy changes them."""
PATTERNS: tuple[Kind, ...] = ("stripes", "grid", "checkerboard", "plate")
"""Kinds of samples that are drawn patterns: no scenes, and so no part of studies of those."""


class UnknownSampleError(LamError, LookupError):
    """A sample id that nothing is called by."""


@cache
def samples() -> tuple[Sample, ...]:
    """All samples; their pictures are computed when asked for."""
    return (*_facades(), *photographs(), *_scenes(), *_patterns())


def sample(sample_id: str) -> Sample:
    """The sample of that id. Raises `UnknownSampleError`, which names the nearest, if there is none.

    >>> sample("brick").kind
    'texture'
    """
    by_id = {s.id: s for s in samples()}
    if sample_id not in by_id:
        nearest = get_close_matches(sample_id, by_id, n=1, cutoff=0)[0]
        raise UnknownSampleError(f"there is no sample {sample_id!r}; the nearest is {nearest!r}")
    return by_id[sample_id]


def _drawn(sample_id: str, title: str, kind: Kind, window: tuple[int, int] = (120, 120)) -> Sample:
    return Sample(
        sample_id, title, kind, "rendered by this project", "CC0 1.0", Region(*window), partial(_read, sample_id)
    )


def _read(sample_id: str) -> Pixels:
    with Image.open(DRAWN / f"{sample_id}.png") as image:
        return np.array(image)


def _facades() -> tuple[Sample, ...]:
    return (
        _drawn("brick-terrace", "Brick terrace", "facade", (84, 84)),
        _drawn("glass-tower", "Glass tower", "facade", (120, 120)),
        _drawn("shuttered-house", "Shuttered house", "facade", (205, 130)),
        _drawn("panel-block", "Panel block", "facade", (148, 92)),
        _drawn("stone-balconies", "Stone and balconies", "facade", (104, 76)),
        _drawn("warehouse", "Warehouse windows", "facade", (128, 130)),
        _drawn("corner-office", "Corner office", "facade", (96, 120)),
        _drawn("distant-tower", "Distant tower", "facade", (120, 120)),
        _drawn("lit-windows", "Windows at dusk", "facade", (140, 130)),
    )


def _scenes() -> tuple[Sample, ...]:
    return (
        _drawn("pantiles", "Round tiles", "roof"),
        _drawn("slates", "Slates", "roof"),
        _drawn("hedge", "Hedge", "foliage"),
        _drawn("leaves", "Leaves", "foliage"),
        _drawn("treetops", "Treetops", "foliage"),
        _drawn("page", "Printed page", "text"),
        _drawn("poster", "Poster", "text"),
        _drawn("timetable", "Timetable", "text"),
    )


def _patterns() -> tuple[Sample, ...]:
    return (
        _drawn("stripes-12", "Stripes, 12 pixels", "stripes"),
        _drawn("stripes-6", "Stripes, 6 pixels at 20°", "stripes"),
        _drawn("stripes-9", "Stripes, 9 pixels at 83°", "stripes"),
        _drawn("grid-14", "Grid, 14 pixels at 10°", "grid"),
        _drawn("grid-24", "Grid, 24 pixels at 45°", "grid"),
        _drawn("checkerboard-16", "Checkerboard, 16 pixels", "checkerboard"),
        _drawn("checkerboard-24", "Checkerboard, 24 pixels at 30°", "checkerboard"),
        _drawn("plate-9", "Perforated plate, 9 pixels at 30°", "plate"),
        _drawn("plate-16", "Perforated plate, 16 pixels", "plate"),
        _drawn("plate-24", "Perforated plate, 24 pixels at 15°", "plate"),
        _drawn("plate-12", "Square perforation, 12 pixels", "plate"),
    )
