"""The shipped results on semantics computed again from the published checkpoints, and what they must show."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.gallery.semantics import shipped
from dashboard.gallery.semantics.shipped import QUESTIONS
from tests.unshipped import WEIGHTS, needs_shared
from zoo.models.reference import feature_reference

pytestmark = [pytest.mark.conformance, needs_shared]

FILES = {"srgan": "srgan_x4.pth", "imdn": "IMDN_x4.pth", "pan": "PANx4_DF2K.pth", "carn-m": "carn_m.pth"}


@pytest.mark.parametrize("key", FILES)
def test_an_analysis_comes_out_the_same(key: str) -> None:
    reference = feature_reference(WEIGHTS / FILES[key])
    again = QUESTIONS["analysis"](reference).compute(reference.load(), lambda progress: None)
    for found, kept in zip(again.models, shipped.analysis(key).models, strict=True):
        for new, old in zip(found.layers, kept.layers, strict=True):
            assert new.share.to_json() == pytest.approx(old.share.to_json(), abs=1e-4)
            assert new.chi.to_json() == pytest.approx(old.chi.to_json(), rel=1e-3)
            np.testing.assert_allclose(new.intervals.degradation, old.intervals.degradation, atol=1e-4)


def test_separability_grows_with_strength_on_the_published_srgan() -> None:
    reference = feature_reference(WEIGHTS / FILES["srgan"])
    again = QUESTIONS["strength"](reference).compute(reference.load(), lambda progress: None)
    assert [curve.spearman for curve in again] == [curve.spearman for curve in shipped.strength("srgan")]


@pytest.mark.parametrize("key", FILES)
def test_a_probe_names_held_out_degradations_far_above_chance(key: str) -> None:
    found = shipped.probe(key).detection
    assert found.accuracy > 2 * found.chance
