"""Returning filters to the baseline takes away one ability; overlap and prediction."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from lam_core import SuperResolver
from lam_core.filters.abilities import ability_curves, random_order
from lam_core.filters.attribution import attribute_filters
from lam_core.filters.curves import findings
from lam_core.filters.pair import FilterPairError, NetworkPair
from lam_core.filters.prediction import train_classifier
from tests.lam_core.filters.networks import known


def test_returned_filters_are_the_baselines_and_no_others() -> None:
    case = known(3)
    with case.pair.returned(case.restoring) as model:
        weight = model.module.get_parameter("a.weight")
        baseline, target = (m.module.get_parameter("a.weight") for m in (case.pair.baseline, case.pair.target))
        rows = case.restoring // 3
        assert torch.allclose(weight[rows, 0], baseline[rows, 0])
        others = torch.ones_like(weight, dtype=torch.bool)
        others[rows, 0] = False
        assert torch.equal(weight[others], target[others])
    with case.pair.returned(np.arange(case.pair.layout.count)) as model:
        assert torch.allclose(model.module.get_parameter("a.weight"), baseline, atol=1e-6)


def test_returning_the_restoring_filters_costs_degraded_images_alone() -> None:
    case = known(4, images=12)
    scores = attribute_filters(case.pair, case.degraded).scores - attribute_filters(case.pair, case.clean).scores
    orders = {"faig": np.argsort(-scores.mean(0)), "change": np.argsort(-case.pair.change)}
    share = len(case.restoring) / case.pair.layout.count
    images = {"clean": case.clean, "blur:1": case.degraded}
    curves = ability_curves(case.pair, orders, images, shares=(0.0, share, 1.0))
    (finding,) = findings(curves, "blur:1")
    assert finding.selective
    assert finding.beats_controls
    assert np.allclose(curves.psnr["faig"][-1], curves.baseline, atol=1e-3)
    assert np.abs(curves.lost("faig", "clean")[1]).max() < 1e-6


def test_random_control_takes_as_many_filters_of_each_layer() -> None:
    layout = known(0).pair.layout
    order = np.random.default_rng(0).permutation(layout.count)
    drawn = random_order(layout, order, 0.3, np.random.default_rng(1))
    per_layer = [np.bincount(layout.layer_of[x], minlength=2) for x in (order[: round(0.3 * layout.count)], drawn)]
    assert np.array_equal(per_layer[0], per_layer[1])
    assert len(np.unique(drawn)) == len(drawn)


def test_an_image_is_named_by_the_filters_that_it_uses() -> None:
    case, fresh = known(5, images=6), known(5, images=12)
    known_images = {"clean": [p.low for p in case.clean], "blur:1": [p.low for p in case.degraded]}
    classifier = train_classifier(case.pair, {"blur:1": case.restoring}, known_images)
    assert all(classifier.verdict(case.pair, p.low).likeliest == "blur:1" for p in fresh.degraded[6:])
    assert all(classifier.verdict(case.pair, p.low).likeliest == "clean" for p in fresh.clean[6:])


@pytest.mark.parametrize(
    ("baseline", "words"),
    [
        (nn.Conv2d(3, 3, 5, padding=2), "shape of weight"),
        (nn.Sequential(nn.Conv2d(3, 3, 3, padding=1)), "not of one architecture"),
    ],
)
def test_networks_without_a_line_between_them_are_refused(baseline: nn.Module, words: str) -> None:
    with pytest.raises(FilterPairError, match=words):
        NetworkPair(SuperResolver(baseline, 1), SuperResolver(nn.Conv2d(3, 3, 3, padding=1), 1))
    same = SuperResolver(nn.Conv2d(3, 3, 3, padding=1), 1)
    with pytest.raises(FilterPairError, match="equal weights"):
        NetworkPair(same, same)
