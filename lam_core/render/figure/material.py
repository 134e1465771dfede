"""What a figure is made of: its images, and a result for each network and window; and the requests that give them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.result import Attribution
from lam_core.diffusion.density import density
from lam_core.diffusion.informative import InformativeAreas, informative_areas_of, parted, unit_mass
from lam_core.diffusion.square import square_holding
from lam_core.errors import LamError
from lam_core.images import Pixels, bicubic, digest, downscale, mod_crop, psnr, ssim
from lam_core.reference import ModelReference
from lam_core.region import Field, Region, field_around
from lam_core.render.figure.recipe import Kind, Recipe

T = TypeVar("T")

SMALLEST_SSIM = 11
"""Side in pixels of SSIM's window."""


class FigureError(LamError):
    """A figure that cannot be made of what there is."""


class Spot(NamedTuple):
    """A window of an image, by their places in the recipe."""

    image: int
    window: int


class Slot(NamedTuple):
    """A network on a window, by their places in the recipe."""

    image: int
    window: int
    network: int


@dataclass(frozen=True, eq=False)
class Source:
    """An image at one scale."""

    name: str
    lr: Pixels
    """[h, w, 3]."""
    hr: Pixels | None
    """[s·h, s·w, 3]; None where LR itself was given."""
    scale: int
    sha256: str = ""
    """`lam_core.images.digest` of the image as it was given."""

    @classmethod
    def of(cls, pixels: Pixels, name: str, scale: int, *, low_resolution: bool = False) -> Source:
        """An image file's pixels, reduced by bicubic interpolation unless they are LR already."""
        if low_resolution:
            return cls(name, pixels, None, scale, digest(pixels))
        return cls(name, downscale(pixels, scale), mod_crop(pixels, scale), scale, digest(pixels))

    def shown(self) -> Pixels:
        """HR, or LR with every pixel repeated; [s·h, s·w, 3]."""
        return self.lr.repeat(self.scale, 0).repeat(self.scale, 1) if self.hr is None else self.hr

    def part(self, field: Field) -> tuple[Pixels, Pixels | None]:
        """LR and HR of a field."""
        rows, columns = field.slices
        s = self.scale
        hr = self.hr
        if hr is not None:
            hr = hr[rows.start * s : rows.stop * s, columns.start * s : columns.stop * s]
        return self.lr[rows, columns], hr


def slots(recipe: Recipe) -> tuple[Slot, ...]:
    """Every network on every window, in the order of the figure."""
    return tuple(Slot(*spot, n) for spot in spots(recipe) for n in range(len(recipe.networks)))


def spots(recipe: Recipe) -> tuple[Spot, ...]:
    """Every window, in the order of the figure."""
    return tuple(Spot(i, w) for i, image in enumerate(recipe.images) for w in range(len(image.windows)))


def one_scale(networks: Sequence[ModelReference]) -> int:
    """The scale of all networks. Raises `FigureError` if they have several."""
    scales = {network.scale for network in networks}
    if len(scales) != 1:
        named = ", ".join(f"{network.name} ×{network.scale}" for network in networks)
        raise FigureError(f"networks of different scales do not fit into one figure ({named}); choose one scale")
    return scales.pop()


def requests_of(
    recipe: Recipe, sources: Sequence[Source], networks: Sequence[ModelReference]
) -> dict[Slot, AttributionRequest]:
    """One attribution for each network on each window. Raises `FigureError` or `RegionError`."""
    one_scale(networks)
    requests = {}
    for slot in slots(recipe):
        network = networks[slot.network]
        region = recipe.images[slot.image].windows[slot.window].region
        lr = sources[slot.image].lr
        field_around(region, lr.shape[0], lr.shape[1], network.scale, recipe.settings.field)
        requests[slot] = AttributionRequest(network, lr, region, recipe.settings)
    return requests


@dataclass(frozen=True)
class Quality:
    """PSNR in dB and SSIM on BT.601 luma of the field, `scale` pixels off every side."""

    psnr: float
    ssim: float


