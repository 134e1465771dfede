"""The tab of tiles: one image, and a click that places the window."""

from tests.dashboard.attribution.test_page import opened, text, toy  # noqa: F401  A fixture.


def test_the_shipped_heat_map_is_shown_without_computing(toy):  # noqa: F811
    app = opened(tiles="fsrcnn")
    assert "shipped result" in text(app)
    assert {metric.label for metric in app.metric} == {"Median DI", "Lowest", "Highest"}


def test_a_heat_map_is_computed_when_asked_for_and_a_tile_places_the_window(toy):  # noqa: F811
    app = opened(image="cat", models=toy, tiles=toy, scale="4", window="96,96,96")
    app.button(key="tiles_compute").click().run()
    assert not app.exception
    assert "Lowest" in {metric.label for metric in app.metric}
    app.session_state["tiles"] = {"pick": {"x": 0, "y": 96, "compute": True, "stamp": "1"}}
    app.run()
    assert app.query_params["window"] == "0,96,96"
    assert app.query_params["tiles"] == toy
    assert "The framed window at (0, 96)" in text(app)
