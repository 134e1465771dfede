"""From features to a plane: principal components with a fixed seed, then t-SNE that starts from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lam_core.semantics.errors import ConstantFeaturesError, DesignError
from lam_core.semantics.space import Features

COMPONENTS = 50
"""Principal components that CHI, silhouette, accuracy and scatters are taken on, at most."""
STEPS = 1000
"""Of the t-SNE's descent, at most."""


@dataclass(frozen=True, eq=False)
class Projection:
    """Features in their principal components."""

    scores: NDArray[np.float64]
    """[n pictures, k degradations, components], largest variance first; columns have mean 0."""
    explained: float
    """Share of the features' variance that the components hold, 0 to 1."""
    space: str
    """The components in words, for captions."""


def principal_components(features: Features, *, seed: int = 0, components: int = COMPONENTS) -> Projection:
    """The features' principal components, at most one fewer than there are points.

    Raises `ConstantFeaturesError` if all points are the same, or not finite.
    """
    from sklearn.decomposition import PCA

    n, k, width = features.values.shape
    points = features.values.reshape(n * k, width).astype(np.float64)
    if not np.isfinite(points).all():
        raise ConstantFeaturesError(
            f"{features.layer} has values that are not finite; try another layer or higher precision"
        )
    points -= points.mean(axis=0)
    # Below float32's rounding nothing is left but rounding.
    if np.abs(points).max() <= 1e-6 * np.abs(features.values).max():
        raise ConstantFeaturesError(
            f"{features.layer} gives the same features for all {n * k} pictures, so there is nothing to tell apart; "
            f"choose another layer, or pictures that differ"
        )
    count = min(components, n * k - 1, width)
    pca = PCA(count, random_state=seed, svd_solver="randomized" if count < min(n * k, width) // 2 else "full")
    scores = pca.fit_transform(points)
    explained = float(pca.explained_variance_ratio_.sum())
    return Projection(
        scores.reshape(n, k, count),
        min(explained, 1.0),
        f"PCA {count} ({min(explained, 1.0):.0%} of the variance)",
    )


def plane(projection: Projection, *, seed: int = 0, tick: Callable[[], None] = lambda: None) -> NDArray[np.float32]:
    """t-SNE of the principal components [n, k, 2] (van der Maaten and Hinton 2008), repeatable for one seed.

    Perplexity 30, or a third of the points where they are few. `tick` is called at each of up to `STEPS` steps, and
    an exception it raises ends the work. Raises `DesignError` for fewer than four points.
    """
    from lam_core.semantics.tsne import HeardTSNE

    n, k, components = projection.scores.shape
    if n * k < 4:
        raise DesignError(f"{n * k} points are too few for a t-SNE; give at least 4")
    points = projection.scores.reshape(n * k, components)
    if components == 1:
        points = np.column_stack([points, np.zeros(len(points))])
    perplexity = min(30.0, (n * k - 1) / 3)
    embedded = HeardTSNE(perplexity=perplexity, max_iter=STEPS, random_state=seed, tick=tick).fit_transform(points)
    return np.asarray(embedded, np.float32).reshape(n, k, 2)


def turned_towards(points: NDArray[np.floating], reference: NDArray[np.floating]) -> NDArray[np.float64]:
    """Points [..., 2] rotated or mirrored about their mean to lie as near as can be to others of the same shape.

    A plane of a t-SNE or of principal components has no orientation of its own; distances stay as they are
    (Schönemann 1966).
    """
    flat, target = (np.asarray(p, np.float64).reshape(-1, 2) for p in (points, reference))
    flat, target = flat - flat.mean(0), target - target.mean(0)
    left, _, right = np.linalg.svd(flat.T @ target)
    return (flat @ left @ right).reshape(points.shape)
