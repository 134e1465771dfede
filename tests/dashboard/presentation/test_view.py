"""The address restores everything, and nothing that an address may hold breaks the page."""

from dataclasses import replace

import pytest

from dashboard.presentation.view import Comparison, View, from_query
from lam_core.attribution.settings import AttributionSettings
from lam_core.region import Region

DIGEST = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "view",
    [
        View(),
        View(density=True),
        View(image="cat", window=Region(3, 5, 24), models=("imdn-c", "edsr-c")),
        View(image=f"upload-{DIGEST}", low_resolution=True, scale=2, window=Region(0, 0, 16)),
        View(window=Region(1, 1), settings=AttributionSettings(rule="reference", nodes=30, dtype="float64")),
        View(settings=AttributionSettings(tolerance=0.013, sigma=2.5, kernel=15, field="full", detector="gabor")),
        View(settings=AttributionSettings(path="linear-black", field=48), models=("/home/me/my net.py:build",)[:0]),
        View(models=("owner/repo:some/file.pth",)),
        View(
            models=("a", "b", "c"),
            comparison=Comparison("hr", "b", wide=("b", "c"), baseline="a", subject="c"),
            map_scale="log",
        ),
    ],
)
def test_an_address_restores_its_view(view):
    restored, faults = from_query(view.to_query())
    assert restored == view
    assert faults == ()


def test_the_first_visit_has_a_bare_address():
    assert View().to_query() == {}
    assert View(density=True).to_query() == {"map": "kde"}
    assert View(map_scale="log").to_query() == {"colours": "log"}


def test_an_upload_is_known_by_its_digest():
    assert View(image=f"upload-{DIGEST}").upload == DIGEST
    assert View(image="cat").upload is None
    assert View(image="upload-dreams").upload is None


@pytest.mark.parametrize(
    "query",
    [
        {"window": "1,2"},
        {"window": "a,b,c"},
        {"window": "-1,0,16"},
        {"window": "0,0,0"},
        {"window": "1e9,0,16"},
        {"window": ""},
        {"scale": "0"},
        {"scale": "99999"},
        {"scale": "four"},
        {"image": "../../etc/passwd"},
        {"image": "upload-xyz%"},
        {"image": "<script>alert(1)</script>"},
        {"models": "a b"},
        {"nodes": "1"},
        {"nodes": "1000000000"},
        {"tolerance": "nan"},
        {"sigma": "-3"},
        {"kernel": "8"},
        {"field": "7"},
        {"rule": "mine"},
        {"dtype": "bfloat16"},
        {"lr": "yes"},
        {"map": "heat"},
        {"left": "a b"},
        {"wide": "a b"},
        {"colours": "loud"},
    ],
)
def test_nonsense_is_said_in_one_sentence_and_replaced_by_the_standard(query):
    view, faults = from_query(query)
    assert view == View()
    assert len(faults) == 1
    assert "\n" not in faults[0]
    assert faults[0].endswith(".")


def test_one_fault_does_not_lose_the_rest():
    view, faults = from_query({"image": "cat", "scale": "many", "window": "8,8,16", "sigma": "2"})
    assert view == View(image="cat", window=Region(8, 8), settings=AttributionSettings(sigma=2.0))
    assert len(faults) == 1


def test_the_reference_rule_wins_over_a_path_it_is_not_defined_on():
    view, faults = from_query({"rule": "reference", "path": "linear-black"})
    assert view.settings == AttributionSettings(rule="reference")
    assert len(faults) == 1


def test_at_most_eight_models_and_each_once():
    view, _ = from_query({"models": "a,b,a,c,d,e,f,g,h,i,j"})
    assert view.models == tuple("abcdefgh")


def test_how_maps_are_shown_does_not_end_the_first_visit():
    assert replace(View(), density=True).is_first_visit
    assert not View(window=Region(0, 0)).is_first_visit


def test_what_is_compared_with_what_changes_no_question():
    view = View(image="cat", models=("a", "b"))
    assert replace(view, density=True, comparison=Comparison(left="hr", baseline="b")).question == view.question
    assert replace(view, image="flag").question != view.question


def test_a_degradation_is_part_of_the_question_and_of_the_address():
    view, faults = from_query({"image": "cat", "degrade": "blur:2"})
    assert (view.degradation, faults) == ("blur:2", ())
    assert view.to_query()["degrade"] == "blur:2"
    assert view.question != from_query({"image": "cat"})[0].question
    assert not View(degradation="blur:2").is_first_visit
    _, faults = from_query({"degrade": "blurr:2"})
    assert "did you mean 'blur'" in faults[0]
