"""What lies around a window, in three numbers: how much edge, how regular, in how many directions."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.signal import fftconvolve

from lam_core.images import Pixels, as_pixels, luma
from lam_core.region import Region, field_around

SURROUNDINGS = 96
"""Side of the square around the window that is measured, in pixels of the picture."""
ORIENTATIONS = 36
"""Bins of the orientation histogram over half a turn."""
RAY_STEP, RAY_ANGLE = 0.25, 2.0
"""Spacing along and between the rays on which repetitions are sought, in pixels and degrees."""
FALL = 0.2
"""Share by which the autocorrelation must fall before it comes back, to count as a repetition."""
FLAT = 1e-9
"""Variance of luma in [0, 1] below which a square counts as flat."""


@dataclass(frozen=True)
class Content:
    """Features of a window's surroundings, on luma in [0, 1]."""

    gradient_energy: float
    """Mean squared gradient magnitude by central differences, per pixel²."""
    periodicity: float
    """Highest repeated peak of the normalised autocorrelation, 0 (nothing repeats) to 1 (repeats exactly)."""
    period: float | None
    """Distance of that peak in pixels; None if there is none."""
    orientation_entropy: float
    """Entropy of edge orientations weighted by squared magnitude, over its maximum: 0 one direction, 1 all alike."""

    def to_dict(self) -> dict[str, float | None]:
        """Plain values."""
        return asdict(self)


def content(image: Pixels, region: Region, side: int = SURROUNDINGS) -> Content:
    """Features of the `side`×`side` pixels around a window of a picture [h, w, 3], the window in its pixels.

    Raises `RegionError` if the window is not inside the picture.
    """
    height, width = as_pixels(image).shape[:2]
    field = field_around(region, height, width, 1, max(side, region.size + 1))
    plane = (luma(image[field.slices]) - 16) / 219
    strength, period = periodicity(plane)
    return Content(
        gradient_energy=float(np.square(np.gradient(plane)).sum(0).mean()),
        periodicity=strength,
        period=period,
        orientation_entropy=orientation_entropy(plane),
    )


def orientation_entropy(plane: NDArray) -> float:
    """Entropy of the orientations of a plane's edges, 0 to 1; 0 for a flat plane, which has none."""
    down, across = np.gradient(np.asarray(plane, np.float64))
    power = down**2 + across**2
    if power.mean() < FLAT:
        return 0.0
    # Centred bins, so that an edge along an axis does not flicker between the first and the last.
    turn = np.arctan2(down, across) / np.pi * ORIENTATIONS
    bins = np.rint(turn).astype(int) % ORIENTATIONS
    share = np.bincount(bins.ravel(), power.ravel(), ORIENTATIONS) / power.sum()
    known = share[share > 0]
    return float(abs(known @ np.log(known)) / np.log(ORIENTATIONS))


def periodicity(plane: NDArray) -> tuple[float, float | None]:
    """Strength in [0, 1] and distance in pixels of the nearest of the strongest repetitions of a plane.

    The normalised autocorrelation (1 where the plane, moved, equals itself on the overlap) of the plane without its
    linear trend is followed from no move at all outwards in every direction, up to half the plane's side. A repetition
    is a maximum on such a ray before which the correlation has fallen by at least a fifth of it: along a stripe nothing
    falls, so a stripe's own length is no repetition.
    """
    correlation = autocorrelation(plane)
    if correlation is None:
        return 0.0, None
    centre = np.array(correlation.shape) // 2
    radii = np.arange(0, centre.min() + RAY_STEP / 2, RAY_STEP)
    angles = np.deg2rad(np.arange(0, 180, RAY_ANGLE))
    places = np.stack([np.sin(angles)[:, None] * radii, np.cos(angles)[:, None] * radii]) + centre[:, None, None]
    rays = ndimage.map_coordinates(correlation, places, order=3, mode="nearest")
    lowest = np.minimum.accumulate(rays, axis=1)
    inner = rays[:, 1:-1]
    repeats = (inner >= rays[:, :-2]) & (inner > rays[:, 2:]) & (inner > 0) & (lowest[:, 1:-1] <= (1 - FALL) * inner)
    if not repeats.any():
        return 0.0, None
    strongest = float(inner[repeats].max())
    # All multiples of a period are as strong but for sampling: the nearest is the period itself.
    _, steps = np.nonzero(repeats & (inner >= 0.95 * strongest))
    return min(strongest, 1.0), float(radii[1:-1][steps].min())


def autocorrelation(plane: NDArray) -> NDArray[np.float64] | None:
    """Normalised autocorrelation of a plane [h, w] for moves of up to half its sides, no move in the middle.

    None for a plane that is flat but for a linear trend.
    """
    values = np.asarray(plane, np.float64)
    y, x = (np.linspace(-1, 1, side) for side in values.shape)
    trend = np.stack([np.ones(values.shape), y[:, None] + 0 * values, x[None, :] + 0 * values]).reshape(3, -1)
    weights, *_ = np.linalg.lstsq(trend.T, values.ravel(), rcond=None)
    values = values - (weights @ trend).reshape(values.shape)
    if values.var() < FLAT:
        return None
    turned = values[::-1, ::-1]
    together = fftconvolve(values, turned)
    power = fftconvolve(values**2, np.ones_like(values))
    # Σ a² over the overlap, and Σ b² which is the same seen from the other side.
    scale = np.sqrt(np.maximum(power * power[::-1, ::-1], 1e-30))
    middle = tuple(slice(side - 1 - side // 2, side + side // 2) for side in values.shape)
    return (together / scale)[middle]
