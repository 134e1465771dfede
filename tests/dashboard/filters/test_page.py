"""The filters page, run without a browser."""

import json
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dashboard.app_pages.filters import figures, naming, take_away
from dashboard.app_pages.filters.gathering import Subject
from dashboard.app_pages.filters.question import Question
from dashboard.gallery.filters import shipped
from lam_core.filters.curves import findings
from tests.dashboard.conftest import opened_at, text


def opened(**query: str) -> AppTest:
    return opened_at("filters", **query)


@pytest.fixture(autouse=True)
def alone(environment):
    environment()


def test_the_first_visit_says_what_ships_and_the_slider_says_more():
    app = opened()
    study = shipped.study("srresnet-blind-c")
    assert study is not None
    (at_3,) = (one for one in findings(study.found[0].curves, "blur:1.2") if one.share == 0.03)
    shown = text(app)
    assert f"Without 3 % of the filters {at_3.lost['blur:1.2'][0]:.2f} dB of it are gone" in shown
    assert ("but gradients without a path may cost as much" in shown) is not at_3.beats_controls
    assert f"{study.by_filters.accuracy:.0%} [" in shown
    assert "shipped result" in shown
    app.select_slider(key="returned").set_value("0 %").run()
    assert not app.exception
    assert "No filter is returned" in text(app)
    app.selectbox(key="layer").set_value("recon_trunk.0.conv1").run()
    assert "`recon_trunk.0.conv1`, output" in text(app)


def test_other_filters_are_returned_while_one_watches():
    app = opened()
    app.segmented_control(key="filters_for").set_value("noise:20").run()
    assert not app.exception
    assert "**Input: noise σ 20** — the ability in question" in text(app)
    app.button(key="filters_respond").click().run()
    assert not app.exception
    assert "Response: the kernel on the one channel that it reads" in text(app)
    app.button(key="filters_name").click().run()
    assert not app.exception
    assert "Likeliest: **" in text(app)


def test_networks_of_two_architectures_have_no_path_between_them():
    app = opened()
    app.selectbox(key="pair").set_value("other").run()
    assert "Choose the network that was fine-tuned" in text(app)
    app.selectbox(key="tuned").set_value("edsr-c").run()
    assert "No baseline of EDSR (compact) is known" in text(app)
    app.selectbox(key="baseline-edsr-c").set_value("imdn-c").run()
    assert not app.exception
    assert "there is no straight line between their weights" in text(app)
    app.selectbox(key="tuned").set_value("srresnet-blind-c").run()
    assert app.selectbox(key="baseline-srresnet-blind-c").value == "srresnet-gr-c", "the entry says so"
    assert "shipped result" in text(app)


def test_one_image_is_too_few_and_small_ones_are_set_aside(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "one.png")
    app = opened(filters_images="Others", own_source="Folder on this computer")
    app.text_input(key="own_path").input(str(tmp_path)).run()
    assert "One image is too few: give 6 images or more" in text(app)
    for k in range(6):
        Image.fromarray(pixels).save(tmp_path / f"more-{k}.png")
    app.text_input(key="own_path").input(f"{tmp_path}/").run()
    assert not app.exception
    assert "more-0.png is too small: 40×40 pixels; use one of 128×128 or more" in text(app)
    assert "0 images are too few" in text(app).lower()


def test_degradations_of_one_kind_are_refused_in_words():
    app = opened()
    app.multiselect(key="undo").set_value(["blur:1.2", "blur:0.8"]).run()
    assert not app.exception
    assert "each kind once" in text(app)
    assert "shipped result" in text(app)


def test_figures_and_files_hold_every_filter():
    study = shipped.study("srresnet-blind-c")
    assert study is not None
    found = study.found[0]
    layer = study.layers[3]
    drawn: Any = figures.filter_map(layer, found, 0.03, layer.first)
    heat, outlined, clicks = drawn.data
    assert np.asarray(heat.z).shape == (layer.rows, layer.columns)
    assert len(clicks.x) == layer.count
    within = [n for n in found.first(0.03) if layer.first <= n < layer.first + layer.count]
    assert len(outlined.x) == len(within)
    control: Any = figures.control_chart(found.curves, found.degradation, 0.03)
    assert [trace.name for trace in control.data] == list(figures.ORDERS.values())
    asked = Question("one", "other", ("One", "Other"), study.degradations, (), "33 samples", True, False)
    subject = Subject(asked, study, "shipped result")
    assert len(take_away.table(subject)) == len(study.change)
    assert json.loads(take_away.as_json(subject))["filters"] == len(study.change)


def test_naming_is_set_against_chance_and_the_probe():
    study = shipped.study("srresnet-blind-c")
    assert study is not None
    said = naming.conclusion(study.by_filters, study.by_features)
    assert "more than chance (25%)" in said
    assert naming.wilson(0, 10)[0] == pytest.approx(0, abs=1e-9)