@dataclass(frozen=True, eq=False)
class Material:
    """A recipe with its images and results. Results may be missing: their cells stay empty."""

    recipe: Recipe
    sources: tuple[Source, ...]
    results: Mapping[Slot, Attribution]
    names: tuple[str, ...]
    """Of the networks, as shown."""
    _cache: dict[Hashable, Any] = dataclass_field(default_factory=dict, repr=False)

    @cached_property
    def scale(self) -> int:
        """Enlargement of all networks."""
        return self.sources[0].scale

    def region(self, spot: Spot) -> Region:
        """The window in the SR pixels of the whole image."""
        return self.recipe.images[spot.image].windows[spot.window].region

    def field(self, spot: Spot) -> Field:
        """The part of LR that was attributed."""
        height, width = self.sources[spot.image].lr.shape[:2]
        return field_around(self.region(spot), height, width, self.scale, self.recipe.settings.field)

    def local(self, spot: Spot) -> Region:
        """The window in the SR pixels of the field."""
        return self.field(spot).local(self.region(spot), self.scale)

    def part(self, spot: Spot) -> tuple[Pixels, Pixels | None]:
        """LR and HR of the field."""
        return self.sources[spot.image].part(self.field(spot))

    def result(self, spot: Spot, network: int) -> Attribution | None:
        """A network's result, if there is one."""
        return self.results.get(Slot(*spot, network))

    def at(self, spot: Spot) -> list[Attribution]:
        """The results of a window, in the order of the networks."""
        found = (self.result(spot, n) for n in range(len(self.recipe.networks)))
        return [result for result in found if result is not None]

    def quality(self, spot: Spot, sr: Pixels) -> Quality | None:
        """Of an SR of the field against HR; None without HR, or where the field is too small."""
        _, hr = self.part(spot)
        if hr is None or min(hr.shape[:2]) < 2 * self.scale + SMALLEST_SSIM:
            return None
        return Quality(psnr(sr, hr, shave=self.scale), ssim(sr, hr, shave=self.scale))

    def quality_of(self, slot: Slot) -> Quality | None:
        """Of a network's SR."""
        result = self.results.get(slot)
        return result and self._once(("quality", slot), lambda: self.quality(Spot(*slot[:2]), result.sr))

    def bicubic(self, spot: Spot) -> Pixels:
        """Of the field, [s·h, s·w, 3]."""
        return bicubic(self.part(spot)[0], self.scale)

    def values(self, slot: Slot, kind: Kind) -> NDArray[np.float64] | None:
        """What the colours of a cell stand for, [h, w], before its scale; None without a result, and of SR.

        Maps and densities are divided by their maximum, or by their sum where the range is shared; a difference is
        of shares.
        """
        result = self.results.get(slot)
        if result is None or kind == "sr":
            return None
        return self._once((kind, slot), lambda: self._values(slot, kind, result))

    def _values(self, slot: Slot, kind: Kind, result: Attribution) -> NDArray[np.float64] | None:
        if kind == "difference":
            base = self.results.get(slot._replace(network=self.recipe.base))
            return None if base is None else unit_mass(result.map) - unit_mass(base.map)
        values = density(result.map) if kind == "density" else result.map
        return values if self.recipe.range == "own" else unit_mass(values)

    def full(self, kind: Kind) -> float:
        """The value of the darkest colour of a kind of cell, over the whole figure."""
        if kind != "difference" and self.recipe.range == "own":
            return 1.0
        found = (self.values(slot, kind) for slot in slots(self.recipe))
        return max((float(np.abs(values).max()) for values in found if values is not None), default=0.0) or 1.0

    def area(self, spot: Spot) -> tuple[slice, slice]:
        """Rows and columns of the field that maps show where they do not show all of it."""
        field = self.field(spot)
        shape, footprint = (field.height, field.width), self.local(spot).footprint(self.scale)
        return square_holding((result.map for result in self.at(spot)), shape, footprint)

    def areas(self, spot: Spot) -> InformativeAreas | None:
        """Of a window's networks in two groups; None unless every network has its result."""
        found = [self.result(spot, n) for n in range(len(self.recipe.networks))]
        results = [result for result in found if result is not None]
        if len(results) < max(2, len(found)):
            return None
        if self.recipe.wide:
            is_wide = [network.model in self.recipe.wide for network in self.recipe.networks]
        else:
            is_wide = list(parted([result.diffusion_index for result in results]))
        wide = [result for result, one in zip(results, is_wide, strict=True) if one]
        common = [result for result, one in zip(results, is_wide, strict=True) if not one]
        return self._once(("areas", spot), lambda: informative_areas_of(wide, common))

    def _once(self, key: Hashable, make: Callable[[], T]) -> T:
        if key not in self._cache:
            self._cache[key] = make()
        return self._cache[key]
