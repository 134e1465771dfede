"""Separability on features whose shares are known, against scikit-learn, and on what cannot be separated."""

from dataclasses import astuple

import numpy as np
import pytest
from sklearn.metrics import calinski_harabasz_score

from lam_core.semantics.errors import ConstantFeaturesError, DesignError
from lam_core.semantics.inference import bootstrap, permutation_null
from lam_core.semantics.separability import (
    accuracy,
    at_equal_classes,
    calinski_harabasz,
    check_design,
    chi_of,
    classes_of,
    inner_products,
    sums_of_squares,
    variance_shares,
)

SHARES = [(0.0, 0.0, 0.0), (0.2, 0.0, 0.0), (0.0, 0.2, 0.0), (0.5, 0.2, 0.2), (0.2, 0.5, 0.0), (0.0, 0.8, 0.0),
          (0.8, 0.0, 0.0), (0.2, 0.2, 0.5), (0.5, 0.5, 0.0)]  # fmt: skip
"""Of content, degradation and interaction; the rest is noise."""


def scaled(effect, weights):
    """An effect with mean 0 and mean square 1 over the design."""
    effect = effect - np.average(effect, axis=0, weights=weights)
    return effect / np.sqrt(np.average((effect**2).sum(-1), weights=weights))


def features(shares, counts, *, degradations=3, width=20, seed=0):
    """Points [n, k, width] of a crossed design with those shares, classes of `counts` pictures."""
    random = np.random.default_rng(seed)
    content = np.repeat(np.arange(len(counts)), counts)
    weights = np.asarray(counts, float)
    of_content = scaled(random.normal(size=(len(counts), width)), weights)[content]
    of_degradation = scaled(random.normal(size=(degradations, width)), np.ones(degradations))
    crossing = random.normal(size=(len(counts), degradations, width))
    crossing -= crossing.mean(1, keepdims=True)
    crossing -= np.average(crossing, axis=0, weights=weights)
    crossing = (crossing / np.sqrt(np.average((crossing**2).sum(-1).mean(1), weights=weights)))[content]
    noise = random.normal(size=(len(content), degradations, width)) / np.sqrt(width)
    parts = np.sqrt([*shares, 1 - sum(shares)])
    points = parts[0] * of_content[:, None] + parts[1] * of_degradation + parts[2] * crossing + parts[3] * noise
    return points, content


@pytest.mark.parametrize("counts", [(12,) * 6, (4, 25, 9, 16, 30), (3, 3, 60)], ids=["equal", "unequal", "lopsided"])
@pytest.mark.parametrize("shares", SHARES, ids=str)
def test_known_shares_are_recovered(shares, counts):
    points, content = features(shares, counts)
    found = variance_shares(points, content)
    assert [found.content, found.degradation, found.interaction] == pytest.approx(shares, abs=0.06)
    assert found.content + found.degradation + found.interaction + found.residual == pytest.approx(1)


@pytest.mark.parametrize(
    "shares", [(0.0, 0.2, 0.0), (0.5, 0.2, 0.0), (0.2, 0.5, 0.0), (0.2, 0.8, 0.0), (0.0, 0.0, 0.0)], ids=str
)
def test_with_one_picture_a_content_noise_is_not_taken_for_content(shares):
    points, content = features(shares, (1,) * 60)
    found = variance_shares(points, content)
    assert [found.content, found.degradation] == pytest.approx(shares[:2], abs=0.05)
    assert found.interaction == pytest.approx(1 - sum(shares), abs=0.06)
    assert found.residual == 0


def test_without_noise_shares_are_exact():
    points, content = features((0.3, 0.5, 0.2), (10,) * 4)
    found = variance_shares(points, content)
    assert [found.content, found.degradation, found.interaction] == pytest.approx([0.3, 0.5, 0.2], abs=1e-12)


def test_shares_do_not_depend_on_scale_shift_or_rotation():
    points, content = features((0.3, 0.3, 0.1), (8, 5, 9))
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(20, 20)))[0]
    assert variance_shares(7 * points @ turn + 3, content).to_json() == pytest.approx(
        variance_shares(points, content).to_json()
    )


@pytest.mark.parametrize("counts", [(8,) * 5, (4, 15, 9, 6, 10), (1,) * 40], ids=["equal", "unequal", "single"])
def test_bootstrap_intervals_hold_the_true_share_in_nearly_all_studies(counts):
    truth = (0.2, 0.5, 0.0)
    held = []
    for study in range(24):
        points, content = features(truth, counts, seed=100 + study, width=6)
        gram = inner_products(points)
        found = bootstrap(gram, gram, content, seed=study, resamples=60)
        held.append(
            [
                low <= value <= high
                for value, (low, high) in zip(truth[:2], (found.content, found.degradation), strict=True)
            ]
        )
    # The design's effects are fixed, so pictures are the only chance; 95 % of 24 is 23, and 20 leaves it room.
    assert (np.sum(held, axis=0) >= 20).all()


def test_intervals_of_absent_effects_reach_zero():
    points, content = features((0.0, 0.0, 0.0), (10,) * 5)
    gram = inner_products(points)
    found = bootstrap(gram, gram, content, resamples=200)
    assert found.content[0] == 0
    assert found.degradation[0] == 0
    assert found.content[1] < 0.15
    assert found.chi_degradation[0] < found.chi_degradation[1]


