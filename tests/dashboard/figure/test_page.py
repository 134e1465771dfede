"""The figure page, run without a browser on toy networks of one's own."""

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.presentation.view import View
from lam_core.region import Region
from lam_core.render.figure import Network, Recipe, read_recipe, to_json
from tests.dashboard.conftest import APP, write_toy

pytest.importorskip("matplotlib", reason="figures are drawn by matplotlib, the extra `figure`")


@pytest.fixture
def toys(environment, tmp_path) -> list[str]:
    keys = [write_toy(tmp_path, f"toy{n}", output="y" if n == 0 else f"y * {1 - n / 10}") for n in range(4)]
    environment(LAM_WITH=":".join(keys))
    return keys


def opened(models: list[str]) -> AppTest:
    """The page with a window of a sample; nothing is computed, for two toys may take more than a moment."""
    app = AppTest.from_file(str(APP), default_timeout=240)
    app.run()
    app.session_state["view"] = View(image="brick", window=Region(40, 60, 16), models=tuple(models))
    app.switch_page("app_pages/figure/page.py").run()
    assert not app.exception
    return app


def clicked(app: AppTest, x: int, y: int, stamp: str) -> AppTest:
    app.session_state["figure-picker"] = {"pick": {"x": x, "y": y, "compute": True, "stamp": stamp}}
    app.run()
    assert not app.exception
    return app


def recipe(app: AppTest) -> Recipe:
    return app.session_state["figure"]


def test_the_page_begins_with_what_the_other_pages_show(toys):
    app = opened(toys[:2])
    made = recipe(app)
    assert [network.model for network in made.networks] == toys[:2]
    assert (made.images[0].sample, made.images[0].windows[0].x) == ("brick", 40)
    assert made.template == "lam"


def test_clicks_add_windows_and_images_and_a_button_takes_them_out(toys):
    app = clicked(opened(toys[:2]), 100, 20, "1")
    app = clicked(app, 150, 150, "2")
    assert [(w.x, w.y) for w in recipe(app).images[0].windows] == [(40, 60), (100, 20), (150, 150)]
    app.button("figure-remove-0-1").click().run()
    assert [(w.x, w.y) for w in recipe(app).images[0].windows] == [(40, 60), (150, 150)]


def test_a_figure_that_was_made_here_opens_again(toys):
    app = opened(toys[:2])
    app.toggle("figure-insets").set_value(True).run()
    assert len(recipe(app).insets) == 1
    before = recipe(app)
    assert read_recipe(to_json(before).encode()) == before


def test_a_network_that_is_not_on_offer_is_said_and_its_code_never_runs(toys, tmp_path: Path):
    (tmp_path / "evil.py").write_text("raise SystemExit('ran')")
    app = opened(toys[:2])
    networks = (Network(f"{tmp_path / 'evil.py'}:build", "evil"), recipe(app).networks[0])
    app.session_state["figure"] = replace(recipe(app), networks=networks)
    app.run()
    assert not app.exception
    assert any("is not among the networks here" in one.value for one in app.warning)
