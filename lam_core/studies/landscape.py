"""DI beside everything it might go with: performance, receptive field, size. One row a model, and rank correlations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd

from lam_core.attribution.checks.network_size import Build
from lam_core.studies.statistics import Correlation, Interval, Order, correlation, mean_interval, order_of, paired

Axis = Literal["psnr", "ssim", "receptive_field", "parameters", "depth", "width"]
AXES: tuple[Axis, ...] = ("psnr", "ssim", "receptive_field", "parameters", "depth", "width")


@dataclass(frozen=True)
class Site:
    """One model in the landscape, all means over the same images."""

    model: str
    diffusion_index: Interval
    psnr: Interval
    ssim: Interval
    build: Build | None
    """None if nothing but its rows is known."""

    def value(self, axis: Axis) -> float | None:
        """Its place along an axis; a global receptive field is infinite, what is unknown None."""
        if axis == "psnr" or axis == "ssim":
            return getattr(self, axis).mean
        if self.build is None:
            return None
        if axis == "receptive_field":
            field = self.build.receptive_field
            return float("inf") if field.height is None or field.width is None else max(field.height, field.width)
        return float(getattr(self.build.anatomy, axis))


@dataclass(frozen=True)
class Landscape:
    """All models of a table, and how DI goes with each axis."""

    sites: tuple[Site, ...]
    """The largest mean DI first."""
    order: Order
    correlations: dict[Axis, Correlation]
    """Of mean DI with each axis, over the models whose place on it is known; axes with fewer than three are absent."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def landscape(table: pd.DataFrame, builds: Mapping[str, Build], *, seed: int = 0) -> Landscape:
    """The landscape of a sweep's table; `builds` by model name.

    Raises `UnequalSettingsError` or `SampleError` as `order_of` does.
    """
    order = order_of(table, seed=seed)
    columns = {name: paired(table, name) for name in ("psnr", "ssim")}
    sites = []
    for standing in order.standings:
        quality = {}
        for name, (models, _, matrix, _) in columns.items():
            quality[name] = mean_interval(matrix[:, models.index(standing.model)], seed=seed)
        sites.append(Site(standing.model, standing.mean, build=builds.get(standing.model), **quality))
    correlations: dict[Axis, Correlation] = {}
    for axis in AXES:
        pairs = [(v, site.diffusion_index.mean) for site in sites if (v := site.value(axis)) is not None]
        if len(pairs) >= 3:
            correlations[axis] = correlation([place for place, _ in pairs], [index for _, index in pairs])
    return Landscape(tuple(sites), order, correlations)
