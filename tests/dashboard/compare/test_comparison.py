"""What is set against what, on the shipped results."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import zoo
from dashboard.app_pages.compare.comparison import Lineup, lineup_of
from dashboard.app_pages.compare.comparison_exports import arrays, figures, panels
from dashboard.gallery.shipped import first_visit
from dashboard.presentation.decoded_image import from_sample
from dashboard.presentation.model_options import with_shipped
from dashboard.presentation.view import Comparison, View
from dashboard.runtime.compute import Outcome
from dashboard.state.target import AttributionTarget
from lam_core.attribution.request import AttributionRequest
from lam_core.samples import sample


def lineup(comparison: Comparison | None = None, **view: Any) -> Lineup:
    first = first_visit()
    picture = from_sample(sample(first.sample), 4)
    target = AttributionTarget(View(comparison=comparison or Comparison(), **view), picture, first.window)
    answers = []
    for offer in with_shipped((), [one.id for one in first.results]):
        request = AttributionRequest(zoo.reference(offer.key), picture.lr, first.window)
        result = next(one.result for one in first.results if one.id == offer.key)
        answers.append((offer, request, Outcome(result, shipped=True)))
    found = lineup_of(target, answers)
    assert found is not None
    return found


def test_the_wide_group_is_above_the_widest_gap_unless_it_is_chosen():
    assert [one.key for one in lineup().wide] == ["imdn"]
    assert [one.key for one in lineup().common] == ["fsrcnn", "carn-m"]
    assert [one.key for one in lineup(Comparison(wide=("fsrcnn", "stranger"))).wide] == ["fsrcnn"]
    assert [one.key for one in lineup(Comparison(wide=("fsrcnn", "carn-m", "imdn"))).wide] == ["imdn"]


def test_baseline_and_subject_are_the_narrowest_and_the_widest_unless_chosen():
    assert (lineup().baseline.key, lineup().subject.key) == ("fsrcnn", "imdn")
    chosen = lineup(Comparison(baseline="carn-m", subject="fsrcnn"))
    assert (chosen.baseline.key, chosen.subject.key) == ("carn-m", "fsrcnn")
    assert lineup(Comparison(baseline="gone")).baseline.key == "fsrcnn"


def test_a_difference_is_of_shares_and_what_is_not_shared_is_half_of_it():
    now = lineup()
    for one in now.others:
        difference = now.difference(one)
        assert difference.sum() == pytest.approx(0, abs=1e-12)
        assert now.shared(one) == pytest.approx(1 - np.abs(difference).sum() / 2)
        assert np.abs(now.coloured_difference(one)).max() <= 1
    assert now.shared(now.baseline) == 1.0


def test_under_the_slider_are_networks_hr_or_bicubic():
    now = lineup(Comparison(left="hr", right="bicubic"))
    assert now.sides == ("hr", "bicubic")
    assert now.pair() == ""
    hr, coarse = (now.picture_of(side) for side in now.sides)
    assert hr.shape == coarse.shape == now.picture_of("imdn").shape
    assert "FSRCNN and IMDN share" in lineup().pair()
    without = replace(now.target, picture=replace(now.target.picture, hr=None))
    assert "hr" not in Lineup(without, now.seen, now.asked).options


def test_fewer_than_two_are_no_lineup():
    now = lineup()
    one = now.seen[0]
    assert lineup_of(now.target, [(one.offer, one.request, one.outcome)]) is None


def test_everything_can_be_taken_away():
    import io
    import json

    from PIL import Image

    now = lineup()
    with np.load(io.BytesIO(arrays(now, "")), allow_pickle=False) as held:
        assert held["models"].tolist() == ["fsrcnn", "carn-m", "imdn"]
        assert held["signed"].shape == (3, 3, 64, 64)
        np.testing.assert_array_equal(held["informative"], now.areas.shown)
    content = json.loads(figures(now, "http://localhost/compare"))
    assert content["comparison"]["sentence"] == now.sentence
    assert all("checkpoint" in row["source"] for row in content["results"])
    assert "2011.11036" in content["citation"]
    assert Image.open(io.BytesIO(panels(now, ""))).width > 900
