"""The attribution page, run without a browser on a toy network of one's own."""

import io
import json

import cv2
import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dashboard.gallery.shipped import first_visit
from dashboard.presentation.decoded_image import from_sample
from dashboard.presentation.model_options import offers
from lam_core.attribution.wording import index_of
from lam_core.images import digest
from lam_core.samples import sample
from lam_core.service.service import Service
from tests.dashboard.conftest import APP, text, write_denoiser, write_toy
from zoo.settings import settings as zoo_settings

PICTURE = np.random.default_rng(0).integers(0, 256, (96, 128, 3), dtype=np.uint8)


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def toy(environment, tmp_path) -> str:
    key = write_toy(tmp_path, "toy")
    environment(LAM_WITH=key)
    return key


def opened(**query: str) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def clicked(app: AppTest, x: int, y: int, *, compute: bool = True, stamp: str = "1") -> AppTest:
    app.session_state["picker"] = {"pick": {"x": x, "y": y, "compute": compute, "stamp": stamp}}
    return app.run()


def metrics(app: AppTest) -> list[tuple[str, str]]:
    return [(one.label, one.value) for one in app.metric]


def test_the_first_visit_shows_the_shipped_results_at_a_bare_address(toy):
    app = opened()
    shipped = [one.result for one in first_visit().results]
    expected = [index_of(one) for one in shipped]
    assert [value for label, value in metrics(app) if label == "DI"] == expected
    assert text(app).count("shipped result") == 3
    assert dict(app.query_params) == {}


def test_a_click_computes_and_the_address_then_says_all(toy):
    app = clicked(opened(models=toy, image="cat"), 64, 32)
    assert not app.exception
    assert len([1 for label, _ in metrics(app) if label == "DI"]) == 1
    assert app.query_params["window"] == "64,32,16"
    assert app.query_params["models"] == toy
    assert app.query_params["image"] == "cat"
    assert "computed now" in text(app)


def test_opening_the_address_again_shows_the_same_from_the_store(toy):
    query = {"image": "cat", "scale": "4", "window": "64,32,16", "models": toy}
    first = opened(**query)
    again = opened(**query)
    assert metrics(again) == metrics(first)
    assert metrics(first)
    assert "computed now" in text(first)
    assert "from the store" in text(again)


def test_arrow_keys_move_without_computing_and_compute_then_does(toy):
    app = clicked(opened(models=toy, image="cat", window="0,0,16"), 1, 0, compute=False)
    assert app.query_params["window"] == "1,0,16"
    assert "Not computed" in text(app)
    next(one for one in app.button if one.label == "Compute").click().run()
    assert "Not computed" not in text(app)
    assert metrics(app)


def test_a_report_of_a_component_is_handled_once(toy):
    app = clicked(opened(models=toy, image="cat"), 64, 32)
    app.number_input(key="window_x").set_value(100).run()
    assert app.query_params["window"] == "100,32,16"


def test_a_place_outside_is_pushed_inside(toy):
    app = clicked(opened(models=toy, image="cat"), 9999, -5)
    assert app.query_params["window"] == "240,0,16"


def test_a_window_outside_in_the_address_is_said_and_the_suggested_place_shown(toy):
    app = opened(models=toy, image="cat", window="250,0,16")
    assert "leaves the 256×256 picture" in text(app)
    before = metrics(app)
    assert before
    assert metrics(app.run()) == before, "what the link asked for is still asked for"


def test_nonsense_in_the_address_is_said_once(toy):
    app = opened(models=toy, image="cat", window="64,32,16", sigma="-3")
    assert "sigma is -3" in text(app)
    assert "sigma is -3" not in text(app.run())


def test_an_unknown_sample_names_the_nearest(toy):
    assert "cat" in text(opened(models=toy, image="catt"))


def test_digits_switch_networks_but_never_the_last_one_off(environment, tmp_path):
    first, second = write_toy(tmp_path, "one"), write_toy(tmp_path, "two")
    environment(LAM_WITH=f"{first}:{second}")
    app = opened(models=first, image="cat", window="64,32,16")
    for stamp, expected in (("1", (first, second)), ("2", (second,)), ("3", (second,))):
        number = "2" if stamp == "1" else "1" if stamp == "2" else "2"
        app.session_state["picker"] = {"key": {"key": number, "stamp": stamp}}
        app.run()
        assert app.session_state["view"].models == expected


def test_without_a_connection_other_networks_answer_where_no_maps_ship_and_that_is_said(environment, tmp_path):
    nowhere = "http://127.0.0.1:9"
    environment(LAM_OFFLINE="0", LAM_WEIGHTS=str(tmp_path), LAM_GITHUB_ENDPOINT=nowhere, LAM_HUB_ENDPOINT=nowhere)
    first = first_visit()
    window = f"{first.window.x},{first.window.y},16"
    app = opened(models="fsrcnn,imdn", image=first.sample, window=window)
    assert text(app).count("shipped result") == 2
    clicked(app, 40, 200)
    assert not app.exception
    assert "FSRCNN, IMDN: the weights are not here, so only windows with shipped maps have theirs" in text(app)
    assert app.query_params["models"] == "fsrcnn-c,edsr-c,imdn-c"
    assert not app.warning


