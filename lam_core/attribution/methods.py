"""What stands beside a LAM: plain gradient, integrated gradients, and the curve that shows why a path is needed."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lam_core.attribution.attribute import ZeroMapError
from lam_core.attribution.checks.scene import Report, ignore, scene_of
from lam_core.attribution.gradients import Gradients
from lam_core.attribution.path import path_of
from lam_core.attribution.result import displayed
from lam_core.attribution.settings import AttributionSettings
from lam_core.diffusion.index import diffusion_index
from lam_core.images import Pixels
from lam_core.model import SuperResolver
from lam_core.region import Field, Region

SATURATION_POINTS = 41
"""Points of the saturation curve: enough for a smooth line."""


@dataclass(frozen=True, eq=False)
class GradientMap:
    """∂D(F(I))/∂I, the plain gradient (Simonyan et al. 2014): no path, no baseline, no completeness."""

    signed: NDArray[np.float64]
    """The gradient, [3, h, w]."""
    diffusion_index: float
    """DI of the displayed map, 0 to 100."""
    field: Field

    @property
    def map(self) -> NDArray[np.float64]:
        """The displayed map |Σ_channels| / max, [h, w] in [0, 1]."""
        return displayed(self.signed)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "signed": self.signed.tolist(),
            "diffusion_index": self.diffusion_index,
            "field": [self.field.x, self.field.y, self.field.width, self.field.height],
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> GradientMap:
        """The inverse of `to_dict`."""
        return cls(np.array(content["signed"]), float(content["diffusion_index"]), Field(*content["field"]))


@dataclass(frozen=True, eq=False)
class Saturation:
    """D and its running integral along a path: where on the way the map is made.

    Where D has all but reached its end, the gradient at the image says little of what made it: it has saturated.
    """

    alphas: NDArray[np.float64]
    """The path's parameter, 0 at the baseline and 1 at the image, [n]."""
    detector: NDArray[np.float64]
    """D(F(γ(α))), [n]."""
    integral: NDArray[np.float64]
    """∫₀^α ⟨∂D/∂γ, dγ⟩ by trapezoids, [n]; follows D(α) − D(0) but for the rule's error."""
    gradient: NDArray[np.float64]
    """‖∂D/∂γ‖₁ at γ(α), [n]."""

    @property
    def half_way(self) -> float | None:
        """α at which D has first covered half of its way from baseline to image; None if it ends where it began."""
        if self.detector[-1] == self.detector[0]:
            return None
        way = (self.detector - self.detector[0]) / (self.detector[-1] - self.detector[0])
        k = int(np.argmax(way >= 0.5))
        low, high = way[k - 1], way[k]
        return float(self.alphas[k - 1] + (0.5 - low) / (high - low) * (self.alphas[k] - self.alphas[k - 1]))

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {name: values.tolist() for name, values in vars(self).items()}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Saturation:
        """The inverse of `to_dict`."""
        return cls(**{name: np.array(values, np.float64) for name, values in content.items()})


def plain_gradient(
    model: SuperResolver, image: Pixels, region: Region, settings: AttributionSettings | None = None
) -> GradientMap:
    """The plain gradient of D on one window of an LR picture [h, w, 3], over the field that a LAM would have.

    Raises `ZeroMapError` if it is zero everywhere, and what `attribute` raises.
    """
    scene = scene_of(model, image, region, settings)
    ((_, slope),) = Gradients(scene.model, scene.detector)([scene.lr])
    signed = np.ascontiguousarray(slope.transpose(2, 0, 1), np.float64)
    if not signed.sum(0).any():
        raise ZeroMapError(f"{model.name} gives this window no gradient at the image; choose another place")
    return GradientMap(signed, diffusion_index(displayed(signed)), scene.field)


def saturation(
    model: SuperResolver,
    image: Pixels,
    region: Region,
    settings: AttributionSettings | None = None,
    *,
    points: int = SATURATION_POINTS,
    report: Report = ignore,
) -> Saturation:
    """D, its gradient's size and the running integral at `points` equal steps of the settings' path.

    Raises what `attribute` raises; `report` is told the share done and may raise to give up.
    """
    scene = scene_of(model, image, region, settings)
    gradient, path = Gradients(scene.model, scene.detector), path_of(scene.lr, scene.settings)
    alphas = np.linspace(0, 1, points)
    values, slopes, images = [], [], [path(alpha) for alpha in alphas]
    for k, step in enumerate(images, 1):
        ((value, slope),) = gradient([step])
        values.append(value)
        slopes.append(slope.astype(np.float64))
        report(k / points)
    steps = [
        float((0.5 * (a + b) * (y - x)).sum())
        for (a, b), (x, y) in zip(itertools.pairwise(slopes), itertools.pairwise(images), strict=True)
    ]
    return Saturation(
        alphas=alphas,
        detector=np.array(values),
        integral=np.concatenate([[0.0], np.cumsum(steps)]),
        gradient=np.array([np.abs(slope).sum() for slope in slopes]),
    )
