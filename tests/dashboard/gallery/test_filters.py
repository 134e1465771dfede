"""What ships on filters is what the project would compute."""

import subprocess
import sys

import numpy as np
import pytest

import zoo
from dashboard.gallery.filters import shipped
from dashboard.gallery.filters.shipped import DEGRADATIONS, DEVICE, Pair, pairs
from lam_core.service.store import read


def test_pairs_are_bundled_networks_and_what_they_were_fine_tuned_from():
    assert Pair("srresnet-blind-c", "srresnet-gr-c") in pairs()


@pytest.mark.parametrize("pair", pairs(), ids=lambda pair: pair.target)
def test_every_answer_is_to_the_question_that_is_asked_today(pair):
    target, baseline = zoo.reference(pair.target), zoo.reference(pair.baseline)
    request = shipped.study_request(target, baseline)
    assert len(request.tried) >= 20, "intervals are over twenty images or more"
    content = shipped.study_file(pair.target).read_bytes()
    assert read(content, request.identity(DEVICE)) is not None, "`make gallery` again"
    study = shipped.study(pair.target)
    assert study is not None
    assert study.degradations == DEGRADATIONS
    question = shipped.pictures_request(target, baseline, study, DEGRADATIONS[0], shipped.example())
    content = shipped.pictures_file(pair.target).read_bytes()
    assert read(content, question.identity(DEVICE)) is not None, "`make gallery` again"


@pytest.mark.parametrize("pair", pairs(), ids=lambda pair: pair.target)
def test_curves_hold_every_control_on_every_kind_of_image(pair):
    study = shipped.study(pair.target)
    assert study is not None
    for one in study.found:
        assert one.curves.psnr.keys() == {"faig", "random", "change", "plain"}
        assert one.curves.kinds == ("clean", *DEGRADATIONS)
        assert all(values.shape == (8, 4, study.tried_on) for values in one.curves.psnr.values())
        assert all(np.array_equal(values[0], one.curves.psnr["faig"][0]) for values in one.curves.psnr.values())
        assert one.error < 0.02


def test_shipped_results_need_no_torch():
    code = """
import sys
from dashboard.gallery.filters import shipped
shipped.study("srresnet-blind-c"), shipped.pictures("srresnet-blind-c")
assert not {"torch", "sklearn", "scipy"} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", code], check=True)
