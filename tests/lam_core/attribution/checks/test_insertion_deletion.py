"""Insertion and deletion where it is known what every pixel does."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lam_core import AttributionSettings, Region, attribute
from lam_core.attribution.checks.insertion_deletion import (
    Faithfulness,
    FaithfulnessSettings,
    _shuffled_within,
    faithfulness,
    grid_of,
)
from lam_core.attribution.checks.scene import scene_of
from lam_core.attribution.settings import SettingsError
from tests.lam_core.studies.toys import coupled, picture

SETTINGS = AttributionSettings(detector="intensity", dtype="float64", field="full", tolerance=0, nodes=9)
WINDOW = Region(16, 20, 4)
FAR = coupled((0.5, 0, -9))
"""The window also draws on four pixels nine columns to the right."""


@pytest.fixture(scope="module")
def found() -> Faithfulness:
    lr = picture()
    return faithfulness(FAR, lr, attribute(FAR, lr, WINDOW, SETTINGS), FaithfulnessSettings(points=5, draws=8))


def test_the_first_pixels_of_the_map_do_everything(found: Faithfulness) -> None:
    scene = scene_of(FAR, picture(), WINDOW, SETTINGS)
    change = scene.lr - scene.blurred
    drawn_on = change[10:12, 17:19]
    everything = (0.5**2) * (drawn_on**2).mean()
    deletion, insertion = (found.curves[d]["map"].mean for d in ("deletion", "insertion"))
    # The map ranks by |Σ_channels|, so with k pixels the strongest k of the four are gone.
    order = np.argsort(-np.abs(drawn_on.sum(2)).ravel())
    squares = (0.5**2) * (drawn_on**2).sum(2).ravel()[order] / 12
    for count, y_deleted, y_inserted in zip(found.pixels, deletion, insertion, strict=True):
        assert y_deleted == pytest.approx(squares[:count].sum())
        assert y_inserted == pytest.approx(squares[count:].sum(), abs=1e-15)
    assert deletion[-1] == pytest.approx(everything)
    np.testing.assert_allclose(found.share, found.pixels / (24 * 24 - 4))


def test_a_map_that_knows_more_than_distance_beats_its_controls(found: Faithfulness) -> None:
    for direction in ("deletion", "insertion"):
        for control in ("distance", "ring", "random"):
            assert found.advantage(direction, control) > 1.5, (direction, control)


def test_a_map_of_distance_alone_is_no_better_than_its_rings() -> None:
    # The window draws on all of its eight neighbours alike, and so does each ring: shuffling changes nothing.
    ring = [(1.0, down, right) for down in (-2, 0, 2) for right in (-2, 0, 2) if (down, right) != (0, 0)]
    model, ratios = coupled(*ring), []
    for seed in range(2):
        lr = picture(seed=seed)
        result = attribute(model, lr, WINDOW, SETTINGS)
        few = faithfulness(model, lr, result, FaithfulnessSettings(points=3, draws=8, largest=0.02))
        ratios.append((few.advantage("deletion", "ring"), few.advantage("deletion", "random")))
    against_rings, against_random = np.exp(np.log(ratios).mean(0))
    assert against_random > 3 * against_rings


def test_scores_stay_in_their_ring() -> None:
    random = np.random.default_rng(0)
    score, rings = random.random(200), random.integers(0, 5, 200)
    dealt = _shuffled_within(score, rings, random)
    assert (dealt != score).any()
    for ring in range(5):
        np.testing.assert_array_equal(np.sort(dealt[rings == ring]), np.sort(score[rings == ring]))
    for first in (10, 80):
        of_map, of_control = (np.argsort(-values)[:first] for values in (score, dealt))
        np.testing.assert_array_equal(np.sort(rings[of_map]), np.sort(rings[of_control]))


def test_the_interval_holds_the_mean_and_single_orders_have_none(found: Faithfulness) -> None:
    for of in found.curves.values():
        for order, curve in of.items():
            if order in ("map", "distance"):
                np.testing.assert_array_equal(curve.low, curve.high)
            else:
                assert (curve.low <= curve.mean + 1e-12).all()
                assert (curve.mean <= curve.high + 1e-12).all()
                assert (curve.low < curve.high).any()


def test_grid_is_logarithmic_and_each_number_stands_once() -> None:
    assert grid_of(4080, FaithfulnessSettings(points=3)).tolist() == [4, 41, 408]
    assert grid_of(60, FaithfulnessSettings()).tolist() == [1, 2, 3, 6]


def test_it_is_stored_as_it_is_and_seeded(found: Faithfulness) -> None:
    again = Faithfulness.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again.to_dict() == found.to_dict()
    lr = picture()
    same = faithfulness(FAR, lr, attribute(FAR, lr, WINDOW, SETTINGS), found.settings)
    assert same.to_dict() == found.to_dict()


def test_progress_ends_at_one_and_may_give_up() -> None:
    lr, seen = picture(), []
    result = attribute(FAR, lr, WINDOW, SETTINGS)
    few = FaithfulnessSettings(points=2, draws=1)
    faithfulness(FAR, lr, result, few, report=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1

    def give_up(done: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        faithfulness(FAR, lr, result, few, report=give_up)


def test_a_window_that_fills_its_field_is_refused() -> None:
    lr = picture(8, 8)
    with pytest.raises(SettingsError, match="window fills its field"):
        faithfulness(coupled(), lr, attribute(coupled(), lr, Region(0, 0, 16), SETTINGS))


@pytest.mark.parametrize("wrong", [{"largest": 0.001}, {"points": 1}, {"draws": 0}])
def test_settings_that_measure_nothing_are_refused(wrong) -> None:
    with pytest.raises(SettingsError):
        FaithfulnessSettings(**wrong)
