"""Requests about features: kept, found again without the network, and told apart by all that they depend on."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from lam_core.images.degradations import Degradation
from lam_core.model import SuperResolver
from lam_core.semantics.design import Design, Picture
from lam_core.semantics.detection import Verdict
from lam_core.semantics.requests import (
    AnalysisRequest,
    ProbeRequest,
    ScoreRequest,
    StrengthRequest,
    VerdictRequest,
)
from lam_core.semantics.sample_designs import CONTENTS, detection_pictures, sample_design, sample_names
from lam_core.service.service import Cancelled, Service
from lam_core.service.store import Store
from tests.lam_core.semantics.networks import pictures, seeing

KINDS = tuple(map(Degradation.parse, ("clean", "blur", "noise")))
DESIGN = Design(tuple(Picture(f"{c}{i}", c, p) for i, (c, p) in enumerate(zip("aabb", pictures(4), strict=True))))


@dataclass
class Reference:
    """A small network by name; counts how often it is loaded."""

    name: str = "Small"
    fingerprint: str = "small"
    loaded: int = 0

    def load(self, progress: object = None) -> SuperResolver:
        self.loaded += 1
        return seeing().replaced(fingerprint=self.fingerprint)


def asked(kind: str, model: Reference):
    images = pictures(6)
    return {
        "analysis": lambda: AnalysisRequest(model, DESIGN, ("head",)),
        "strength": lambda: StrengthRequest(model, DESIGN, KINDS[1:]),
        "srga": lambda: ScoreRequest(model, images, KINDS[1:]),
        "probe": lambda: ProbeRequest(model, images[:4], KINDS, images[4:], KINDS),
    }[kind]()


def plain(result) -> str:
    """All of a result as text, arrays by their values."""
    with np.printoptions(threshold=10**6):
        return repr(result.to_json() if hasattr(result, "to_json") else [vars(part) for part in _parts(result)])


def _parts(result):
    return result if isinstance(result, tuple) else (result.probe, result.detection, result.untrained)


@pytest.mark.parametrize("kind", ["analysis", "strength", "srga", "probe"])
def test_an_answer_is_kept_and_found_again_without_the_network(kind, tmp_path):
    model, heard = Reference(), []
    first = Service(Store(tmp_path)).answer(asked(kind, model), heard.append)
    assert not first.from_store
    assert model.loaded == 1
    shares = [status.progress.share for status in heard if status.stage == "work"]
    assert shares == sorted(shares)
    other = Service(Store(tmp_path))
    assert plain(other.find(asked(kind, Reference()))) == plain(first.result)
    assert other.find(asked(kind, Reference(fingerprint="another"))) is None


def test_the_same_request_gives_the_same_figures():
    request = asked("analysis", Reference())
    answers = [Service(None).answer(request).result for _ in range(2)]
    assert plain(answers[0]) == plain(answers[1])


def test_everything_that_matters_is_part_of_the_identity():
    base = AnalysisRequest(Reference(), DESIGN)
    others = [
        replace(base, layers=("head",)),
        replace(base, design=replace(DESIGN, seed=1)),
        replace(base, design=replace(DESIGN, degradations=KINDS[:2])),
        replace(base, design=Design((*DESIGN.pictures[:3], replace(DESIGN.pictures[3], content="c")))),
        replace(base, design=Design(tuple(replace(p, pixels=255 - p.pixels) for p in DESIGN.pictures))),
    ]
    identities = [str(request.identity("cpu")) for request in (base, *others)]
    assert len(set(identities)) == len(identities)


def test_work_may_be_given_up():
    def stop(status) -> None:
        if status.stage == "work":
            raise Cancelled

    with pytest.raises(Cancelled):
        Service(None).answer(asked("analysis", Reference()), stop)


def test_a_verdict_is_kept_under_its_probe():
    model = Reference()
    trained = Service(None).answer(asked("probe", model)).result
    request = VerdictRequest(model, trained.probe, pictures(1, side=20)[0])
    service = Service(None)
    verdict = service.answer(request).result
    assert isinstance(verdict, Verdict)
    assert tuple(verdict.probabilities) == ("clean", "blur", "noise")
    assert service.find(request) == verdict
    other = replace(trained.probe, intercept=trained.probe.intercept + 1)
    assert service.find(replace(request, probe=other)) is None


def test_the_sample_design_is_three_contents_under_three_degradations():
    design = sample_design()
    assert design.contents == ("facade", "foliage", "roof")
    assert [picture.content for picture in design.pictures].count("roof") == 16
    assert {picture.pixels.shape for picture in design.pictures} == {(32, 32, 3)}
    assert [(picture.name, picture.content) for picture in design.pictures] == list(sample_names())
    assert len({picture.pixels.tobytes() for picture in design.pictures}) == 48
    assert sum(map(len, CONTENTS.values())) == 12


def test_no_picture_is_both_trained_on_and_tried():
    trained, held_out = detection_pictures()
    assert len(trained) >= 2 * len(held_out) - 2
    assert not {picture.tobytes() for picture in trained} & {picture.tobytes() for picture in held_out}


def test_a_design_shows_every_picture_under_every_degradation():
    degraded = DESIGN.degraded()
    assert [len(row) for row in degraded] == [3] * 4
    np.testing.assert_array_equal(degraded[2][0], DESIGN.pictures[2].pixels)
    assert not np.array_equal(
        degraded[0][2].astype(int) - DESIGN.pictures[0].pixels, degraded[1][2].astype(int) - DESIGN.pictures[1].pixels
    )
