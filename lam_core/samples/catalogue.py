"""Every sample, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from functools import cache, partial

from lam_core.errors import LamError
from lam_core.images import Pixels
from lam_core.region import Region
from lam_core.samples import facades, lettering, plants, roofs
from lam_core.samples.patterns import checkerboard, lines, plate, stripes
from lam_core.samples.photographs import photographs
from lam_core.samples.sample import Kind, Sample


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


def _drawn(
    sample_id: str, title: str, kind: Kind, render: Callable[[], Pixels], window: tuple[int, int] = (120, 120)
) -> Sample:
    return Sample(sample_id, title, kind, "rendered by this project", "CC0 1.0", Region(*window), render)


def _facades() -> tuple[Sample, ...]:
    return (
        _drawn("brick-terrace", "Brick terrace", "facade", facades.brick_terrace, (84, 84)),
        _drawn("glass-tower", "Glass tower", "facade", facades.glass_tower, (120, 120)),
        _drawn("shuttered-house", "Shuttered house", "facade", facades.shuttered_house, (205, 130)),
        _drawn("panel-block", "Panel block", "facade", facades.panel_block, (148, 92)),
        _drawn("stone-balconies", "Stone and balconies", "facade", facades.stone_balconies, (104, 76)),
        _drawn("warehouse", "Warehouse windows", "facade", facades.warehouse, (128, 130)),
        _drawn("corner-office", "Corner office", "facade", facades.corner_office, (96, 120)),
        _drawn("distant-tower", "Distant tower", "facade", facades.distant_tower, (120, 120)),
        _drawn("lit-windows", "Windows at dusk", "facade", facades.lit_windows, (140, 130)),
    )


def _scenes() -> tuple[Sample, ...]:
    return (
        _drawn("pantiles", "Round tiles", "roof", roofs.pantiles),
        _drawn("slates", "Slates", "roof", roofs.slates),
        _drawn("hedge", "Hedge", "foliage", partial(plants.foliage, size=4, seed=51)),
        _drawn("leaves", "Leaves", "foliage", partial(plants.foliage, size=9, seed=52)),
        _drawn("treetops", "Treetops", "foliage", partial(plants.treetops, seed=53)),
        _drawn("page", "Printed page", "text", lettering.page),
        _drawn("poster", "Poster", "text", lettering.poster),
        _drawn("timetable", "Timetable", "text", lettering.timetable),
    )


def _patterns() -> tuple[Sample, ...]:
    return (
        _drawn("stripes-12", "Stripes, 12 pixels", "stripes", partial(stripes, 12, 0)),
        _drawn("stripes-6", "Stripes, 6 pixels at 20°", "stripes", partial(stripes, 6, 20)),
        _drawn("stripes-9", "Stripes, 9 pixels at 83°", "stripes", partial(stripes, 9, 83)),
        _drawn("grid-14", "Grid, 14 pixels at 10°", "grid", partial(lines, 14, 10)),
        _drawn("grid-24", "Grid, 24 pixels at 45°", "grid", partial(lines, 24, 45)),
        _drawn("checkerboard-16", "Checkerboard, 16 pixels", "checkerboard", partial(checkerboard, 16, 0)),
        _drawn("checkerboard-24", "Checkerboard, 24 pixels at 30°", "checkerboard", partial(checkerboard, 24, 30)),
        _drawn("plate-9", "Perforated plate, 9 pixels at 30°", "plate", partial(plate, 9, 30)),
        _drawn("plate-16", "Perforated plate, 16 pixels", "plate", partial(plate, 16, 0)),
        _drawn("plate-24", "Perforated plate, 24 pixels at 15°", "plate", partial(plate, 24, 15)),
        _drawn("plate-12", "Square perforation, 12 pixels", "plate", partial(plate, 12, 8, staggered=False)),
    )
