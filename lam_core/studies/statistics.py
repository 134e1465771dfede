"""Intervals and correlations of a study: images are the sample, and models are always compared on the same ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lam_core.errors import LamError
from lam_core.studies.sweeps.table import check_comparable

DRAWS = 10_000
"""Resamples behind each interval."""
LEVEL = 0.95
EXACT_UP_TO = 8
"""Pairs up to which a rank correlation's p counts all permutations; beyond, SciPy's t-distribution serves."""


class SampleError(LamError, ValueError):
    """Too little, or nothing in common, to make a figure of."""


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % bootstrap interval over images."""

    mean: float
    low: float
    high: float
    n: int
    """Images."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Standing:
    """One model's place among others that saw the same images."""

    model: str
    mean: Interval
    """Of DI over images, each image's windows averaged first."""
    rank: int
    """1 for the largest mean."""
    rank_low: int
    """Best rank within the 95 % interval over resampled images."""
    rank_high: int
    """Worst rank within the interval."""
    above_next: float | None
    """Share of resamples in which this model's mean is above that of the one ranked next; None for the last."""


@dataclass(frozen=True)
class Order:
    """The order of models by mean DI, and how firm it is."""

    standings: tuple[Standing, ...]
    """The largest mean first."""
    images: int
    """Images that every model has."""
    left_out: tuple[str, ...]
    """Images that some model lacks."""
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Correlation:
    """Spearman's rank correlation."""

    rho: float | None
    """−1 to 1; None if one side is the same everywhere."""
    p: float | None
    """Two-sided, of no association."""
    n: int
    """Pairs."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Ratio:
    """A geometric mean of ratios over images: above 1, the first is larger."""

    mean: float
    low: float
    high: float
    p: float | None
    """Wilcoxon's signed-rank test of the ratios' logarithms, two-sided; None if all ratios are 1."""
    n: int
    above: int
    """Images whose ratio is above 1."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def mean_interval(values: Sequence[float] | NDArray, *, draws: int = DRAWS, seed: int = 0) -> Interval:
    """The mean of independent values and its 95 % percentile-bootstrap interval. Raises `SampleError` for none."""
    sample = np.asarray(values, np.float64)
    if sample.ndim != 1 or not sample.size or not np.isfinite(sample).all():
        raise SampleError(f"a mean needs finite values in a row; got {list(sample.shape)}")
    means = sample[_resamples(sample.size, draws, seed)].mean(1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(sample.mean()), float(low), float(high), sample.size)


def order_of(table: pd.DataFrame, *, draws: int = DRAWS, seed: int = 0) -> Order:
    """Models of a sweep's table by mean DI, with paired bootstrap intervals: a resample is one set of images for all.

    Only images on which every model has the same windows count; windows of one image are averaged first, as they are
    not independent. Raises `UnequalSettingsError`, `SampleError` if no image is common to all.
    """
    check_comparable(table)
    names, images, matrix, left_out = paired(table, "diffusion_index")
    means = matrix[_resamples(len(images), draws, seed)].mean(1)
    edges = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    ranks = (-means).argsort(1, kind="stable").argsort(1, kind="stable") + 1
    order = np.argsort(-matrix.mean(0), kind="stable")
    standings = []
    for rank, k in enumerate(order, 1):
        low, high = np.quantile(means[:, k], edges)
        best, worst = np.quantile(ranks[:, k], edges, method="nearest")
        above = float((means[:, k] > means[:, order[rank]]).mean()) if rank < len(order) else None
        interval = Interval(float(matrix[:, k].mean()), float(low), float(high), len(images))
        standings.append(Standing(names[k], interval, rank, int(best), int(worst), above))
    return Order(tuple(standings), len(images), left_out, seed)


