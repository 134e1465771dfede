"""The figure page, run without a browser on toy networks of one's own."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.presentation.view import View
from lam_cli.main import main
from lam_core.attribution.settings import AttributionSettings
from lam_core.region import Region
from lam_core.render.figure import Network, Recipe, read_recipe, to_json, to_toml
from tests.dashboard.conftest import APP, write_toy

pytest.importorskip("matplotlib", reason="figures are drawn by matplotlib, the extra `figure`")


@pytest.fixture
def toys(environment, tmp_path) -> list[str]:
    keys = [write_toy(tmp_path, f"toy{n}", output="y" if n == 0 else f"y * {1 - n / 10}") for n in range(4)]
    environment(LAM_WITH=":".join(keys))
    return keys


def opened(models: list[str], **settings) -> AppTest:
    """The page with a window of a sample; nothing is computed, for two toys may take more than a moment."""
    app = AppTest.from_file(str(APP), default_timeout=240)
    app.run()
    asked = AttributionSettings(**settings)
    app.session_state["view"] = View("brick", window=Region(40, 60, 16), models=tuple(models), settings=asked)
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


def test_eight_clicks_make_four_networks_by_three_windows_and_one_line_makes_the_same(toys, tmp_path: Path, capsys):
    app, clicks = opened(toys[:1], field=24, tolerance=0.2), 0
    for stamp, (x, y) in enumerate(((100, 20), (150, 150))):
        app, clicks = clicked(app, x, y, str(stamp)), clicks + 1
    for count in (2, 3, 4):
        app.pills(key="figure-few").set_value(toys[:count]).run()
        clicks += 1
    app.toggle("figure-insets").set_value(True).run()
    app.button("figure-compute").click().run()
    clicks += 3  # insets, Compute, and the file itself
    assert not app.exception
    assert clicks < 10
    assert (len(recipe(app).networks), len(recipe(app).images[0].windows), len(recipe(app).insets)) == (4, 3, 1)

    (tmp_path / "recipe.toml").write_text(to_toml(recipe(app)))
    names = ",".join(network.name for network in recipe(app).networks)
    line = ["figure", "--recipe", str(tmp_path / "recipe.toml"), "--models", ",".join(toys), "--names", names]
    files = [tmp_path / name for name in ("stored.npz", "again.npz")]
    capsys.readouterr()
    main([*line, "--out", str(files[0])])
    assert json.loads(capsys.readouterr().out)["computed"] == 0, "all that the page shows comes from its store"
    main([*line, "--out", str(files[1]), "--no-store"])
    assert json.loads(capsys.readouterr().out)["computed"] == 12
    stored, again = (np.load(file) for file in files)
    assert stored.files == again.files
    for name in stored.files:
        if name.endswith(("_signed", "_map", "_sr")):
            np.testing.assert_allclose(again[name], stored[name], atol=1e-6 * np.abs(stored[name]).max())
