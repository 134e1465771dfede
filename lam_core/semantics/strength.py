"""Separability against a degradation's strength, and the path that features take from clean to degraded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lam_core.images import Pixels
from lam_core.images.degradations import Degradation
from lam_core.semantics.errors import DesignError
from lam_core.semantics.projection import principal_components
from lam_core.semantics.separability import calinski_harabasz, variance_shares
from lam_core.semantics.space import FLATTENED, Features, Space, Tick

if TYPE_CHECKING:
    from lam_core.semantics.taps import Network


@dataclass(frozen=True, eq=False)
class StrengthCurve:
    """One network, one layer, one degradation from nothing to its full strength."""

    model: str
    layer: str
    degradations: tuple[str, ...]
    """As text, weakest first; the clean pictures they are compared with are not among them."""
    shares: tuple[float, ...]
    """Share of variance by degradation, clean against each strength."""
    chi: tuple[float, ...]
    """Calinski–Harabasz index of the same two classes; n and k are equal along the curve."""
    spearman: float
    """Rank correlation of CHI with strength; 1 where it grows at every step."""
    path: NDArray[np.float32]
    """[pictures, 1 + strengths, 2]: principal components common to all strengths, clean first."""
    n: int
    """Points of one comparison."""
    space: str
    seed: int


def strength_curve(
    network: Network,
    images: Sequence[Pixels],
    degradation: Degradation,
    layer: str,
    *,
    steps: int = 6,
    space: Space = FLATTENED,
    seed: int = 0,
    memory: int = 1024**3,
    tick: Tick = lambda done, total: None,
) -> StrengthCurve:
    """Separability of clean pictures and those degraded at 1/steps, 2/steps, … of a strength.

    Raises `DesignError` for a clean degradation, fewer than two pictures or three steps.
    """
    if not any(step.strength for step in degradation.steps):
        raise DesignError(f"{degradation} changes nothing; choose a degradation of some strength")
    if len(images) < 2 or steps < 3:
        raise DesignError(f"{len(images)} pictures at {steps} strengths make no curve; give 2 pictures and 3 strengths")
    strengths = [degradation.scaled(i / steps) for i in range(steps + 1)]
    from lam_core.semantics.features import collect

    (features,) = collect(network, images, strengths, [layer], space=space, seed=seed, memory=memory, tick=tick)
    shares, chi = [], []
    for i in range(1, steps + 1):
        pair = Features(layer, features.values[:, [0, i]], features.space)
        shares.append(variance_shares(pair.values, np.arange(len(images))).degradation)
        points = principal_components(pair, seed=seed).scores
        chi.append(calinski_harabasz(points.reshape(2 * len(images), -1), np.tile([0, 1], len(images))))
    common = principal_components(features, seed=seed)
    return StrengthCurve(
        network.name,
        layer,
        tuple(map(str, strengths[1:])),
        tuple(shares),
        tuple(chi),
        _rank_correlation(chi),
        np.pad(common.scores, ((0, 0), (0, 0), (0, 1)))[..., :2].astype(np.float32),
        2 * len(images),
        f"{features.space}; CHI and path in {common.space}",
        seed,
    )


def _rank_correlation(values: Sequence[float]) -> float:
    """Spearman's correlation with the position; 0 for values that are all alike."""
    from scipy.stats import rankdata

    ranks = rankdata(values)
    if np.ptp(ranks) == 0:
        return 0.0
    return float(np.corrcoef(ranks, np.arange(len(ranks)))[0, 1])
