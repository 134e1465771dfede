"""Sentences follow the figures, whichever way they go."""

from types import SimpleNamespace

import numpy as np
import pytest

from lam_core.semantics.projection import turned_towards
from lam_core.semantics.reading import (
    Finding,
    Subject,
    by_content,
    by_degradation,
    by_residual,
    in_words,
    is_learned,
    parting,
    with_strength,
)


def layer(degradation, content, *, spread=0.02, p=0.005, name="body.7"):
    def interval(share):
        return (max(share - spread, 0), share + spread)

    return SimpleNamespace(
        layer=name,
        share=SimpleNamespace(degradation=degradation, content=content),
        intervals=SimpleNamespace(degradation=interval(degradation), content=interval(content)),
        null=SimpleNamespace(p_degradation=p, p_content=p),
    )


def subject(degradation, content, *, before=0.01, first=0.05, name="Net", classifier=False):
    layers = [layer(0.03, first), layer(degradation, content)]
    return Subject(name, layers, [layer(before, 0.05), layer(before, 0.05)], layer(0.01, 0.05), classifier)


@pytest.mark.parametrize(
    ("degradation", "content", "expected"),
    [(0.5, 0.1, "degradation"), (0.1, 0.5, "content"), (0.2, 0.21, "neither"), (0.0, 0.0, "neither")],
)
def test_features_part_by_the_clearly_larger_share(degradation, content, expected):
    assert parting(layer(degradation, content)) == expected


def test_a_share_that_shuffled_labels_reach_parts_nothing():
    assert parting(layer(0.5, 0.1, p=0.2)) == "neither"


def test_what_untrained_networks_do_too_was_not_learned():
    assert is_learned(subject(0.5, 0.1))
    assert not is_learned(subject(0.5, 0.1, before=0.49))


def test_a_claim_names_those_for_which_it_fails():
    found = by_degradation(
        [subject(0.5, 0.1, name="A"), subject(0.1, 0.5, name="B"), subject(0.5, 0.1, before=0.6, name="C")]
    )
    assert (found.appears, found.fails) == (("A",), ("B", "C"))
    assert found.sentence.endswith("It appears here for A; it does not for B and C.")
    assert by_degradation([subject(0.1, 0.5)]).sentence.endswith("It does not appear here for Net.")
    assert Finding("x", (), ()).sentence == ""


def test_a_classifier_must_part_by_content_and_more_so_in_depth():
    assert by_content([subject(0.1, 0.5, classifier=True)]).appears == ("Net",)
    assert by_content([subject(0.1, 0.5, first=0.5, classifier=True)]).fails == ("Net",)
    assert by_content([subject(0.1, 0.5)]).sentence == ""


def test_twins_are_compared_pair_by_pair():
    found = by_residual(
        [(subject(0.4, 0.1, name="with"), subject(0.1, 0.1)), (subject(0.1, 0.1, name="too"), subject(0.1, 0.1))]
    )
    assert (found.appears, found.fails) == (("with",), ("too",))


def test_strength_is_judged_by_ranks():
    def curve(kind, spearman):
        return SimpleNamespace(spearman=spearman, degradations=(f"{kind}:1", f"{kind}:2"))

    steady, loose = [curve("blur", 1.0), curve("jpeg", 0.9)], [curve("blur", 1.0), curve("jpeg", 0.3)]
    found = with_strength([("A", steady), ("B", loose), ("C", [curve("blur", 0.1)])])
    assert found.sentence.endswith("It appears here for A; it does not for B under jpeg and C.")


def test_a_network_in_words_has_its_figures():
    words = in_words(subject(0.5, 0.1))
    assert words.startswith("Net at body.7 parts pictures by degradation: degradation 50 % (48 to 52 %), content 10 %")
    assert "clearly above its controls' (1.0 % in the pixels, 1.0 % before training)" in words


def test_a_plane_is_turned_and_never_bent():
    random = np.random.default_rng(0)
    points = random.normal(size=(6, 3, 2))
    angle = 0.7
    turn = np.array([[np.cos(angle), -np.sin(angle)], [-np.sin(angle), -np.cos(angle)]])
    found = turned_towards(points @ turn * 3 + 5, points)
    np.testing.assert_allclose(found, 3 * (points - points.mean((0, 1))), atol=1e-9)
