"""What the filters of one pair of networks say about several degradations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lam_core.filters.curves import AbilityCurves
from lam_core.filters.layer import Layer
from lam_core.filters.overlap import Overlap, overlap
from lam_core.filters.prediction import FilterClassifier
from lam_core.semantics.detection import Detection


@dataclass(frozen=True, eq=False)
class DegradationFilters:
    """What the filters of a pair do about one degradation."""

    degradation: str
    scores: NDArray[np.float64]
    """Discriminative score: FAIG on degraded minus FAIG on clean images, mean over images, [filters]."""
    spread: NDArray[np.float64]
    """Standard error of that mean over images, [filters]."""
    error: float
    """Estimated relative error of the integrals on degraded images."""
    nodes: tuple[int, ...]
    """Gradients computed for each degraded image."""
    curves: AbilityCurves
    """What returning the filters with the largest scores costs, beside controls."""

    @property
    def order(self) -> NDArray[np.int64]:
        """Filter numbers, the largest score first."""
        return np.argsort(-self.scores, kind="stable")

    def first(self, share: float) -> NDArray[np.int64]:
        """Numbers of the filters with the largest scores, a share of all, rounded."""
        return self.order[: round(share * len(self.scores))]


@dataclass(frozen=True, eq=False)
class FilterStudy:
    """The filters of a target network, by the degradations that they undo."""

    layers: tuple[Layer, ...]
    change: NDArray[np.float64]
    """How far each filter moved in fine-tuning: the sum of |θ̄ - θ| over its weights, [filters]."""
    found: tuple[DegradationFilters, ...]
    scored_on: int
    """Images from which scores come."""
    tried_on: int
    """Images from which curves, intervals and accuracy come."""
    classifier: FilterClassifier
    """Names a degradation by the use of filters; learned from the images that were scored."""
    by_filters: Detection
    """How it does on the images that were tried, under every degradation."""
    by_features: Detection
    """The same for a probe on the target's deep features."""

    @property
    def degradations(self) -> tuple[str, ...]:
        """Those that were scored, in order."""
        return tuple(one.degradation for one in self.found)

    def about(self, degradation: str) -> DegradationFilters:
        """What was found about one of `degradations`."""
        return self.found[self.degradations.index(degradation)]

    def overlap(self, one: str, other: str, share: float) -> Overlap:
        """The filters that two degradations share among the first `share` of each."""
        return overlap(self.about(one).first(share), self.about(other).first(share), len(self.change))

    def layer_of(self, number: int) -> Layer:
        """The layer of a filter."""
        return next(layer for layer in reversed(self.layers) if layer.first <= number)
