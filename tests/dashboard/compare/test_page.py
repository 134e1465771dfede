"""The compare page, run without a browser on toy networks of one's own."""

import io

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dashboard.gallery.shipped import first_visit
from tests.dashboard.conftest import opened_at, write_denoiser, write_toy


@pytest.fixture
def toys(environment, tmp_path) -> tuple[str, str]:
    keys = write_toy(tmp_path, "one"), write_toy(tmp_path, "two", output="y * y")
    environment(LAM_WITH=":".join(keys))
    return keys


def opened(**query: str) -> AppTest:
    return opened_at("compare", **query)


def text(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.warning, *app.error, *app.info, *app.header]
    return "\n".join(str(one.value) for one in parts)


def indices(app: AppTest) -> list[str]:
    return [one.value for one in app.metric if one.label == "DI"]


PLACE = {"image": "cat", "scale": "4", "window": "64,32,16"}


def test_the_first_visit_compares_all_shipped_results_at_a_bare_address(toys):
    app = opened()
    assert len(indices(app)) == len(first_visit().checkpoints)
    assert text(app).count("shipped result") == len(first_visit().checkpoints)
    assert "of their attribution" in text(app)
    assert dict(app.query_params) == {}


def test_a_link_computes_compares_and_finds_all_again(toys):
    query = {**PLACE, "models": ",".join(toys)}
    app = opened(**query)
    assert len(indices(app)) == 2
    assert text(app).count("computed now") == 2
    assert "share" in text(app)
    again = opened(**query)
    assert indices(again) == indices(app)
    assert text(again).count("from the store") == 2


def test_a_condition_of_one_of_two_networks_is_changed_by_its_slider(environment, tmp_path):
    plain = write_denoiser(tmp_path)
    strong, stronger = (f"{plain}?condition=sigma%3D{sigma}" for sigma in (40, 55))
    environment(LAM_WITH=plain)
    app = opened(**PLACE, models=f"{plain},{strong}")
    assert [(slider.label, slider.value) for slider in app.slider if "sigma" in slider.label] == [
        ("sigma of net.py:Net", 15.0),
        ("sigma of net.py:Net", 40.0),
    ]
    first, second = indices(app)
    assert first != second
    app.slider(key=f"condition-{strong}-sigma").set_value(55.0).run()
    assert not app.exception
    assert app.query_params["models"] == f"{plain},{stronger}"
    assert "Press Compute, or Enter, for what is not computed yet here: net.py:Net, sigma=55" in text(app)
    next(button for button in app.button if button.label == "Compute").click().run()
    third, fourth = indices(app)
    assert third == first
    assert fourth not in (first, second)


def test_what_is_compared_with_what_is_in_the_address_and_computes_nothing(toys):
    second = toys[1]
    app = opened(**PLACE, models=",".join(toys))
    app.button(key=f"pin-{second}").click().run()
    assert app.query_params["baseline"] == second
    assert f"Differences to {second.rpartition('/')[2]}" in text(app)
    app.selectbox(key="side_left").set_value("bicubic").run()
    assert app.query_params["left"] == "bicubic"
    app.segmented_control(key="colours").set_value("log").run()
    assert app.query_params["colours"] == "log"
    assert text(app).count("from the store") == 2
    restored = opened(**dict(app.query_params))
    assert restored.selectbox(key="side_left").value == "bicubic"
    assert f"Differences to {second.rpartition('/')[2]}" in text(restored)


def test_either_group_can_be_the_wide_one_but_never_all_or_none(toys):
    first, second = toys
    app = opened(**PLACE, models=",".join(toys))
    before = app.session_state["view"].comparison.wide
    app.pills(key="wide").set_value([]).run()
    assert app.session_state["view"].comparison.wide == before
    app.pills(key="wide").set_value([first, second]).run()
    assert app.session_state["view"].comparison.wide == before
    for one in (first, second):
        app.pills(key="wide").set_value([one]).run()
        assert app.query_params["wide"] == one


def test_one_network_is_not_enough_and_the_page_says_what_to_do(toys):
    assert "switch on another" in text(opened(**PLACE, models=toys[0]))


def test_a_network_that_fails_says_why_and_the_others_are_compared(environment, tmp_path):
    keys = (
        write_toy(tmp_path, "one"),
        write_toy(tmp_path, "two", output="y * y"),
        write_toy(tmp_path, "bad", output="y * float('nan')"),
    )
    environment(LAM_WITH=":".join(keys))
    app = opened(**PLACE, models=",".join(keys))
    assert "not finite" in text(app)
    assert len(indices(app)) == 2


def test_an_elsewhere_clicked_first_visit_goes_on_with_networks_that_are_here(toys):
    app = opened()
    app.session_state["picker"] = {"pick": {"x": 64, "y": 32, "compute": False, "stamp": "1"}}
    app.run()
    assert not app.exception
    assert "Press Compute" in text(app)
    assert "shipped result" not in text(app)
    assert "the weights are not here, so only windows with shipped maps have theirs" in text(app)
    app.button(key="back-to-shipped").click().run()
    assert text(app).count("shipped result") == len(first_visit().checkpoints)
    assert "the weights are not here" not in text(app)