def test_a_network_that_fails_says_why_and_leaves_the_others(environment, tmp_path):
    good, bad = write_toy(tmp_path, "good"), write_toy(tmp_path, "bad", output="y * float('nan')")
    environment(LAM_WITH=f"{good}:{bad}")
    app = opened(models=f"{good},{bad}", image="cat", window="64,32,16")
    assert not app.exception
    assert "not finite" in text(app)
    assert len([1 for label, _ in metrics(app) if label == "DI"]) == 1


def test_a_network_of_another_scale_says_so(environment, tmp_path):
    key = write_toy(tmp_path, "double", scale=2)
    environment(LAM_WITH=key)
    assert "enlarges ×2, not ×4" in text(opened(models=key, image="cat", window="64,32,16"))


def test_a_hosted_server_never_offers_nor_runs_ones_own_code(environment, tmp_path):
    key = write_toy(tmp_path, "toy")
    environment(LAM_WITH=key, LAM_HOSTED="1")
    app = opened(models=key, image="cat", window="64,32,16")
    assert "yours" not in text(app)
    assert "toy.py" not in text(app)


def test_an_upload_is_attributed_and_known_by_its_digest(toy):
    app = opened(models=toy)
    app.file_uploader[0].upload("mine.png", png(PICTURE)).run()
    assert not app.exception
    assert app.query_params["image"] == f"upload-{digest(PICTURE)}"
    assert "Not computed" in text(app), "a visitor first says whether it is HR or LR"
    app.toggle(key="low").set_value(True).run()
    assert app.query_params["lr"] == "1"
    clicked(app, 200, 100)
    assert ("PSNR", "no HR") in metrics(app)


def test_a_condition_is_a_slider_and_part_of_the_address(environment, tmp_path):
    key = write_denoiser(tmp_path)
    environment(LAM_WITH=key)
    app = opened(models=key, image="cat", window="64,32,16")
    first = metrics(app)
    (slider,) = app.slider
    assert (slider.label, slider.value, slider.min, slider.max) == ("sigma of net.py:Net", 15.0, 0.0, 60.0)
    slider.set_value(40.0).run()
    assert not app.exception
    other = f"{key}?condition=sigma%3D40"
    assert app.query_params["models"] == other
    assert app.slider[0].value == 40.0
    clicked(app, 64, 32)
    assert "net.py:Net, sigma 40" in text(app) or "net.py:Net, sigma=40" in text(app)
    assert metrics(app) != first
    again = opened(models=other, image="cat", window="64,32,16")
    assert metrics(again) == metrics(app)
    stranger = opened(models=f"{tmp_path / 'other.py'}:Net?condition=sigma%3D40", image="cat", window="64,32,16")
    assert "other.py" not in text(stranger)


def test_an_lr_image_and_its_hr_image_are_a_pair(toy):
    hr = sample("cat").pixels()[:144, :160]
    area = cv2.resize(hr, (40, 36), interpolation=cv2.INTER_AREA)
    app = opened(models=toy)
    app.file_uploader[0].upload("lr.png", png(area)).run()
    app.toggle(key="low").set_value(True).run()
    app.file_uploader[1].upload("hr.png", png(hr)).run()
    assert not app.exception
    assert "the mean of each block (OpenCV's INTER_AREA)" in text(app)
    clicked(app, 64, 64)
    assert [value for name, value in metrics(app) if name == "PSNR" and value.endswith("dB")]
    app.file_uploader[1].upload("other.png", png(sample("brick-terrace").pixels()[:144, :160])).run()
    assert "The HR image is not used: the LR picture" in text(app)
    assert ("PSNR", "no HR") in metrics(app)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.png", b"", "is empty"),
        ("words.png", b"no picture at all", "not a picture"),
        ("short.png", png(PICTURE)[:900], "damaged"),
        ("dot.png", png(PICTURE[:1, :1]), "1×1"),
    ],
)
def test_a_file_that_is_no_picture_is_refused_and_nothing_is_lost(toy, name, content, sentence):
    app = opened(models=toy, image="cat", window="64,32,16")
    before = metrics(app)
    app.file_uploader[0].upload(name, content).run()
    assert not app.exception
    assert [sentence in one.value and name in one.value for one in app.error] == [True]
    assert metrics(app) == before
    assert app.query_params["image"] == "cat"


def test_limits_on_uploads_come_from_the_environment(environment, tmp_path):
    environment(LAM_WITH=write_toy(tmp_path, "toy"), LAM_UPLOAD_PIXELS="5000")
    app = opened()
    app.file_uploader[0].upload("mine.png", png(PICTURE)).run()
    assert "128×96 pixels is too large" in text(app)


