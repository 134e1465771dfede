"""A visitor's own pictures, swept on the content page: faults said, the rest shown, found again."""

import numpy as np
from PIL import Image
from streamlit.testing.v1 import AppTest

from lam_core.render import png
from tests.dashboard.conftest import APP, write_toy
from tests.zoo.mirror import Mirror

PAGE = APP.parent / "app_pages" / "content" / "page.py"


def test_a_folder_becomes_a_study_and_its_faults_are_said(environment, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for k, size in enumerate(((96, 96), (96, 96), (80, 112))):
        pixels = np.random.default_rng(k).integers(0, 256, (*size, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{k}.png")
    Image.fromarray(pixels[..., 0]).save(folder / "grey.png")
    (folder / "broken.png").write_bytes(b"no picture")
    toy = write_toy(tmp_path, "toy")
    environment(LAM_WITH=toy)
    app = AppTest.from_file(str(PAGE), default_timeout=120)
    app.session_state["own_source"] = "path"
    app.session_state["own_path"] = str(folder)
    app.session_state["own_networks"] = [toy]
    app.run()
    assert any("5 images there" in one.value for one in app.caption)
    next(button for button in app.button if button.label == "Start").click().run()
    assert not app.exception
    assert "1 could not be done" in app.expander[1].label
    assert any("- broken.png: this file is not a picture" in one.value for one in app.markdown)
    study = app.session_state["own_study"]
    assert set(study.table["image"]) == {"0.png", "1.png"}, "fields of the commonest LR size are ranked"
    assert any("another lr_height, lr_width than most" in one.value for one in app.caption)
    assert len(study.features) == 4
    assert app.session_state["images_of"] == "own"
    next(button for button in app.button if button.label == "Start").click().run()
    assert app.session_state["own_study"].table["from_store"].all()


def test_a_link_names_a_data_set_whose_results_are_everybodys(environment, tmp_path):
    toy = write_toy(tmp_path, "toy")
    with Mirror(tmp_path / "hub").running() as mirror:
        for k in range(2):
            pixels = np.random.default_rng(k).integers(0, 256, (96, 96, 3), dtype=np.uint8)
            mirror.put("owner/set", f"{k}.png", png(pixels))
        variables = {"LAM_HUB_ENDPOINT": mirror.address, "LAM_HUB_CACHE": str(tmp_path / "cache"), "LAM_OFFLINE": "0"}
        environment(LAM_WITH=toy, **variables)

        def swept() -> AppTest:
            app = AppTest.from_file(str(PAGE), default_timeout=120)
            app.query_params["own_source"], app.query_params["hub"] = "Hub data set", "owner/set"
            app.session_state["own_networks"] = [toy]
            app.run()
            assert app.expander[0].proto.expanded
            next(button for button in app.button if button.label == "Start").click().run()
            assert not app.exception
            return app

        first, another = swept(), swept()
        assert first.session_state["own_study"].title == "2 images of owner/set"
        assert another.session_state["own_study"].table["from_store"].all(), "another visitor finds them"


def test_samples_can_be_swept(environment, tmp_path):
    environment(LAM_WITH=write_toy(tmp_path, "toy"))
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    app.query_params["own_source"] = "Samples"
    app.run()
    assert any(one.value.startswith("All ") and "samples" in one.value for one in app.caption)
    assert not next(button for button in app.button if button.label == "Start").disabled
