"""Advantages over images are means of ratios that can be computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from lam_core.attribution.checks.insertion_deletion import Curve, Faithfulness, FaithfulnessSettings
from lam_core.studies.faithfulness_study import advantages
from lam_core.studies.statistics import SampleError


def result(factor: float, draws: int = 10) -> Faithfulness:
    def flat(value: float) -> Curve:
        y = np.full(3, value)
        return Curve(y, y, y)

    share = np.array([0.001, 0.01, 0.1])
    of = {"map": flat(factor), "distance": flat(1.0), "ring": flat(0.5), "random": flat(0.25)}
    return Faithfulness(
        share, np.array([1, 10, 100]), {"deletion": of, "insertion": of}, FaithfulnessSettings(draws=draws)
    )


def test_advantages_are_geometric_means_of_ratios_of_areas() -> None:
    found = advantages([result(1.0), result(4.0)])
    assert {c: r.mean for c, r in found["deletion"].items()} == pytest.approx({"distance": 2, "ring": 4, "random": 8})
    assert found["insertion"]["distance"].mean == pytest.approx(1 / 2)
    assert (found["deletion"]["distance"].low, found["deletion"]["distance"].high) == (1.0, pytest.approx(4.0))


def test_unequal_measurements_are_not_averaged() -> None:
    with pytest.raises(SampleError, match="unequal settings"):
        advantages([result(1.0), result(1.0, draws=3)])
