"""Intervals that hold what they promise, and correlations checked against SciPy and by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lam_core.studies.statistics import (
    Correlation,
    SampleError,
    correlation,
    difference_of,
    mean_interval,
    order_of,
    paired,
    ratio,
)
from lam_core.studies.sweeps.table import UnequalSettingsError
from tests.lam_core.studies.toys import table


def test_a_mean_interval_is_about_two_standard_errors() -> None:
    values = np.random.default_rng(0).normal(5, 2, 200)
    found = mean_interval(values)
    error = values.std(ddof=1) / np.sqrt(200)
    assert found.mean == values.mean()
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.05)
    assert found.n == 200
    assert mean_interval(values) == found, "seeded"


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    random = np.random.default_rng(1)
    held = [(f := mean_interval(random.normal(0, 1, 40), draws=400, seed=k)).low <= 0 <= f.high for k in range(300)]
    assert 0.90 < np.mean(held) < 0.98


def test_order_is_firm_where_models_differ_on_every_image() -> None:
    # The images differ far more than the models: unpaired intervals overlap, the paired order is certain.
    rows = {("wide", f"i{k}"): 10 + 5 * k for k in range(8)} | {("small", f"i{k}"): 9 + 5 * k for k in range(8)}
    found = order_of(table(rows))
    wide, small = found.standings
    assert (wide.model, wide.rank, wide.rank_low, wide.rank_high, wide.above_next) == ("wide", 1, 1, 1, 1.0)
    assert (small.rank_low, small.rank_high, small.above_next) == (2, 2, None)
    assert wide.mean.low < small.mean.high
    assert found.images == 8


def test_order_is_open_where_images_disagree() -> None:
    rows = {("a", f"i{k}"): float(k % 2) for k in range(8)} | {("b", f"i{k}"): float((k + 1) % 2) for k in range(8)}
    found = order_of(table(rows))
    assert {(s.rank_low, s.rank_high) for s in found.standings} == {(1, 2)}
    assert found.standings[0].above_next == pytest.approx(0.36, abs=0.03)


def test_windows_of_an_image_are_averaged_first() -> None:
    frame = table({("a", "i"): 1.0, ("a", "j"): 5.0})
    more = pd.concat([frame, frame.assign(x=40, diffusion_index=[3.0, 7.0])], ignore_index=True)
    _, images, matrix, _ = paired(more, "diffusion_index")
    assert images == ["i", "j"]
    assert matrix.tolist() == [[2.0], [6.0]]


def test_images_that_a_model_lacks_are_left_out_and_named() -> None:
    found = order_of(table({("a", "i"): 1.0, ("b", "i"): 2.0, ("a", "j"): 9.0}))
    assert (found.images, found.left_out) == (1, ("j",))
    assert [s.mean.mean for s in found.standings] == [2.0, 1.0]
    with pytest.raises(SampleError, match="no image has the same windows"):
        order_of(table({("a", "i"): 1.0, ("b", "j"): 2.0}))


@pytest.mark.parametrize("column", ["lr_height", "scale", "size", "rule", "tolerance", "sigma"])
def test_ranking_across_unequal_settings_is_refused(column: str) -> None:
    frame = table({("a", "i"): 1.0, ("b", "i"): 2.0})
    other = {"rule": "reference"}.get(column, 48)
    frame.loc[0, column] = other
    with pytest.raises(UnequalSettingsError, match=f"{column} is "):
        order_of(frame)


def test_correlation_counts_all_permutations_of_few_pairs() -> None:
    assert correlation([1, 2, 3, 4], [10, 20, 30, 40]) == Correlation(1.0, pytest.approx(2 / 24), 4)
    x, y = np.random.default_rng(0).random((2, 30))
    found, expected = correlation(list(x), list(y)), stats.spearmanr(x, y)
    assert (found.rho, found.p) == (pytest.approx(expected.statistic), pytest.approx(expected.pvalue))


def test_a_global_receptive_field_ranks_last_and_ties() -> None:
    inf = float("inf")
    found = correlation([15, 45, 75, inf, inf], [0.8, 1.8, 3.0, 14.0, 16.0])
    assert found.rho == pytest.approx(stats.spearmanr([1, 2, 3, 4.5, 4.5], [1, 2, 3, 4, 5])[0])
    assert correlation([1, 1, 1], [1, 2, 3]) == Correlation(None, None, 3)
    with pytest.raises(SampleError, match="at least three"):
        correlation([1, 2], [1, 2])


def test_ratio_is_a_geometric_mean() -> None:
    found = ratio([2.0, 8.0, 4.0, 4.0])
    assert found.mean == pytest.approx(4)
    assert 2 <= found.low < 4 < found.high <= 8
    assert (found.n, found.above) == (4, 4)
    assert found.p == pytest.approx(stats.wilcoxon(np.log([2.0, 8.0, 4.0, 4.0]))[1])
    assert ratio([1.0, 1.0, 1.0]).p is None
    with pytest.raises(SampleError, match="positive finite"):
        ratio([1.0, 0.0])


def test_a_difference_is_paired_and_may_be_none() -> None:
    random = np.random.default_rng(0)
    images = {f"i{k}": 10.0 * k for k in range(12)}
    rows = {("wide", i): v + 1 + random.normal(0, 0.1) for i, v in images.items()} | {
        ("small", i): v for i, v in images.items()
    }
    found = difference_of(table(rows), "wide", "small")
    # The images differ by tens, the pairs by a tenth: only a paired interval excludes 0.
    assert 0.9 < found.low < found.mean < found.high < 1.1
    assert found.n == 12
    back = difference_of(table(rows), "small", "wide")
    assert (back.mean, back.low) == pytest.approx((-found.mean, -found.high))
    with pytest.raises(SampleError, match="no network 'none'"):
        difference_of(table(rows), "wide", "none")
