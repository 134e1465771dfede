"""Marked windows: maps of published networks that are shown at once, whether their weights are here or not."""

from __future__ import annotations

import shutil

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.gallery.hot_spots import hot_spots, marked_windows
from lam_core.attribution.wording import with_error
from lam_core.errors import LamError
from lam_core.region import Region
from lam_core.service.service import Service
from tests.dashboard.attribution.test_page import clicked, metrics, opened
from tests.dashboard.conftest import opened_at, text, write_toy
from tests.unshipped import WEIGHTS, needs_shared
from zoo.catalog.entry import GitHub
from zoo.catalog.registry import registry
from zoo.sources.github import cached_name

SHOWN = ["fsrcnn", "carn-m", "imdn"]
MARK = marked_windows("glass-tower")[1]


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every request that the service is asked to compute."""
    asked: list[object] = []
    answer = Service.answer

    def counted(self, request, *rest, **more):
        asked.append(request)
        return answer(self, request, *rest, **more)

    monkeypatch.setattr(Service, "answer", counted)
    return asked


def indices(app: AppTest) -> list[str]:
    return [value for label, value in metrics(app) if label == "DI"]


def shipped(sample: str, window: Region, names: list[str]) -> list[str]:
    spots = [hot_spots(sample, window)[name].figures for name in names]
    return [with_error(one.diffusion_index, one.diffusion_index_error) for one in spots]


@pytest.fixture
def nothing_here(environment, tmp_path) -> None:
    """Offline, with neither weights nor packages."""
    environment(LAM_WEIGHTS=str(tmp_path / "weights"))


def test_a_click_on_a_mark_shows_published_networks_without_computing(nothing_here, computed):
    app = clicked(opened(), MARK.x, MARK.y)
    assert not app.exception
    assert indices(app) == shipped("glass-tower", MARK, SHOWN)
    assert text(app).count("shipped result") == 3
    assert app.query_params["models"] == ",".join(SHOWN)
    assert computed == []
    app.button(key="more-hot-spots").click().run()
    assert len(indices(app)) == min(len(hot_spots("glass-tower", MARK)), 8) > 3
    assert computed == []


def test_a_sample_is_entered_by_a_mark_and_a_link_shows_the_same(nothing_here, computed):
    window = marked_windows("page")[0]
    expected = shipped("page", window, SHOWN)
    app = opened()
    app.session_state["strip"] = {"choice": {"id": "page", "stamp": "1"}}
    assert indices(app.run()) == expected
    link = opened(image="page", window=f"{window.x},{window.y},{window.size}", models=",".join(SHOWN))
    assert indices(link) == expected
    assert computed == []


def test_beside_a_mark_networks_that_are_here_step_in_and_are_named(nothing_here):
    app = clicked(opened(), MARK.x, MARK.y)
    app = clicked(app, MARK.x + 1, MARK.y, stamp="2")
    assert "the weights are not here" in text(app)
    assert "FSRCNN (compact)" in text(app)


def test_pages_without_marks_say_who_steps_in(nothing_here):
    window = marked_windows("page")[0]
    query = {"image": "page", "window": f"{window.x},{window.y},{window.size}", "models": ",".join(SHOWN)}
    app = opened_at("compare", **query)
    assert "the weights are not here, so only windows with shipped maps have theirs" in text(app)
    assert "Nothing is fetched" not in text(app)
    assert app.query_params["models"] == query["models"], "the selection stays"


def test_marks_are_for_standard_settings_alone(nothing_here):
    query = {"image": "page", "models": "imdn", "window": "120,120,16"}
    assert "shipped result" in text(opened(**query))
    assert "shipped result" not in text(opened(**query, sigma="2"))
    assert "shipped result" not in text(opened(**query, scale="2"))
    assert "shipped result" not in text(opened(**query, degrade="noise:20"))


@pytest.fixture
def fsrcnn_here(environment, tmp_path) -> None:
    """Offline, with the weights of FSRCNN alone."""
    source = registry()["fsrcnn"].weights
    assert isinstance(source, GitHub)
    (tmp_path / "weights").mkdir()
    shutil.copyfile(WEIGHTS / "fsrcnn_x4_luma.pth", tmp_path / "weights" / cached_name(source))
    environment(LAM_WEIGHTS=str(tmp_path / "weights"))


@needs_shared
def test_a_network_that_is_here_and_quick_takes_the_place_of_what_ships(fsrcnn_here, computed):
    app = clicked(opened(models="fsrcnn,imdn"), MARK.x, MARK.y)
    assert not app.exception
    assert indices(app) == shipped("glass-tower", MARK, ["fsrcnn", "imdn"])
    assert len(computed) == 1
    assert text(app).count("computed now") == text(app).count("shipped result") == 1


@needs_shared
def test_what_ships_stays_where_computing_fails(fsrcnn_here, monkeypatch):
    def fail(self, request, *rest, **more):
        raise LamError("the device is gone")

    monkeypatch.setattr(Service, "answer", fail)
    app = clicked(opened(models="fsrcnn"), MARK.x, MARK.y)
    assert not app.exception
    assert indices(app) == shipped("glass-tower", MARK, ["fsrcnn"])
    assert "The device is gone" in text(app)


def test_a_network_of_ones_own_is_computed_beside_maps_that_ship(environment, tmp_path, computed):
    key = write_toy(tmp_path, "toy")
    environment(LAM_WITH=key, LAM_WEIGHTS=str(tmp_path / "weights"))
    app = clicked(opened(models=f"{key},imdn", image="page"), 120, 120)
    assert len(indices(app)) == 2
    assert shipped("page", Region(120, 120), ["imdn"])[0] in indices(app)
    assert len(computed) == 1
