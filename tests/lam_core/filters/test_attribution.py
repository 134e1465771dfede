"""FAIG against a plain loop, on networks solved by hand, and its stated error."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from lam_core import SuperResolver
from lam_core.filters.attribution import attribute_filters
from lam_core.filters.pair import NetworkPair
from lam_core.filters.pictures import ImagePair
from lam_core.filters.settings import FilterSettings
from tests.lam_core.filters.networks import fine_tuned, known


def published(pair: NetworkPair, image: ImagePair, steps: int) -> np.ndarray:
    """Equations 3 to 6 as a plain loop over networks with interpolated state dicts."""
    low, high = (torch.from_numpy(p.transpose(2, 0, 1).copy())[None].float() / 255 for p in (image.low, image.high))
    start, end = pair.target.module.state_dict(), pair.baseline.module.state_dict()
    total: dict[str, torch.Tensor] = {}
    for step in range(steps):
        alpha = step / steps
        network = copy.deepcopy(pair.target.module)
        network.load_state_dict({key: alpha * end[key] + (1 - alpha) * start[key] for key in start})
        network.requires_grad_(True)
        ((network(low) - high) ** 2).sum().backward()
        for name, weight in network.named_parameters():
            if weight.ndim == 4:
                assert weight.grad is not None
                total[name] = total.get(name, 0) + weight.grad.double()
    return np.concatenate(
        [
            ((total[name] * (end[name].double() - start[name].double()) / steps).abs().sum((2, 3))).flatten().numpy()
            for name in total
        ]
    )


def test_scores_are_those_of_the_published_sum() -> None:
    case = known(0)
    found = attribute_filters(case.pair, case.degraded, FilterSettings(rule="reference", nodes=20))
    for scores, image in zip(found.scores, case.degraded, strict=True):
        assert np.abs(scores - published(case.pair, image, 20)).max() < 1e-6 * scores.max()


def test_one_weight_by_hand() -> None:
    """F(x) = w · x: 2 w x² - 2 x y, integrated over w from 1 to 0, is x² - 2 x y but for its sign."""
    networks = []
    for weight in (0.0, 1.0):
        layer = nn.Conv2d(3, 3, 1, groups=3, bias=False)
        nn.init.constant_(layer.weight, weight)
        networks.append(SuperResolver(layer, 1))
    pair = NetworkPair(*networks)
    image = ImagePair(np.full((1, 1, 3), 255, np.uint8), np.full((1, 1, 3), 51, np.uint8))
    found = attribute_filters(pair, [image])
    assert np.allclose(found.scores, abs(1 - 2 * 0.2))
    assert np.allclose(found.plain, abs(2 - 2 * 0.2))
    assert found.error < 1e-6


@pytest.mark.parametrize("seed", range(6))
def test_finds_the_filters_that_restore_and_the_controls_do_not(seed: int) -> None:
    case = known(seed)
    number = len(case.restoring)

    def precision(scores: np.ndarray) -> float:
        return len(np.intersect1d(np.argsort(-scores)[:number], case.restoring)) / number

    degraded, clean = attribute_filters(case.pair, case.degraded), attribute_filters(case.pair, case.clean)
    assert precision((degraded.scores - clean.scores).mean(0)) == 1
    assert precision(case.pair.change) == 0
    assert precision((degraded.plain - clean.plain).mean(0)) < 0.9


def covered(seed: int) -> bool:
    """Whether the true error of a draw's mean scores is below the stated one."""
    pair, images = fine_tuned(seed)
    exact = attribute_filters(pair, images, FilterSettings(nodes=129, tolerance=0)).scores.mean(0)
    found = attribute_filters(pair, images, FilterSettings(tolerance=0.05))
    return bool(np.linalg.norm(found.scores.mean(0) - exact) <= found.error * np.linalg.norm(exact))


def test_the_error_covers() -> None:
    assert np.mean([covered(seed) for seed in range(6)]) >= 0.95


@pytest.mark.conformance
def test_the_error_covers_two_hundred_draws() -> None:
    share = np.mean([covered(seed) for seed in range(100, 300)])
    print(f"true error within the stated one: {share:.1%} of 200 draws")
    assert share >= 0.95


def test_the_networks_stay_as_they_were_and_a_callback_cancels() -> None:
    case = known(1)
    before = copy.deepcopy(case.pair.target.module.state_dict())
    attribute_filters(case.pair, case.degraded)
    with case.pair.returned(case.restoring):
        pass
    assert all(torch.equal(value, before[key]) for key, value in case.pair.target.module.state_dict().items())

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attribute_filters(case.pair, case.degraded, tick=stop)