def test_a_link_to_an_upload_asks_for_the_file_and_then_shows_it(toy):
    app = opened(image=f"upload-{digest(PICTURE)}", scale="4", window="32,16,16", models=toy)
    assert "Choose the same file" in text(app)
    assert not metrics(app)
    app.file_uploader[0].upload("same.png", png(PICTURE)).run()
    assert not app.exception
    assert app.query_params["window"] == "32,16,16"
    assert metrics(app), "the link asked for these maps, so they are computed"


def test_another_file_than_the_link_means_is_said(toy):
    app = opened(image=f"upload-{digest(PICTURE)}", scale="4", window="32,16,16", models=toy)
    app.file_uploader[0].upload("other.png", png(255 - PICTURE)).run()
    assert "not the image of this link" in text(app)
    assert app.query_params["image"] == f"upload-{digest(255 - PICTURE)}"


def test_settings_change_the_address_and_wait_for_compute(toy):
    app = opened(models=toy, image="cat", window="64,32,16")
    assert not app.selectbox, "settings are made once they are unfolded"
    app.session_state["settings"] = True
    app.run()
    app.selectbox(key="set_rule").set_value("reference").run()
    assert app.query_params["rule"] == "reference"
    assert "Not computed" in text(app)
    app.selectbox(key="set_rule").set_value("default").run()
    assert "rule" not in app.query_params
    assert metrics(app), "the earlier result is still there"


def test_kde_is_another_view_of_the_same_result(toy):
    app = opened(models=toy, image="cat", window="64,32,16")
    before, (shown, alt) = metrics(app), shown_map(app)
    app.segmented_control(key="density").set_value("KDE").run()
    assert app.query_params["map"] == "kde"
    assert metrics(app) == before
    assert alt.startswith("Attribution map of toy")
    assert shown_map(app)[1].startswith("Kernel density of the attribution of toy")
    assert shown_map(app)[0] != shown
    app.segmented_control(key="density").set_value("Map").run()
    assert shown_map(app) == (shown, alt)


def test_all_maps_on_one_scale_is_another_view_of_the_same_results(toy):
    app = opened(models=toy, image="cat", window="64,32,16")
    before, (shown, _) = metrics(app), shown_map(app)
    assert "each map's own maximum, linear" in text(app)
    app.segmented_control(key="colours").set_value("log").run()
    assert not app.exception
    assert app.query_params["colours"] == "log"
    assert metrics(app) == before
    assert shown_map(app)[0] != shown
    assert "of a network's attribution on one pixel, logarithmic" in text(app)


def test_the_hardest_window_is_a_button_and_an_lr_image_has_none(toy):
    app = opened(models=toy, image="cat", window="64,32,16")
    app.button(key="hardest").click().run()
    window = from_sample(sample("cat"), 4).hardest(16)
    assert window is not None
    assert app.query_params["window"] == f"{window.x},{window.y},16"
    app.file_uploader[0].upload("mine.png", png(PICTURE)).run()
    app.toggle(key="low").set_value(True).run()
    assert app.button(key="hardest").disabled


def shown_map(app: AppTest) -> tuple[str, str]:
    """Source and description of the first card's map."""
    pictures = [one.proto for one in app.get("bidi_component") if one.proto.component_name == "lam_linked_picture"]
    shown = json.loads(json.loads(pictures[0].json)["json"])
    return shown["src"], shown["label"]


def test_a_degraded_input_is_what_is_attributed(toy):
    query = {"image": "cat", "scale": "4", "window": "64,32,16", "models": toy}
    clean, degraded = opened(**query), opened(**query, degrade="noise:20")
    assert "The LR image was degraded before it was attributed: Gaussian noise (σ 20 of 255)." in text(degraded)
    figures = [[one.value for one in app.metric if one.label in ("DI", "PSNR")] for app in (clean, degraded)]
    assert figures[0] != figures[1]


def test_restoration_says_what_the_baseline_means_and_shows_no_index_that_says_nothing(environment, tmp_path):
    toy = write_toy(tmp_path, "denoiser", scale=1)
    environment(LAM_WITH=toy)
    quick = {"nodes": "2", "tolerance": "0.9", "field": "24"}
    smooth = opened(image="cat", scale="1", window="64,32,16", models=toy, path="linear-smooth", **quick)
    assert "The baseline is the image smoothed" in text(smooth)
    assert "No DI is shown" in text(smooth)
    assert ("DI", "–") in metrics(smooth)


def test_the_quickest_map_is_computed_first(environment, monkeypatch):
    environment()
    asked: list[str] = []
    answer = Service.answer

    def heard(self, request, *rest, **more):
        asked.append(request.model.name)
        return answer(self, request, *rest, **more)

    monkeypatch.setattr(Service, "answer", heard)
    app = opened(models="edsr-b2-c,edsr-c,fsrcnn-c", image="cat", window="64,32,16")
    assert not app.exception
    seconds = {offer.name: offer.seconds for offer in offers(zoo_settings()) if offer.tag == "compact"}
    assert len(asked) == 3
    assert asked == sorted(asked, key=lambda name: seconds[name.removesuffix(" (compact)")] or 0.0)
    assert asked != sorted(asked)