def test_the_same_place_and_networks_are_on_the_attribution_page(toys):
    app = opened(**PLACE, models=",".join(toys))
    app.switch_page("app_pages/attribution/page.py").run()
    assert len(indices(app)) == 2
    assert text(app).count("from the store") == 2
    assert app.query_params["window"] == "64,32,16"


def test_presets_of_shipped_results_and_of_bundled_twins_are_a_click_away(toys):
    app = opened()
    presets = {one.label: one for one in app.button if str(one.key).startswith("preset-")}
    assert any(label.startswith("SRResNet-wGR (compact) against SRGAN") for label in presets)
    presets["Published SRGAN against CARN-M and IMDN"].click().run()
    assert app.query_params["models"] == "carn-m,imdn,srgan"
    assert app.query_params["wide"] == "srgan"
    assert len(indices(app)) == 3


def test_methods_are_computed_on_demand_and_then_at_hand(toys):
    query = {**PLACE, "models": ",".join(toys)}
    app = opened(**query)
    assert "Plain gradient" not in text(app), "what is folded is not looked up"
    app.session_state["methods_open"] = True
    app.run()
    app.button(key="ask-Compute all methods").click().run()
    assert not app.exception
    for name in ("Plain gradient", "black baseline", "blurred baseline", "progressive blurring"):
        assert name in text(app)
    app.button(key="ask-Compute the curve").click().run()
    assert "its mean along the path" in text(app)
    again = opened(**query)
    again.session_state["methods_open"] = True
    again.run()
    assert "Plain gradient" in text(again)


def test_sliders_of_the_methods_change_the_question_of_the_page(toys):
    app = opened(**PLACE, models=",".join(toys))
    app.session_state["methods_open"] = True
    app.run()
    app.slider(key="method_sigma").set_value(2.0).run()
    assert app.query_params["sigma"] == "2"
    assert "Press Compute" in text(app)
    app.select_slider(key="method_window").set_value(8).run()
    assert app.query_params["window"] == "68,36,8", "about its centre"


def test_checks_say_what_came_out_beside_their_controls(toys):
    app = opened(**PLACE, models=",".join(toys), field="24")
    app.session_state["trust_open"] = True
    app.run()
    assert "Completeness error" in [one.label for one in app.metric]
    for title in ("Insertion and deletion", "Agreement with occlusion"):
        app.button(key=f"ask-Check: {title}").click().run()
        assert not app.exception
    assert "much as plain closeness" in text(app)
    assert "rank correlation" in text(app)
    assert "2 not checked" in text(app)
    assert "2 checks" in text(app), "the card shows the mark too"
    assert text(app).count(":gray-badge[not checked]") >= 3, "of the other network, and of the other checks"


def test_what_ships_of_the_checks_is_shown_and_no_more_is_promised(toys):
    app = opened()
    app.session_state["trust_open"] = True
    app.run()
    assert not app.exception
    assert "there is what was computed beforehand alone" in text(app)
    assert not [one for one in app.button if str(one.key).startswith("ask-")]


def test_a_low_resolution_upload_is_compared_without_hr(toys):
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    app = opened(models=",".join(toys))
    app.file_uploader[0].upload("mine.png", buffer.getvalue()).run()
    app.toggle(key="low").set_value(True).run()
    next(one for one in app.button if one.label == "Compute").click().run()
    assert not app.exception
    assert len(indices(app)) == 2
    assert "HR" not in app.selectbox(key="side_left").options
    assert {one.value for one in app.metric if one.label == "PSNR"} == {"no HR"}
    app.session_state["trust_open"] = True
    app.run()
    assert "which there is none of here" in text(app)


def test_receptive_fields_of_all_networks_on_one_scale(toys, monkeypatch):
    images = tuple(np.random.default_rng(k).integers(0, 256, (16, 16, 3), np.uint8) for k in range(2))
    monkeypatch.setattr("lam_core.fields.request.standard_images", lambda scale: images)
    app = opened(**PLACE, models=",".join(toys))
    app.session_state["fields_open"] = True
    app.run()
    app.button(key="ask-Compute receptive fields").click().run()
    assert not app.exception
    # The toy averages 5×5 LR pixels evenly: half of 25 lie within 5×5, as only 9 do within 3×3.
    assert text(app).count("Trained weights: half within 5×5 LR pixels, 99 % within 5×5") == 2
    assert text(app).count("Untrained weights: half within") == 2
    assert "as published" in text(app).lower()


def test_clean_and_degraded_inputs_stand_beside_each_other(toys):
    app = opened(**PLACE, models=toys[0], nodes="4")
    app.session_state["degraded_open"] = True
    app.run()
    app.button(key="ask-Compute clean beside degraded").click().run()
    assert not app.exception
    rungs = [caption.value for caption in app.caption if "where the clean image" in str(caption.value)]
    assert [rung.split(" ·")[0] for rung in rungs] == ["**blur 1**", "**blur 2**"]
    assert "**Over 20 images**" in text(app)
