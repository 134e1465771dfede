"""The colours of a page's maps: one scale for all of them or each its own, linear or logarithmic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dashboard.presentation.view import MapScale, View
from lam_core.diffusion.density import density
from lam_core.diffusion.informative import unit_mass
from lam_core.images import Pixels
from lam_core.render import DECADES, density_over, logarithmic, map_over

SCALES: dict[MapScale, str] = {"own": "Own maximum", "shared": "One scale", "log": "One scale, log"}
"""The ways of colouring maps, as a visitor chooses among them."""


class Mapped(Protocol):
    """Whatever has a displayed map: a result, or what ships of one."""

    @property
    def map(self) -> NDArray[np.float64]:
        """The displayed map, [h, w] in [0, 1]."""
        ...


@dataclass(frozen=True)
class MapColours:
    """Places of attribution on the scale of colours, alike for every map of a page."""

    scale: MapScale
    as_density: bool
    full: float = 1.0
    """The value of the darkest colour: a share of a network's attribution on one pixel, or each map's own maximum."""

    @classmethod
    def of(cls, view: View, results: Iterable[Mapped]) -> MapColours:
        """As a view wants it for these maps; their largest share has the darkest colour where they share one scale."""
        plain = cls(view.map_scale, view.density)
        if view.map_scale == "own":
            return plain
        most = max((float(plain.values(result).max()) for result in results), default=0.0)
        return cls(view.map_scale, view.density, most or 1.0)

    def values(self, result: Mapped) -> NDArray[np.float64]:
        """A map or its density, [h, w]: of maximum 1, or of sum 1 where all have one scale."""
        values = density(result.map) if self.as_density else result.map
        return values if self.scale == "own" else unit_mass(values)

    def places(self, result: Mapped) -> NDArray[np.float64]:
        """`values` as places on the scale of colours, [h, w] in [0, 1].

        The peak of a narrow map is a hundred times that of a wide one: a logarithmic scale shows both.
        """
        shown = self.values(result) / self.full
        return logarithmic(shown) if self.scale == "log" else shown

    def over(self, lr: Pixels, result: Mapped) -> Pixels:
        """The map over its LR field [h, w, 3]; a density is blended with it."""
        return (density_over if self.as_density else map_over)(lr, self.places(result))

    @property
    def least(self) -> str:
        """What the lightest colour stands for."""
        return f"≤ {fine(self.full / 10**DECADES)}" if self.scale == "log" else "0"

    @property
    def most(self) -> str:
        """What the darkest colour stands for."""
        what = "density" if self.as_density else "attribution"
        if self.scale == "own":
            return f"each {'density' if self.as_density else 'map'}'s own maximum, linear"
        how = "logarithmic" if self.scale == "log" else "linear"
        return f"{fine(self.full)} of a network's {what} on one pixel, {how}"


def fine(share: float) -> str:
    """A share of attribution on one pixel, with two digits.

    >>> fine(0.0123456).replace(chr(160), " ")
    '1.2 %'
    """
    return f"{share * 100:.2g}\u00a0%"
