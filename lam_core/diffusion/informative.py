"""Informative areas: what nearly all networks look at, and what only the wide ones draw on (Gu and Dong, section 4).

Two kinds of answer from the same maps: the published picture, made of densities, and shares of attribution, which are
plain sums over pixels and need no bandwidth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lam_core.attribution.result import Attribution
from lam_core.diffusion.density import density
from lam_core.errors import LamError

Map = NDArray[np.float64]
Mask = NDArray[np.bool_]
Place = Literal["window", "left", "right", "above", "below"]

AREA_SHARE = 0.95
"""Share of a map's mass that its area holds."""
LEANING = 0.4
"""Share of what a group draws further that one direction must hold to be named (an even spread gives a quarter)."""

_SPOKEN: dict[Place, str] = {
    "window": "within the window",
    "left": "left of the window",
    "right": "right of the window",
    "above": "above the window",
    "below": "below the window",
}


class UnlikeMapsError(LamError, ValueError):
    """Maps that cannot be laid over each other, or a map without any mass."""


@dataclass(frozen=True)
class Shares:
    """How two maps' attribution coincides, each map first divided by its sum."""

    overlap: float
    """Σ min(A, B): the share of attribution that both spend on the same pixels, 0 to 1; the maps' errors lower it."""
    wide_in_common_area: float
    """Share of the wide map's mass that lies in the common map's area."""
    common_in_wide_area: float
    """Share of the common map's mass that lies in the wide map's area."""
    wide_area: float
    """Share of the field's pixels that hold 95 % of the wide map's mass, the fewest possible."""
    common_area: float
    """The same of the common map."""
    intersection: float
    """Share of the field's pixels that are in both areas."""
    union: float
    """Share of the field's pixels that are in either area."""
    further: dict[Place, float]
    """Σ max(A − B, 0) by where it lies, seen from the window: what the wide map draws on more; sums to 1 − overlap."""

    def sentence(self, common: Sequence[str], wide: Sequence[str]) -> str:
        """What the shares say, with the names of each group's networks put in.

        >>> further = {"window": 0.02, "left": 0.23, "right": 0.06, "above": 0.04, "below": 0.04}
        >>> shares = Shares(0.61, 0.7, 0.9, 0.4, 0.2, 0.2, 0.4, further)
        >>> shares.sentence(["EDSR"], ["RCAN"])
        'EDSR and RCAN share 61 % of their attribution; 23 % of RCAN’s attribution lies left of the \
window, beyond EDSR’s.'
        >>> shares.sentence(["CARN", "EDSR"], ["RCAN", "SAN"])
        'CARN and EDSR on one side and RCAN and SAN on the other share 61 % of their attribution; 23 % \
of that of RCAN and SAN lies left of the window, beyond that of CARN and EDSR.'
        """
        first, second = _listed(common), _listed(wide)
        pair = f"{first} and {second}"
        if len(common) > 1 or len(wide) > 1:
            pair = f"{first} on one side and {second} on the other"
        start = f"{pair} share {100 * self.overlap:.0f} % of their attribution"
        total = 1 - self.overlap
        if round(100 * total) == 0:
            return f"{start}; they look at the same pixels."
        place: Place = max(self.further, key=lambda p: self.further[p])
        leans = self.further[place] >= LEANING * total
        share, source = (self.further[place], _SPOKEN[place]) if leans else (total, "all around the window")
        of_wide = f"that of {second}" if len(wide) > 1 else f"{second}’s attribution"
        of_common = f"that of {first}" if len(common) > 1 else f"{first}’s"
        return f"{start}; {100 * share:.0f} % of {of_wide} lies {source}, beyond {of_common}."


@dataclass(frozen=True, eq=False)
class InformativeAreas:
    """The published picture of two groups of networks, and its numbers."""

    wide: Map
    """Z_A: density of the wide group's mean map, maximum 1, [h, w]."""
    common: Map
    """Z_B: density of the common group's mean map, maximum 1, [h, w]."""
    difference: Map
    """d = (Z_A − Z_B) / max(Z_A − Z_B), [h, w]; zero where the groups do not differ."""
    shares: Shares

    @property
    def shown(self) -> Map:
        """Z_B − ½·d, drawn in seismic between −1 and 1: red is used by nearly all, blue by the wide group alone."""
        return self.common - 0.5 * self.difference

    def to_dict(self) -> dict[str, Any]:
        """All figures as plain values, without the maps."""
        figures = {name: value for name, value in vars(self.shares).items() if name != "further"}
        return {**figures, "further": dict(self.shares.further), "area_share": AREA_SHARE}


