"""Verdicts on both sides of their bounds, and on maps whose verdict is known beforehand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from lam_core.attribution.checks.insertion_deletion import Curve, Faithfulness, FaithfulnessSettings
from lam_core.attribution.checks.randomisation import Randomisation, RandomisationStep
from lam_core.attribution.checks.rank_agreement import Agreement, agreement
from lam_core.attribution.checks.verdict import (
    KEPT,
    Margin,
    Verdict,
    blocks_verdict,
    faithfulness_verdict,
    joint,
    overall,
    randomisation_verdict,
)
from tests.lam_core.attribution.checks.verdict_maps import by_deletion, by_occlusion, case

SETTINGS = FaithfulnessSettings()


@pytest.mark.parametrize(
    ("low", "high", "mark"),
    [(1.01, 2, "beats"), (1.0, 2, "undecided"), (0.5, 1.0, "undecided"), (0.5, 0.99, "does not")],
)
def test_a_margin_decides_where_its_interval_excludes_no_difference(low: float, high: float, mark: str) -> None:
    assert Margin(1.0, low, high, none=1.0).mark == mark


def curves(of_map: float, ring: float, near: float, spread: float = 0.0) -> Faithfulness:
    """Constant deletion curves, so that ratios of areas are ratios of these."""

    def flat(value: float, by: float = 0.0) -> Curve:
        return Curve(*(np.full(3, value + k * by) for k in (0, -1, 1)))

    of = {"map": flat(of_map), "ring": flat(ring, spread), "distance": flat(near), "random": flat(0.1)}
    return Faithfulness(
        np.array([0.001, 0.01, 0.1]), np.array([1, 10, 100]), {"deletion": of, "insertion": of}, SETTINGS
    )


def test_more_than_distance_is_said_only_where_both_controls_are_beaten() -> None:
    assert faithfulness_verdict(curves(2, 1, 1)).mark == "beats"
    assert "more than distance" in faithfulness_verdict(curves(2, 1, 1)).sentence
    for ring, near in ((1, 2), (2, 1), (2, 2)):
        found = faithfulness_verdict(curves(2, ring, near))
        assert found.mark == "undecided"
        assert "cannot be distinguished from distance" in found.sentence
    assert faithfulness_verdict(curves(2, 1, 2.1)).mark == "does not"
    assert faithfulness_verdict(curves(2, 2.1, 1)).mark == "does not"


def test_the_interval_of_the_rings_is_that_of_one_further_order() -> None:
    found = faithfulness_verdict(curves(2, 1, 1, spread=0.1)).margins[0]
    # Ten normal draws whose 2.5th and 97.5th percentiles lie 0.2 apart have a deviation near 0.2 / 2.8.
    reach = 2.262 * 1.1**0.5 * 0.2 / 2.81
    assert found.value == 2
    assert found.low == pytest.approx(2 / (1 + reach), rel=0.02)
    assert found.high == pytest.approx(2 * (1 + reach), rel=0.02)
    # On both sides of the bound.
    assert faithfulness_verdict(curves(1 + 0.9 * reach, 1, 0.5, spread=0.1)).mark == "undecided"
    assert faithfulness_verdict(curves(1 + 1.1 * reach, 1, 0.5, spread=0.1)).mark == "beats"


def test_too_few_orders_give_no_interval() -> None:
    few = replace(curves(2, 1, 1), settings=replace(SETTINGS, draws=2))
    assert (faithfulness_verdict(few).mark, faithfulness_verdict(few).margins) == ("undecided", ())


def blocks(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:10, :10]
    distance = np.hypot(rows - 5, columns - 5)
    return random.random((10, 10)) / (1 + distance), random.random((10, 10)) / (1 + distance), distance


def test_blocks_agree_disagree_or_neither() -> None:
    effect, _, distance = blocks(0)
    same = blocks_verdict(effect, effect, distance, "occlusion")
    assert same.mark == "beats"
    # 99 blocks, as the one under the window counts for nothing.
    assert "1.00" in same.sentence
    assert "over 99 blocks" in same.sentence
    # The texture upside down, the fall with distance kept.
    against = blocks_verdict(effect, (1 - effect * (1 + distance)) / (1 + distance), distance, "occlusion")
    assert against.mark == "does not"
    unrelated = Counter(blocks_verdict(*blocks(seed), "occlusion").mark for seed in range(20))
    assert unrelated["undecided"] >= 17


def test_the_correlation_of_blocks_is_the_partial_one() -> None:
    effect, other, distance = blocks(1)
    outside = distance > 0
    expected = agreement(effect[outside], other[outside], distance[outside]).beyond_distance
    assert f"rank correlation {expected:.2f}".replace("-", "−") in blocks_verdict(effect, other, distance, "x").sentence


def test_a_map_of_distance_alone_or_of_nothing_is_not_compared() -> None:
    effect, _, distance = blocks(2)
    for plane in (1 / (1 + distance), np.zeros_like(distance), np.ones_like(distance)):
        assert blocks_verdict(effect, plane, distance, "occlusion").mark == "undecided"


def forgotten(*likeness: float | None, edges: float = 0.2) -> list[Randomisation]:
    picture = Agreement(0.9, edges, 100)
    return [
        Randomisation((RandomisationStep(1.0, "head", Agreement(0.98, value, 100)),), picture, seed)
        for seed, value in enumerate(likeness)
    ]


def test_a_map_is_lost_with_the_weights_or_stays() -> None:
    lost = randomisation_verdict(forgotten(0.25, 0.27, 0.29))
    assert lost.mark == "beats"
    assert "0.27" in lost.sentence
    assert "0.20" in lost.sentence
    assert "0.98" not in lost.sentence
    assert randomisation_verdict(forgotten(0.9, 0.92, 0.94)).mark == "does not"
    assert randomisation_verdict(forgotten(0.2, 0.5, 0.8)).mark == "undecided"
    # A t interval of three draws reaches 2.484 deviations to either side of the mean.
    assert randomisation_verdict(forgotten(*(KEPT - 0.026 + d for d in (-0.01, 0, 0.01)))).mark == "beats"
    assert randomisation_verdict(forgotten(*(KEPT - 0.024 + d for d in (-0.01, 0, 0.01)))).mark == "undecided"
    assert randomisation_verdict(forgotten(*(KEPT + 0.026 + d for d in (-0.01, 0, 0.01)))).mark == "does not"


def test_a_map_of_edges_is_not_judged_by_what_stays() -> None:
    assert randomisation_verdict(forgotten(0.9, 0.92, 0.94, edges=KEPT)).mark == "undecided"
    assert randomisation_verdict(forgotten(0.9, 0.92, 0.94, edges=KEPT - 0.01)).mark == "does not"


def test_one_draw_has_no_interval() -> None:
    one = randomisation_verdict(forgotten(0.27))
    assert (one.mark, one.margins) == ("undecided", ())
    assert "1 draw of the weights, too few" in one.sentence
    assert randomisation_verdict([]).mark == "undecided"


def test_the_worst_mark_counts_and_failures_are_named() -> None:
    assert joint([]) == "undecided"
    found = {"Occlusion": Verdict("does not", ""), "Randomisation": Verdict("beats", "")}
    assert overall(found, 2) == "Beats its control in 1 of 2 checks, does not in 1 (Occlusion)."


def test_maps_with_a_known_answer() -> None:
    """A few of the draws; `tests/conformance/test_verdicts.py` tries two hundred of each."""
    marks = Counter()
    for seed in range(5):
        one = case(seed)
        for kind in ("truth", "noise"):
            marks[kind] += by_deletion(one, kind).mark == "beats"
            marks[kind] += by_occlusion(one, kind).mark == "beats"
    assert marks["truth"] >= 8
    assert marks["noise"] <= 1
