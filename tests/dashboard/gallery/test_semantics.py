"""What ships on semantics is what the project would compute, and names where it comes from."""

import subprocess
import sys

import numpy as np
import pytest

from dashboard.gallery.semantics import shipped
from dashboard.gallery.semantics.shipped import DEVICE, QUESTIONS, answer_file, examples, restoring, sources
from lam_core.semantics.sample_designs import RESTORED, sample_design
from lam_core.service.store import read
from zoo.catalog.registry import pinned_digest, registry
from zoo.models.reference import feature_reference


def test_the_published_networks_ship():
    assert set(shipped.PUBLISHED) <= sources().keys()
    for key in shipped.PUBLISHED:
        assert shipped.is_answered("analysis", key)
    assert not shipped.is_answered("analysis", "edsr")


def test_every_answer_is_to_the_question_that_is_asked_today():
    for key, source in sources().items():
        assert registry()[key].name == source.name
        assert pinned_digest(registry()[key]) == source.sha256
        reference = feature_reference(key)
        assert reference.fingerprint == source.fingerprint
        asked = {question: ask for question, ask in QUESTIONS.items() if shipped.is_answered(question, key)}
        for question, ask in asked.items():
            content = answer_file(question, key).read_bytes()
            assert read(content, ask(reference).identity(DEVICE)), f"`make gallery` again: {question} of {key} is old"


def test_the_shipped_pictures_are_those_of_the_design():
    assert shipped.shipped_design().identity() == sample_design().identity()


@pytest.mark.parametrize("key", shipped.PUBLISHED)
def test_an_analysis_has_its_controls_and_figures(key):
    analysis = shipped.analysis(key)
    assert [model.role for model in analysis.models] == ["model", "untrained", "raw"]
    first, second, _ = analysis.models
    assert [layer.layer for layer in first.layers] == [layer.layer for layer in second.layers]
    for layer in first.layers:
        assert layer.points is not None
        assert layer.points.shape == (48, 3, 2)
        assert np.isfinite(layer.points).all()
        assert (layer.n, layer.k_content, layer.k_degradation, layer.equal.draws) == (144, 3, 3, 1)
        assert sum(layer.share.to_json().values()) == pytest.approx(1)


@pytest.mark.parametrize("key", sources())
def test_the_uses_are_answered_whole(key):
    if shipped.is_answered("strength", key):
        assert [curve.path.shape for curve in shipped.strength(key)] == [(48, 7, 2)] * 3
    if shipped.is_answered("srga", key):
        assert [score.n for score in shipped.scores(key)] == [300] * 4
    if shipped.is_answered("probe", key):
        assert shipped.probe(key).detection.chance == 0.25


def test_restoring_is_shown_for_every_degradation_and_on_pictures():
    found = restoring()
    assert {response.degradation for response in found.responses} == set(map(str, RESTORED))
    assert {response.model for response in found.responses} == set(found.methods)
    assert all(len(pictures) == 2 + len(found.methods) for pictures in examples().values())


def test_shipped_results_need_no_torch():
    code = """
import sys
from dashboard.gallery.semantics import shipped
shipped.analysis("srgan"), shipped.strength("srgan"), shipped.probe("srgan"), shipped.scores("srgan")
shipped.shipped_design().degraded()
assert not {"torch", "sklearn", "scipy"} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", code], check=True)
