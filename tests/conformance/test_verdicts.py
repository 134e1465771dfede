"""How often verdicts are wrong on maps with a known answer: 200 draws of each kind."""

from __future__ import annotations

import pytest

from tests.lam_core.attribution.checks.verdict_maps import by_deletion, by_occlusion, case

pytestmark = pytest.mark.conformance

DRAWS = 200


@pytest.mark.parametrize("check", [by_deletion, by_occlusion], ids=["deletion", "occlusion"])
@pytest.mark.parametrize("kind", ["ring", "closeness", "noise"])
def test_a_map_that_knows_no_more_than_its_control_seldom_beats_it(check, kind: str) -> None:
    assert sum(check(case(seed), kind).mark == "beats" for seed in range(DRAWS)) <= 0.05 * DRAWS


@pytest.mark.parametrize("check", [by_deletion, by_occlusion], ids=["deletion", "occlusion"])
def test_the_truth_mostly_beats_its_control(check) -> None:
    assert sum(check(case(seed), "truth").mark == "beats" for seed in range(DRAWS)) >= 0.8 * DRAWS