@pytest.mark.parametrize("counts", [(6,) * 4, (2, 9, 5), (1,) * 15], ids=["equal", "unequal", "single"])
def test_the_null_raises_five_false_alarms_in_a_hundred(counts):
    alarms = np.zeros(2)
    studies = 160
    for study in range(studies):
        points, content = features((0.0, 0.0, 0.0), counts, width=4, seed=study)
        null = permutation_null(inner_products(points), content, seed=study, permutations=19)
        alarms += [null.p_content <= 0.05, null.p_degradation <= 0.05]
    # Exactly 5 % by design: 8 of 160, with a binomial deviation of 2.8; three of them either way.
    assert (alarms >= 1).all()
    assert (alarms <= 16).all()


def test_the_null_notices_a_small_effect():
    points, content = features((0.1, 0.1, 0.0), (10,) * 5)
    null = permutation_null(inner_products(points), content)
    assert null.p_content == null.p_degradation == 0.005
    assert null.degradation < 0.02


def test_chi_agrees_with_scikit_learn():
    points, content = features((0.3, 0.3, 0.1), (8, 5, 9))
    flat, labels = points.reshape(-1, 20), np.repeat(content, 3)
    expected = calinski_harabasz_score(flat, labels)
    assert calinski_harabasz(flat, labels) == pytest.approx(expected, rel=1e-10)
    of_content, of_degradation = chi_of(sums_of_squares(inner_products(points), content))
    assert of_content == pytest.approx(expected, rel=1e-10)
    assert of_degradation == pytest.approx(calinski_harabasz_score(flat, np.tile(np.arange(3), 22)), rel=1e-10)


def test_sums_of_squares_are_those_of_the_effects():
    points, content = features((0.3, 0.3, 0.1), (8, 5, 9))
    sums = sums_of_squares(inner_products(points), content)
    centred = points - points.mean((0, 1))
    by_class = np.stack([centred[content == c].mean(0) for c in range(3)])
    residue = by_class - by_class.mean(1, keepdims=True) - centred.mean(0)
    assert sums.total == pytest.approx(np.square(centred).sum())
    assert sums.pictures == pytest.approx(3 * np.square(centred.mean(1)).sum())
    assert sums.degradations == pytest.approx(22 * np.square(centred.mean(0)).sum())
    assert sums.contents == pytest.approx(3 * (np.array([8, 5, 9]) @ np.square(by_class.mean(1)).sum(1)))
    assert sums.crossing == pytest.approx(np.array([8, 5, 9]) @ np.square(residue).sum((1, 2)))


def test_weights_count_pictures_as_copies_would():
    points, content = features((0.3, 0.3, 0.1), (4, 4))
    chosen = np.array([0, 0, 1, 3, 4, 5, 5, 5])
    weighted = sums_of_squares(inner_products(points), content, np.bincount(chosen, minlength=8).astype(float))
    copied = sums_of_squares(inner_products(points[chosen]), content[chosen])
    assert np.array(astuple(weighted)) == pytest.approx(np.array(astuple(copied)))


def test_chi_at_equal_classes_is_fair_where_chi_over_all_points_is_not():
    points, content = features((0.4, 0.4, 0.0), (1,) * 60)
    flat = points.reshape(-1, 20)
    unfair = calinski_harabasz(flat, np.tile(np.arange(3), 60)) / calinski_harabasz(flat, np.repeat(content, 3))
    fair = at_equal_classes(points, content)
    assert unfair > 10
    assert 0.4 < fair.chi.degradation / fair.chi.content < 2.5
    assert (fair.k, fair.n, fair.draws) == (3, 9, 20)


def test_as_many_contents_as_degradations_need_no_draw():
    points, content = features((0.4, 0.4, 0.0), (5, 5, 5))
    fair = at_equal_classes(points, content)
    assert (fair.k, fair.n, fair.draws) == (3, 45, 1)
    assert fair.chi.content == pytest.approx(calinski_harabasz(points.reshape(-1, 20), np.repeat(content, 3)))


def test_classifiers_find_what_is_there_in_pictures_they_have_not_seen():
    points, content = features((0.0, 0.6, 0.0), (10,) * 3)
    found = accuracy(points, content)
    assert found.probe.degradation > 0.95
    assert found.centroid.degradation > 0.95
    assert found.chance.degradation == pytest.approx(1 / 3)
    # Content is absent: near chance, though every picture was seen under other degradations by nobody.
    assert found.probe.content < 0.6


def test_a_picture_never_stands_on_both_sides_of_a_split():
    random = np.random.default_rng(0)
    # Each picture is far from all others and labelled at random: only a leak could tell its content.
    points = np.repeat(random.normal(size=(40, 1, 30)) * 10, 3, axis=1) + random.normal(size=(40, 3, 30)) * 0.01
    content = np.arange(24) % 2
    assert accuracy(points, content).probe.content < 0.75


def test_content_of_single_pictures_has_no_accuracy():
    points, content = features((0.4, 0.4, 0.0), (1,) * 12)
    assert accuracy(points, content).probe.content is None


def test_constant_features_are_refused():
    with pytest.raises(ConstantFeaturesError, match="all features are the same"):
        variance_shares(np.ones((4, 3, 2)), np.arange(4))


@pytest.mark.parametrize(
    ("contents", "degradations", "words"),
    [
        (["a", "a"], 3, "only 'a'"),
        ([], 3, "there is none"),
        (["a", "b"], 1, "two degradations"),
    ],
)
def test_designs_with_nothing_to_compare_are_refused(contents, degradations, words):
    with pytest.raises(DesignError, match=words):
        check_design(len(contents), contents, degradations)


def test_classes_follow_the_alphabet():
    assert classes_of(["b", "a", "b"]).tolist() == [1, 0, 1]