def difference_of(table: pd.DataFrame, first: str, second: str, *, draws: int = DRAWS, seed: int = 0) -> Interval:
    """Mean of first − second in DI over the images that both have, with its paired bootstrap interval.

    Raises `UnequalSettingsError`, `SampleError` if no image is common to both or the table lacks one of them.
    """
    check_comparable(table)
    for name in (first, second):
        if name not in set(table["model"]):
            raise SampleError(f"the table has no network {name!r}; choose one of {sorted(set(table['model']))}")
    rows = pd.DataFrame(table[table["model"].isin([first, second])])
    names, _, matrix, _ = paired(rows, "diffusion_index")
    return mean_interval(matrix[:, names.index(first)] - matrix[:, names.index(second)], draws=draws, seed=seed)


def paired(table: pd.DataFrame, column: str) -> tuple[list[str], list[str], NDArray[np.float64], tuple[str, ...]]:
    """A column as models, images, a matrix [images, models] of means over windows, and the images left out.

    An image counts if every model has the same windows of it. Raises `SampleError` if none does.
    """
    cells: dict[tuple[str, str], dict[tuple[int, int, int], float]] = {}
    for image, model, x, y, size, value in table[["image", "model", "x", "y", "size", column]].to_numpy().tolist():
        cells.setdefault((image, model), {})[x, y, size] = value
    names = list(dict.fromkeys(table["model"].tolist()))
    images = list(dict.fromkeys(table["image"].tolist()))
    common = [i for i in images if len({frozenset(cells.get((i, m), {})) for m in names}) == 1]
    if not common:
        raise SampleError("no image has the same windows under all models, so they cannot be compared in pairs")
    matrix = np.array([[float(np.mean(list(cells[i, m].values()))) for m in names] for i in common], np.float64)
    return names, common, matrix, tuple(i for i in images if i not in common)


def correlation(x: Sequence[float], y: Sequence[float]) -> Correlation:
    """Spearman's ρ of pairs with a two-sided p; infinite values, such as a global receptive field, rank last.

    Raises `SampleError` for fewer than three pairs or sides of unequal length.
    """
    from scipy import stats  # here, so that pages of shipped results open without SciPy

    if len(x) != len(y) or len(x) < 3:
        raise SampleError(f"a correlation needs at least three pairs; got {len(x)} and {len(y)} values")
    first, second = (stats.rankdata(values) - (len(values) + 1) / 2 for values in (x, y))
    if not (first.any() and second.any()):
        return Correlation(None, None, len(x))
    rho, p = stats.spearmanr(first, second)
    if len(x) <= EXACT_UP_TO:
        p = stats.permutation_test(
            (first,),
            lambda ranks, axis: ranks @ second,
            permutation_type="pairings",
            vectorized=True,
            # All of them: SciPy is exact from as many resamples as there are permutations on.
            n_resamples=math.factorial(EXACT_UP_TO),
        ).pvalue
    return Correlation(float(rho), float(p), len(x))  # type: ignore[arg-type]


def ratio(ratios: Sequence[float], *, draws: int = DRAWS, seed: int = 0) -> Ratio:
    """The geometric mean of positive ratios, one an image, with its bootstrap interval and a signed-rank test.

    Raises `SampleError` if there are none, or one is not positive and finite.
    """
    from scipy import stats

    sample = np.asarray(ratios, np.float64)
    if not sample.size or not (np.isfinite(sample) & (sample > 0)).all():
        raise SampleError(f"a mean ratio needs positive finite ratios; got {sample.tolist()[:6]}")
    logs = np.log(sample)
    interval = mean_interval(logs, draws=draws, seed=seed)
    return Ratio(
        mean=float(np.exp(interval.mean)),
        low=float(np.exp(interval.low)),
        high=float(np.exp(interval.high)),
        p=float(stats.wilcoxon(logs)[1]) if logs.any() else None,  # type: ignore[arg-type]
        n=sample.size,
        above=int((sample > 1).sum()),
    )


def _resamples(n: int, draws: int, seed: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).integers(0, n, (draws, n))
