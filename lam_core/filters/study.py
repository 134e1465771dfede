"""Scores, curves and the naming of degradations for one pair of networks, on images fixed beforehand.

Scores come from one set of images; curves, intervals and the naming of degradations from another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lam_core.filters.abilities import ability_curves
from lam_core.filters.attribution import FilterScores, attribute_filters
from lam_core.filters.curves import SHARES
from lam_core.filters.pair import NetworkPair
from lam_core.filters.pictures import CROP, degraded_pairs
from lam_core.filters.prediction import FilterClassifier, train_classifier
from lam_core.filters.progress import Tick
from lam_core.filters.result import DegradationFilters, FilterStudy
from lam_core.filters.settings import FilterSettings
from lam_core.images import Pixels
from lam_core.images.degradations import CLEAN, Degradation
from lam_core.semantics.detection import Detection, kind_names, train_probe, try_probe
from lam_core.semantics.trunk import trunk_stages
from lam_core.service.progress import Progress, Step

NAMED_BY = 0.03
"""Share of filters whose use names a degradation."""


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

    Both are HR images, uint8 [h, w, 3]. Raises `ImageTooSmallError`, `DesignError` where two degradations are of one
    kind or one is clean, and what `attribute_filters` raises; an exception raised by `report` cancels the study.
    """
    kinds = (CLEAN, *degradations)
    kind_names(kinds)
    steps, done = 2 * len(kinds), 0

    def begin(text: str) -> Callable[[int, int], None]:
        nonlocal done
        start = done
        done += 1
        return lambda d, total: report(Step((start + d / max(total, 1)) / steps, text))

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
    classifier, by_filters, by_features = _naming(
        pair, found, scored, tried, kinds, crop, seed, begin("Naming degradations")
    )
    return FilterStudy(
        pair.layout.layers, pair.change, tuple(found), len(scored), len(tried), classifier, by_filters, by_features
    )


def _rankings(mean: NDArray[np.float64], pair: NetworkPair, plain: NDArray[np.float64]) -> Mapping[str, NDArray]:
    """What filters are returned by: the discriminative score and two controls."""
    return {"faig": mean, "change": pair.change, "plain": plain}


def _naming(
    pair: NetworkPair,
    found: Sequence[DegradationFilters],
    scored: Sequence[Pixels],
    tried: Sequence[Pixels],
    kinds: Sequence[Degradation],
    crop: int,
    seed: int,
    tick: Tick,
) -> tuple[FilterClassifier, Detection, Detection]:
    """What names degradations by the use of filters, how it does on the images `tried`, and how a probe on deep
    features does."""
    scale = pair.target.scale
    known, fresh = (
        {str(k): [p.low for p in degraded_pairs(images, scale, k, crop=crop, seed=s)] for k in kinds}
        for images, s in ((scored, seed), (tried, seed + 1))
    )
    least = 1 / pair.layout.count
    sets = {one.degradation: one.first(max(NAMED_BY, least)) for one in found}
    classifier = train_classifier(pair, sets, known, tick=tick)
    names = tuple(known)
    confusion = np.zeros((len(names), len(names)), int)
    for row, name in enumerate(names):
        for low in fresh[name]:
            confusion[row, names.index(classifier.verdict(pair, low).likeliest)] += 1
    total = int(confusion.sum())
    table = tuple(tuple(row) for row in confusion.tolist())
    by_filters = Detection(float(np.trace(confusion)) / total, 1 / len(names), table, names, total)
    layer = trunk_stages(pair.target)[-1]
    inputs, unseen = ([p.low for p in degraded_pairs(images, scale, CLEAN, crop=crop)] for images in (scored, tried))
    probe = train_probe(pair.target, inputs, tuple(kinds), layer, shares=(1.0,), seed=seed)
    return classifier, by_filters, try_probe(probe, pair.target, unseen, tuple(kinds), seed=seed + 1)
