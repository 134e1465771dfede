"""How figures of a map are written: no more digits than the error allows, never without their settings."""

from __future__ import annotations

import math

from lam_core.attribution.result import Attribution


def with_error(value: float, error: float) -> str:
    """A figure with its error, both to the error's first digit (two digits if that is a one).

    >>> with_error(13.2441, 0.087), with_error(5.4231, 0.0149), with_error(20.3, 4.2), with_error(3.14159, 0.0)
    ('13.24 ± 0.09', '5.423 ± 0.015', '20 ± 4', '3.1416')
    """
    if not math.isfinite(error) or error <= 0:
        return f"{value:.4f}"
    exponent = math.floor(math.log10(error))
    if round(error / 10**exponent, 1) < 2:
        exponent -= 1
    digits = max(-exponent, 0)
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def index_of(result: Attribution) -> str:
    """DI with its error, such as `13.24 ± 0.09`."""
    return with_error(result.diffusion_index, result.diffusion_index_error)


def settings_of(result: Attribution) -> str:
    """One line with everything a DI depends on beside model, image and window's place."""
    s = result.settings
    stop = f", tolerance {s.tolerance:.0%}" if s.rule == "default" else f", {s.nodes} steps"
    return (
        f"LR {result.field.width}×{result.field.height}, ×{result.scale}, window {result.region.size}, "
        f"{s.detector} detector, {s.path} path, σ {s.sigma:g}, kernel {s.kernel}, {s.rule} rule{stop}, {s.dtype}"
    )
