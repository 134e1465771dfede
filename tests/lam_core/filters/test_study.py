"""A whole study of a small pair, through the store and back."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from lam_core import SuperResolver
from lam_core.filters.request import FilterStudyRequest
from lam_core.filters.result import FilterStudy
from lam_core.filters.settings import FilterSettings
from lam_core.images.degradations import Degradation
from lam_core.samples import samples
from tests.lam_core.semantics.networks import small


class Reference:
    """A network that is loaded already."""

    def __init__(self, model: SuperResolver) -> None:
        self.model, self.name, self.fingerprint, self.scale = model, model.name, model.fingerprint, model.scale

    def load(self, progress: object = None) -> SuperResolver:
        return self.model


@pytest.fixture(scope="module")
def request_of_study() -> FilterStudyRequest:
    torch.manual_seed(0)
    network = small().module
    other = copy.deepcopy(network)
    with torch.no_grad():
        for weight in other.parameters():
            weight += 0.05 * torch.randn_like(weight)
    images = [one.pixels() for one in list(samples())[:8]]
    return FilterStudyRequest(
        Reference(SuperResolver(other, 2, name="target")),
        Reference(SuperResolver(network, 2, name="baseline")),
        images[:3],
        images[3:],
        (Degradation.parse("blur:1"), Degradation.parse("noise:20")),
        FilterSettings(nodes=5),
        crop=16,
    )


def test_a_study_survives_the_store(request_of_study: FilterStudyRequest) -> None:
    said: list[float] = []
    study = request_of_study.compute(request_of_study.model.load(), lambda progress: said.append(progress.share))
    assert said == sorted(said)
    assert said[-1] == pytest.approx(1)
    again = request_of_study.restore(request_of_study.pack(study))
    assert isinstance(again, FilterStudy)
    assert again.layers == study.layers
    for one, other in zip(study.found, again.found, strict=True):
        assert np.allclose(one.scores, other.scores, rtol=1e-6)
        assert one.curves.psnr.keys() == other.curves.psnr.keys() == {"faig", "change", "plain", "random"}
        assert one.curves.psnr["faig"].shape == (8, 3, 5)
    assert again.overlap("blur:1", "noise:20", 0.05).size == round(0.05 * len(study.change))
    assert again.by_filters == study.by_filters
    assert (
        (again.by_filters.n, again.by_filters.chance) == (again.by_features.n, again.by_features.chance) == (15, 1 / 3)
    )
    assert all(np.array_equal(*both) for both in zip(again.classifier.sets, study.classifier.sets, strict=True))


def test_what_a_study_depends_on_is_in_its_key(request_of_study: FilterStudyRequest) -> None:
    identity = request_of_study.identity("cpu")
    assert identity["baseline"] != identity["fingerprint"]
    assert len(identity["scored"]) == 3
