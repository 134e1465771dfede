"""All that the filters of one pair of networks say about several degradations, on images fixed beforehand.

Scores come from one set of images; curves, intervals and the naming of degradations from another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lam_core.filters.abilities import SHARES, AbilityCurves, ability_curves
from lam_core.filters.attribution import FilterScores, FilterSettings, attribute_filters
from lam_core.filters.layout import Layer
from lam_core.filters.overlap import Overlap, overlap
from lam_core.filters.pair import NetworkPair
from lam_core.filters.pictures import CROP, degraded_pairs
from lam_core.filters.prediction import train_classifier
from lam_core.images import Pixels
from lam_core.images.degradations import CLEAN, Degradation

NAMED_BY = 0.03
"""Share of filters whose use names a degradation."""


@dataclass(frozen=True)
class Progress:
    """How far a study has come."""

    text: str
    share: float
    """0 to 1."""
    preview: None = None


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
    named: float
    """Share of images whose degradation is named rightly by the use of filters; chance is 1 / `kinds`."""
    named_by_features: float
    """The same for a probe on the target's deep features."""
    kinds: int
    """Degradations to name, the clean one among them."""

    def overlap(self, one: int, other: int, share: float) -> Overlap:
        """The filters that two degradations share among the first `share` of each."""
        count = round(share * len(self.change))
        return overlap(self.found[one].order[:count], self.found[other].order[:count], len(self.change))


def study_filters(
    pair: NetworkPair,
    scored: Sequence[Pixels],
    tried: Sequence[Pixels],
    degradations: Sequence[Degradation],
    settings: FilterSettings | None = None,
    *,
    shares: Sequence[float] = SHARES,
    crop: int = CROP,
    seed: int = 0,
    report: Callable[[Progress], None] = lambda progress: None,
) -> FilterStudy:
    """Scores every filter on the images `scored`, then tries what returning filters costs on the images `tried`.

    Both are HR images, uint8 [h, w, 3]. Raises `ImageTooSmallError` and what `attribute_filters` raises; an exception
    raised by `report` cancels the study.
    """
    kinds = (CLEAN, *degradations)
    steps, done = 2 * len(kinds), 0

    def begin(text: str) -> Callable[[int, int], None]:
        nonlocal done
        start = done
        done += 1
        return lambda d, total: report(Progress(text, (start + d / max(total, 1)) / steps))

    scale = pair.target.scale
    scores: dict[str, FilterScores] = {}
    for kind in kinds:
        pairs = degraded_pairs(scored, scale, kind, crop=crop, seed=seed)
        scores[str(kind)] = attribute_filters(pair, pairs, settings, tick=begin(f"Filters for {kind.title}"))
    images = {str(kind): degraded_pairs(tried, scale, kind, crop=crop, seed=seed + 1) for kind in kinds}
    found = []
    clean = scores[str(CLEAN)]
    for kind in degradations:
        own = scores[str(kind)]
        contrast = own.scores - clean.scores
        mean = contrast.mean(0)
        plain = (own.plain - clean.plain).mean(0)
        orders = {name: np.argsort(-x, kind="stable") for name, x in _rankings(mean, pair, plain).items()}
        curves = ability_curves(
            pair, orders, images, shares=shares, seed=seed, tick=begin(f"Abilities without filters for {kind.title}")
        )
        spread = contrast.std(0, ddof=1) / np.sqrt(len(contrast)) if len(contrast) > 1 else np.zeros_like(mean)
        found.append(DegradationFilters(str(kind), mean, spread, own.error, own.nodes, curves))
    tick = begin("Naming degradations")
    named, by_features = _named(pair, found, scored, tried, kinds, crop, seed, tick)
    return FilterStudy(
        pair.layout.layers, pair.change, tuple(found), len(scored), len(tried), named, by_features, len(kinds)
    )


def _rankings(mean: NDArray[np.float64], pair: NetworkPair, plain: NDArray[np.float64]) -> Mapping[str, NDArray]:
    """What filters are returned by: the discriminative score and two controls."""
    return {"faig": mean, "change": pair.change, "plain": plain}


def _named(
    pair: NetworkPair,
    found: Sequence[DegradationFilters],
    scored: Sequence[Pixels],
    tried: Sequence[Pixels],
    kinds: Sequence[Degradation],
    crop: int,
    seed: int,
    tick: Callable[[int, int], None],
) -> tuple[float, float]:
    """Shares of `tried` images named rightly: by the use of filters, and by a probe on deep features."""
    from lam_core.semantics.detection import train_probe, try_probe
    from lam_core.semantics.trunk import trunk_stages

    scale = pair.target.scale
    known, fresh = (
        {str(k): [p.low for p in degraded_pairs(images, scale, k, crop=crop, seed=s)] for k in kinds}
        for images, s in ((scored, seed), (tried, seed + 1))
    )
    sets = {one.degradation: one.order[: max(1, round(NAMED_BY * pair.layout.count))] for one in found}
    classifier = train_classifier(pair, sets, known, tick=tick)
    right = [classifier.name(pair, low) == kind for kind, lows in fresh.items() for low in lows]
    layer = trunk_stages(pair.target)[-1]
    inputs, unseen = ([p.low for p in degraded_pairs(images, scale, CLEAN, crop=crop)] for images in (scored, tried))
    probe = train_probe(pair.target, inputs, tuple(kinds), layer, shares=(1.0,), seed=seed)
    return float(np.mean(right)), try_probe(probe, pair.target, unseen, tuple(kinds), seed=seed + 1).accuracy
