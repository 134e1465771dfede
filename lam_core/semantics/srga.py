"""SRGA: how far a degradation moves a network's features from those of clean pictures, with no label at all.

Liu et al., "Evaluating the Generalization Ability of Super-Resolution Networks", TPAMI 2023. The smaller, the better
the network generalises to that degradation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import lgamma, log, log10
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lam_core.images import Pixels
from lam_core.images.degradations import Degradation
from lam_core.semantics.errors import ConstantFeaturesError, DesignError
from lam_core.semantics.space import Features, Space, Tick

if TYPE_CHECKING:
    from lam_core.semantics.taps import Network

COMPONENTS = 300
RECOMMENDED = 300
"""Pictures; with fewer the score depends on how many there are."""
RAW_LENGTH = Space(unit_norm=False)
"""Features as they are: their spread is what is measured."""


@dataclass(frozen=True)
class GeneralisedGaussian:
    """p(x) = β / (2αΓ(1/β)) · exp(−(|x|/α)^β)."""

    alpha: float
    """Scale, above 0."""
    beta: float
    """Shape: 2 is the normal distribution, 1 the Laplace distribution."""

    @classmethod
    def fit(cls, values: NDArray[np.floating]) -> GeneralisedGaussian:
        """By moments: E|x|² / (E|x|)² = Γ(1/β)Γ(3/β) / Γ(2/β)² (Mallat 1989). Raises `ConstantFeaturesError`."""
        from scipy.optimize import root_scalar

        first, second = float(np.abs(values).mean()), float(np.square(values).mean())
        if not first > 0 or not np.isfinite(second):
            raise ConstantFeaturesError("the features do not vary, so they have no distribution; choose another layer")

        def excess(beta: float) -> float:
            return lgamma(1 / beta) + lgamma(3 / beta) - 2 * lgamma(2 / beta) - log(second / first**2)

        low, high = 0.05, 50.0
        if excess(low) < 0 or excess(high) > 0:
            beta = low if excess(low) < 0 else high
        else:
            beta = float(root_scalar(excess, bracket=(low, high)).root)
        return cls(float(np.exp(log(first) + lgamma(1 / beta) - lgamma(2 / beta))), beta)

    def divergence(self, other: GeneralisedGaussian) -> float:
        """Kullback–Leibler divergence of this distribution from `other`, in nats (Do and Vetterli 2002)."""
        a, b, c, d = self.alpha, self.beta, other.alpha, other.beta
        scales = log(b) + log(c) + lgamma(1 / d) - log(d) - log(a) - lgamma(1 / b)
        moment = np.exp(d * (log(a) - log(c)) + lgamma((d + 1) / b) - lgamma(1 / b))
        return max(float(scales + moment - 1 / b), 0.0)


@dataclass(frozen=True)
class SrgaScore:
    """One network, one layer, one degradation."""

    model: str
    layer: str
    degradation: str
    score: float
    """log10(KL + 1e-5) + 5: 0 for features that do not move."""
    divergence: float
    """KL of the clean features' distribution from the degraded ones', in nats."""
    n: int
    """Pictures; see `RECOMMENDED`."""
    components: int
    space: str


def srga(
    network: Network,
    images: Sequence[Pixels],
    degradations: Sequence[Degradation],
    layer: str,
    *,
    seed: int = 0,
    memory: int = 1024**3,
    tick: Tick = lambda done, total: None,
) -> tuple[SrgaScore, ...]:
    """The score of every degradation at one layer, `images` being the network's clean inputs, all of one size.

    Raises `DesignError` for fewer than three pictures, `ConstantFeaturesError` for features that do not vary.
    """
    if len(images) < 3:
        raise DesignError(f"{len(images)} pictures have no distribution; give at least 3, better {RECOMMENDED}")
    clean, *spoilt = (Degradation(), *degradations)
    from lam_core.semantics.features import collect

    (features,) = collect(
        network, images, [clean, *spoilt], [layer], space=RAW_LENGTH, seed=seed, memory=memory, tick=tick
    )
    reference = _distribution(features, 0, seed)
    scores = []
    for i, degradation in enumerate(spoilt, start=1):
        divergence = reference.divergence(_distribution(features, i, seed))
        scores.append(
            SrgaScore(
                network.name,
                layer,
                str(degradation),
                log10(divergence + 1e-5) + 5,
                divergence,
                len(images),
                min(COMPONENTS, len(images) - 1, features.values.shape[-1]),
                features.space,
            )
        )
    return tuple(scores)


def _distribution(features: Features, degradation: int, seed: int) -> GeneralisedGaussian:
    """The distribution of one set's projections on its own principal components, outliers beyond 5σ left out."""
    from sklearn.decomposition import PCA

    points = features.values[:, degradation].astype(np.float64)
    points -= points.mean(axis=0)
    if not points.any():
        raise ConstantFeaturesError(
            f"{features.layer} gives the same features for all pictures; choose another layer, or pictures that differ"
        )
    count = min(COMPONENTS, len(points) - 1, points.shape[1])
    values = PCA(count, random_state=seed, svd_solver="full").fit_transform(points).ravel()
    return GeneralisedGaussian.fit(values[np.abs(values) <= 5 * values.std()])
