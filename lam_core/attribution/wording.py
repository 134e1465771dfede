"""How figures of a map are written: no more digits than the error allows, never without their settings."""

from __future__ import annotations

from math import floor, isfinite, log10
from typing import TYPE_CHECKING

from lam_core.attribution.baseline import index_fault
from lam_core.attribution.settings import AttributionSettings
from lam_core.region import Field, Region

if TYPE_CHECKING:
    from lam_core.attribution.result import Attribution

LEAST_ERROR = 0.01
"""An interval narrower than this is stated as this: no more is ever read off a Diffusion Index."""


def with_error(value: float, error: float) -> str:
    """A value with the half-width of its interval, to the first digit of the error and two decimals at most.

    >>> with_error(13.2345, 0.1234), with_error(0.4425, 0.0073), with_error(213.4, 12.0), with_error(0.7912, 0.0)
    ('13.2 ± 0.1', '0.44 ± 0.01', '210 ± 10', '0.79 ± 0.01')
    """
    if not (isfinite(value) and isfinite(error)):
        return f"{value:.3g} ± unknown"
    error = max(error, LEAST_ERROR)
    digits = -floor(log10(error))
    # An error such as 0.097 rounds up to 0.1: one digit fewer.
    digits = -floor(log10(round(error, digits)))
    if digits <= 0:
        return f"{round(value, digits):.0f} ± {round(error, digits):.0f}"
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def index_of(result: Attribution) -> str:
    """DI with its error, such as `13.2 ± 0.1`: the one way in which pages, figures and the terminal write it.

    A dash where it says nothing of the map (`baseline.index_fault`).
    """
    if index_fault(result.settings):
        return "–"
    return with_error(result.diffusion_index, result.diffusion_index_error)


def settings_of(result: Attribution) -> str:
    """One line with everything a DI depends on beside model, image and window's place."""
    return settings_line(result.settings, result.region, result.field, result.scale)


def settings_line(s: AttributionSettings, region: Region, field: Field, scale: int) -> str:
    """The same of settings, for a window on an LR field."""
    stop = f", tolerance {s.tolerance:.0%}" if s.rule == "default" else f", {s.nodes} steps"
    return (
        f"LR {field.width}×{field.height}, ×{scale}, window {region.size}, "
        f"{s.detector} detector, {s.path} path, σ {s.sigma:g}, kernel {s.kernel}, {s.rule} rule{stop}, {s.dtype}"
    )
