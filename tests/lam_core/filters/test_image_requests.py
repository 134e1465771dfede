"""What is asked of a pair about one image: SR images without filters, a filter's response, a degradation's name."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from lam_core import SuperResolver
from lam_core.filters.image_requests import NamingRequest, ResponseRequest, ReturnedRequest
from lam_core.filters.pair import NetworkPair
from lam_core.filters.prediction import train_classifier
from lam_core.filters.response import response_of
from tests.lam_core.filters.networks import known
from tests.lam_core.filters.test_study import Reference


def test_images_without_filters_lie_between_target_and_baseline() -> None:
    case = known(2)
    order = np.concatenate([case.restoring, np.setdiff1d(np.arange(case.pair.layout.count), case.restoring)])
    lows = [case.degraded[0].low, case.clean[0].low]
    references = Reference(case.pair.target), Reference(case.pair.baseline)
    request = ReturnedRequest(*references, order, (0, len(case.restoring), len(order)), lows)
    found = request.restore(request.pack(request.compute(case.pair.target, lambda progress: None)))
    assert found.images.shape == (2, 3, 12, 12, 3)
    for i, low in enumerate(lows):
        assert np.array_equal(found.images[i, 0], case.pair.target.upscale(low))
        assert np.array_equal(found.images[i, 2], case.pair.baseline.upscale(low))
        assert np.array_equal(found.baseline[i], case.pair.baseline.upscale(low))
    assert not np.array_equal(found.images[0, 1], found.images[0, 0])
    other = ReturnedRequest(*references, order[::-1], request.counts, lows)
    assert other.identity("cpu") != request.identity("cpu")


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(3, 6, 3, padding=1),
        nn.Conv2d(3, 6, 3, padding=1, groups=3, padding_mode="reflect"),
        nn.Conv2d(3, 3, 5, padding=4, dilation=2),
        nn.ConvTranspose2d(3, 3, 3, padding=1),
    ],
    ids=["plain", "grouped", "dilated", "transposed"],
)
def test_a_layer_is_the_sum_of_its_filters_responses(layer: nn.Conv2d | nn.ConvTranspose2d) -> None:
    torch.manual_seed(0)
    last = nn.Conv2d(layer.out_channels, 3, 1)
    halved = copy.deepcopy(layer)
    with torch.no_grad():
        halved.weight.mul_(0.5)
    assert layer.bias is not None
    pair = NetworkPair(*(SuperResolver(nn.Sequential(one, last), 1) for one in (halved, layer)))
    low = np.random.default_rng(0).integers(0, 256, (8, 9, 3), np.uint8)
    x = torch.from_numpy(low.transpose(2, 0, 1).copy())[None].float() / 255
    with torch.no_grad():
        whole = layer(x)[0].numpy() - layer.bias.detach().numpy()[:, None, None]
    rows, columns = layer.weight.shape[:2]
    summed = np.zeros_like(whole)
    for number in range(rows * columns):
        kernels, responses = response_of(pair, number, low)
        assert np.allclose(kernels[0], 2 * kernels[1])
        assert np.allclose(responses[0], 2 * responses[1], atol=1e-6)
        row, column = divmod(number, columns)
        summed[column if isinstance(layer, nn.ConvTranspose2d) else row] += responses[0]
    assert np.allclose(summed, whole, atol=1e-5)


def test_a_response_and_a_name_survive_the_store() -> None:
    case = known(5, images=6)
    references = Reference(case.pair.target), Reference(case.pair.baseline)
    response = ResponseRequest(*references, int(case.restoring[0]), case.degraded[0].low)
    found = response.compute(case.pair.target, lambda progress: None)
    assert np.array_equal(response.restore(response.pack(found)).responses, found.responses)
    assert found.kernels[0, 1, 1] > found.kernels[1, 1, 1] == 0, "the target alone restores red"
    lows = {"clean": [p.low for p in case.clean], "blur:1": [p.low for p in case.degraded]}
    classifier = train_classifier(case.pair, {"blur:1": case.restoring}, lows)
    naming = NamingRequest(*references, classifier, case.degraded[0].low)
    verdict = naming.restore(naming.pack(naming.compute(case.pair.target, lambda progress: None)))
    assert verdict.likeliest == "blur:1"
    assert sum(verdict.probabilities.values()) == pytest.approx(1)
