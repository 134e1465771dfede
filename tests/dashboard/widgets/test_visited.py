"""Windows that were visited in a session: kept, pinned, side by side, and gone back to."""

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.presentation.view import View
from dashboard.state import history
from lam_core.region import Region
from tests.dashboard.attribution.test_page import clicked, opened, text, toy  # noqa: F401  A fixture.


def visit(app: AppTest, *places: tuple[int, int]) -> AppTest:
    for number, (x, y) in enumerate(places):
        clicked(app, x, y, stamp=f"visit {number}")
    app.session_state["visited"] = True
    return app.run()


def test_pinned_windows_stand_side_by_side_and_a_click_goes_back(toy):  # noqa: F811
    app = visit(opened(models=toy, image="cat"), (64, 32), (96, 128))
    assert not app.exception
    shown = text(app)
    assert "(96, 128)" in shown
    assert "Pin two or more" in shown
    for number in (0, 1):
        app.button(key=f"pin-visit-{number}").click().run()
    assert text(app).count("**toy.py:build**: DI") == 2
    app.button(key="visit-1").click().run()
    assert app.query_params["window"] == "64,32,16"
    assert text(app).count("from the store") == 1
    app.button(key="pin-visit-0").click().run()
    assert text(app).count("**toy.py:build**: DI") == 1


@pytest.fixture
def session(monkeypatch):
    """A session's state, without a browser."""
    monkeypatch.setattr("dashboard.state.history.st.session_state", {})


def test_the_oldest_that_is_not_pinned_goes_first(session):
    for x in range(history.MOST):
        history.record(View(), Region(x, 0), ["one"])
    oldest = history.visits()[-1]
    history.pin(oldest)
    history.record(View(), Region(100, 0), ["one"])
    kept = [one.window.x for one in history.visits() if one.window]
    assert kept == [100, *range(history.MOST - 1, 1, -1), 0]
    assert history.is_pinned(oldest)


def test_a_window_is_kept_once_with_the_networks_that_were_seen_last(session):
    for models in (["one"], ["one", "two"]):
        history.record(View(density=True), Region(8, 8), models)
    assert history.visits() == [View(window=Region(8, 8), models=("one", "two"))]


def test_a_deleted_image_leaves_no_visit(session):
    own = View(image=f"upload-{'0' * 64}")
    history.record(own, Region(0, 0), ["one"])
    history.record(View(), Region(0, 0), ["one"])
    history.pin(history.visits()[1])
    history.forget_uploads()
    assert [one.image for one in history.visits()] == [View().image]
