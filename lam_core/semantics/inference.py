"""What chance could have done: bootstrap intervals over pictures, and a permutation null."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lam_core.semantics.separability import Points, calinski_harabasz, unbiased_shares

Interval = tuple[float, float]


@dataclass(frozen=True)
class Intervals:
    """95 % bootstrap intervals over pictures."""

    content: Interval
    degradation: Interval
    interaction: Interval
    chi_content: Interval
    """Of CHI by content over all points."""
    chi_degradation: Interval
    resamples: int


@dataclass(frozen=True)
class Null:
    """What shuffled labels give."""

    content: float
    """95 % of shuffles have a smaller share of content."""
    degradation: float
    p_content: float
    """Share of shuffles, the real labels counted in, that part at least as far; below 0.05 is unlikely by chance."""
    p_degradation: float
    permutations: int


def bootstrap(
    points: Points,
    content: NDArray[np.intp],
    *,
    seed: int = 0,
    resamples: int = 400,
    level: float = 0.95,
    tick: Callable[[], None] = lambda: None,
) -> Intervals:
    """Intervals of the shares and of CHI under other pictures of the same contents.

    Pictures are drawn with replacement, within their content where contents have several. A resample holds noise
    twice, in the pictures and in the drawing, so only its spread is used: percentiles of the deviations from the
    resamples' mean, set around the estimate. Shares stay in [0, 1].
    """
    random = np.random.default_rng(seed)
    single = int(content.max()) + 1 == len(content)
    members = [np.flatnonzero(content == c) for c in range(int(content.max()) + 1)]
    estimate = _figures(points, content)
    drawn = np.empty((resamples, len(estimate)))
    for i in range(resamples):
        if single:
            chosen = random.integers(0, len(content), len(content))
            labels = np.arange(len(content))
        else:
            chosen = np.concatenate([random.choice(own, len(own)) for own in members])
            labels = content[chosen]
        drawn[i] = _figures(points[chosen], labels)
        tick()
    deviations = drawn - drawn.mean(axis=0)
    low, high = (estimate + np.quantile(deviations, q, axis=0) for q in ((1 - level) / 2, (1 + level) / 2))
    limit = np.array([1.0, 1.0, 1.0, np.inf, np.inf])
    bounds = [(float(a), float(b)) for a, b in zip(np.clip(low, 0, limit), np.clip(high, 0, limit), strict=True)]
    if single:
        # Interaction is what content and degradation leave.
        rest = 1 - drawn[:, 0] - drawn[:, 1]
        middle = 1 - estimate[0] - estimate[1]
        around = middle + np.quantile(rest - rest.mean(), [(1 - level) / 2, (1 + level) / 2])
        bounds[2] = (float(np.clip(around[0], 0, 1)), float(np.clip(around[1], 0, 1)))
    return Intervals(bounds[0], bounds[1], bounds[2], bounds[3], bounds[4], resamples)


def permutation_null(
    points: Points,
    content: NDArray[np.intp],
    *,
    seed: int = 0,
    permutations: int = 199,
    tick: Callable[[], None] = lambda: None,
) -> Null:
    """Shares under shuffled labels, and how seldom they reach the real ones.

    Degradations are shuffled within every picture. Contents are shuffled among pictures; where every picture is its
    own content, pictures are shuffled within every degradation. Either is exact: with no effect, p ≤ α in a share α
    of studies.
    """
    random = np.random.default_rng(seed)
    n, k, _ = points.shape
    single = int(content.max()) + 1 == n
    actual = unbiased_shares(points, content)
    shuffled = np.empty((permutations, 2))
    for i in range(permutations):
        order = random.permuted(np.tile(np.arange(k), (n, 1)), axis=1)
        shuffled[i, 1] = unbiased_shares(np.take_along_axis(points, order[..., None], axis=1), content)[1]
        if single:
            order = random.permuted(np.tile(np.arange(n)[:, None], (1, k)), axis=0)
            shuffled[i, 0] = unbiased_shares(np.take_along_axis(points, order[..., None], axis=0), content)[0]
        else:
            shuffled[i, 0] = unbiased_shares(points, random.permutation(content))[0]
        tick()
    # Rounding must not part two equal arrangements.
    reached = (shuffled >= actual[:2] - 1e-12).sum(axis=0)
    p = (1 + reached) / (1 + permutations)
    bound = np.clip(np.quantile(shuffled, 0.95, axis=0), 0, 1)
    return Null(float(bound[0]), float(bound[1]), float(p[0]), float(p[1]), permutations)


def _figures(points: Points, content: NDArray[np.intp]) -> NDArray[np.float64]:
    n, k, width = points.shape
    flat = points.reshape(-1, width)
    chi = [
        calinski_harabasz(flat, np.repeat(content, k)),
        calinski_harabasz(flat, np.tile(np.arange(k), n)),
    ]
    return np.array([*unbiased_shares(points, content), *np.minimum(chi, 1e12)])
