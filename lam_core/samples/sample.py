"""One sample image: what it shows, whose it is, and where to look first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from lam_core.images import Pixels
from lam_core.region import Region

SIDE = 256
"""Height and width of every sample in pixels."""

Kind = Literal["photograph", "texture", "facade", "roof", "stripes", "grid", "checkerboard", "plate", "foliage", "text"]


@dataclass(frozen=True)
class Sample:
    """An image that needs no download; two samples are equal if their ids are."""

    id: str
    """Lower case with hyphens; never changes its meaning."""
    title: str = field(compare=False)
    kind: Kind = field(compare=False)
    credit: str = field(compare=False)
    """Who made the picture."""
    licence: str = field(compare=False)
    window: Region = field(compare=False)
    """A 16×16 window on something worth looking at, such as the grid of a regular structure."""
    read: Callable[[], Pixels] = field(compare=False, repr=False)
    """Reads the picture from its file; `pixels` remembers it."""

    def pixels(self) -> Pixels:
        """uint8 [256, 256, 3]; read once, then shared, hence read-only."""
        return _rendered(self)


@cache
def _rendered(sample: Sample) -> Pixels:
    pixels = sample.read()
    pixels.setflags(write=False)
    return pixels
