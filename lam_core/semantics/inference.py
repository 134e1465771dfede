"""What chance could have done: bootstrap intervals over pictures, and a permutation null."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lam_core.semantics.separability import Gram, Sums, chi_of, sums_of_squares, unbiased_shares

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
    gram: Gram,
    projected: Gram,
    content: NDArray[np.intp],
    *,
    seed: int = 0,
    resamples: int = 400,
    level: float = 0.95,
    tick: Callable[[], None] = lambda: None,
) -> Intervals:
    """Intervals under other pictures of the same contents: of the shares from `gram`, of CHI from `projected`.

    Pictures are drawn with replacement, within their content where contents have several. A resample holds noise
    twice, in the pictures and in the drawing, so only its spread is used: percentiles of the deviations from the
    resamples' mean, set around the estimate. Shares stay in [0, 1].
    """
    random = np.random.default_rng(seed)
    n = len(content)
    classes = int(content.max()) + 1
    members = [np.arange(n)] if classes == n else [np.flatnonzero(content == c) for c in range(classes)]
    estimate = _figures(gram, projected, content, np.ones(n))
    drawn = np.empty((resamples, len(estimate)))
    for i in range(resamples):
        chosen = np.concatenate([random.choice(own, len(own)) for own in members])
        drawn[i] = _figures(gram, projected, content, np.bincount(chosen, minlength=n).astype(float))
        tick()
    if classes == n:
        # Interaction is what content and degradation leave.
        estimate[2] = 1 - estimate[0] - estimate[1]
        drawn[:, 2] = 1 - drawn[:, 0] - drawn[:, 1]
    deviations = drawn - drawn.mean(axis=0)
    limit = np.array([1.0, 1.0, 1.0, np.inf, np.inf])
    low, high = (
        np.clip(estimate + np.quantile(deviations, q, axis=0), 0, limit).tolist()
        for q in ((1 - level) / 2, (1 + level) / 2)
    )
    bounds = list(zip(low, high, strict=True))
    return Intervals(bounds[0], bounds[1], bounds[2], bounds[3], bounds[4], resamples)


def permutation_null(
    gram: Gram,
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
    k, _, n, _ = gram.shape
    sums = sums_of_squares(gram, content)
    levels, pictures = np.tile(np.arange(k), (n, 1)), np.tile(np.arange(n), (k, 1))
    alike, member = gram.sum((0, 1)) / k, np.eye(sums.classes)
    shuffled = np.empty((permutations, 2))
    for i in range(permutations):
        within = random.permuted(levels, axis=1).T
        chosen = gram[within[:, :, None], within[:, None, :], pictures[0, :, None], pictures[0]]
        shuffled[i, 1] = _degradation_share(sums, float(chosen.sum()) / n)
        if sums.classes == n:
            among = random.permuted(pictures, axis=1)
            chosen = gram[levels[0, :, None, None], levels[0, :, None], among[:, None, :], among]
            shuffled[i, 0] = _content_share(sums, float(chosen.sum()) / k)
        else:
            labels = member[random.permutation(content)]
            shuffled[i, 0] = _content_share(
                sums, float((np.einsum("ic,ij,jc->c", labels, alike, labels, optimize=True) / labels.sum(0)).sum())
            )
        tick()
    actual = np.array([_content_share(sums, sums.contents), _degradation_share(sums, sums.degradations)])
    # Rounding must not part two equal arrangements.
    reached = (shuffled >= actual - 1e-9).sum(axis=0)
    p = (1 + reached) / (1 + permutations)
    bound = np.clip(np.quantile(shuffled, 0.95, axis=0), 0, 1)
    return Null(float(bound[0]), float(bound[1]), float(p[0]), float(p[1]), permutations)


def _degradation_share(sums: Sums, degradations: float) -> float:
    """The unbiased share that a sum of squares stands for if degradation and content do not interact."""
    error = (sums.total - sums.pictures - degradations) / ((sums.n - 1) * (sums.k - 1))
    return (degradations - (sums.k - 1) * error) / sums.total


def _content_share(sums: Sums, contents: float) -> float:
    """The unbiased share that a sum of squares stands for."""
    if sums.classes == sums.n:
        error = (sums.total - contents - sums.degradations) / ((sums.n - 1) * (sums.k - 1))
    else:
        error = (sums.pictures - contents) / (sums.n - sums.classes)
    return (contents - (sums.classes - 1) * error) / sums.total


def _figures(
    gram: Gram, projected: Gram, content: NDArray[np.intp], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    shares = unbiased_shares(sums_of_squares(gram, content, weights))
    chi = chi_of(sums_of_squares(projected, content, weights))
    return np.array([*shares, *np.minimum(chi, 1e12)])