def informative_areas(
    wide: Sequence[NDArray], common: Sequence[NDArray], window: tuple[slice, slice]
) -> InformativeAreas:
    """Compares two groups of displayed maps [h, w] of one field; `window` is the window's rows and columns in it.

    The picture is made of each group's mean displayed map; the shares of each group's mean of maps of mass 1, so that
    every network counts alike there. Raises `UnlikeMapsError` for an empty group, unequal sizes or a map of zeros.
    """
    shapes = {np.shape(m) for m in (*wide, *common)}
    if not wide or not common:
        raise UnlikeMapsError("informative areas need at least one map in the wide and one in the common group")
    if len(shapes) > 1:
        sizes = ", ".join(sorted("×".join(str(side) for side in reversed(shape)) for shape in shapes))
        raise UnlikeMapsError(f"the maps are of unequal sizes ({sizes}); compare networks on one field")
    both = shares(_mean_of_unit_mass(wide), _mean_of_unit_mass(common), window)
    area_a, area_b = density(np.mean(wide, axis=0)), density(np.mean(common, axis=0))
    excess = area_a - area_b
    difference = excess / excess.max() if excess.max() > 0 else np.zeros_like(excess)
    return InformativeAreas(area_a, area_b, difference, both)


def informative_areas_of(wide: Sequence[Attribution], common: Sequence[Attribution]) -> InformativeAreas:
    """The same of two groups of results. Raises `UnlikeMapsError` unless all are of one window of one picture's field.

    What else may differ, such as the path, is the caller's to judge.
    """
    places_seen = {(a.image, a.field, a.region, a.scale) for a in (*wide, *common)}
    if len(places_seen) > 1:
        raise UnlikeMapsError(
            f"these maps are of {len(places_seen)} different places (image, field, window or scale); "
            "compare networks on one"
        )
    window = slice(0), slice(0)
    for _, field, region, scale in places_seen:
        window = field.local(region, scale).footprint(scale)
    return informative_areas([a.map for a in wide], [a.map for a in common], window)


def parted(indices: Sequence[float]) -> tuple[bool, ...]:
    """Which of two or more networks look widely: those above the widest gap between their Diffusion Indices.

    >>> parted([0.8, 1.9, 20.0, 17.7])
    (False, False, True, True)
    """
    ordered = np.sort(np.asarray(indices, np.float64))
    if ordered.size < 2:
        raise UnlikeMapsError(f"{ordered.size} networks cannot be parted; choose at least two")
    last = int(np.argmax(np.diff(ordered)))
    return tuple(bool(index > ordered[last]) for index in indices)


def shares(wide: NDArray, common: NDArray, window: tuple[slice, slice]) -> Shares:
    """The shares of two maps [h, w] ≥ 0 of one field. Raises `UnlikeMapsError` for a map of zeros."""
    a, b = unit_mass(wide), unit_mass(common)
    in_a, in_b = area_holding(a), area_holding(b)
    further = np.maximum(a - b, 0)
    return Shares(
        overlap=float(np.minimum(a, b).sum()),
        wide_in_common_area=float(a[in_b].sum()),
        common_in_wide_area=float(b[in_a].sum()),
        wide_area=float(in_a.mean()),
        common_area=float(in_b.mean()),
        intersection=float((in_a & in_b).mean()),
        union=float((in_a | in_b).mean()),
        further={place: float(further[mask].sum()) for place, mask in places(a.shape, window).items()},
    )


def unit_mass(displayed_map: NDArray) -> Map:
    """A map divided by its sum. Raises `UnlikeMapsError` if that is zero or not finite."""
    plane = np.asarray(displayed_map, np.float64)
    total = plane.sum()
    if not np.isfinite(total) or total <= 0:
        raise UnlikeMapsError(f"a map's mass is {total:g}; shares need a map that is finite and not zero everywhere")
    return plane / total


def area_holding(displayed_map: NDArray, share: float = AREA_SHARE) -> Mask:
    """The fewest pixels that together hold `share` of a map's mass, the strongest first; [h, w].

    >>> area_holding(np.array([[0.5, 0.46, 0.04]]))
    array([[ True,  True, False]])
    """
    mass = unit_mass(displayed_map).ravel()
    order = np.argsort(-mass, kind="stable")
    # The sum of all pixels may fall short of 1 by rounding: the last pixel is then as far as one can go.
    count = min(int(np.searchsorted(np.cumsum(mass[order]), share - 1e-12)) + 1, mass.size)
    mask = np.zeros(mass.size, bool)
    mask[order[:count]] = True
    return mask.reshape(np.shape(displayed_map))


def places(shape: tuple[int, ...], window: tuple[slice, slice]) -> dict[Place, Mask]:
    """The field split by where a pixel lies, seen from the window: in it, or in one of four right-angled sectors.

    A pixel on a diagonal counts as left or right.
    """
    rows, columns = window
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    y -= (rows.start + rows.stop - 1) / 2
    x -= (columns.start + columns.stop - 1) / 2
    inside = np.zeros(shape, bool)
    inside[rows, columns] = True
    aside = np.abs(x) >= np.abs(y)
    return {
        "window": inside,
        "left": ~inside & aside & (x < 0),
        "right": ~inside & aside & (x >= 0),
        "above": ~inside & ~aside & (y < 0),
        "below": ~inside & ~aside & (y >= 0),
    }


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _mean_of_unit_mass(maps: Sequence[NDArray]) -> Map:
    return np.mean([unit_mass(m) for m in maps], axis=0)
