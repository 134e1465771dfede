"""Every chart can be read: on both grounds, and without seeing colours."""

import tomllib
from pathlib import Path
from random import Random

import pytest

from dashboard.presentation.plot_theme import MUTED, PALETTE, SHAPES, chart, index_ticks, mark_at, marks_of, toolbar

THEME = tomllib.loads(
    (Path(__file__).parents[3] / "dashboard" / ".streamlit" / "config.toml").read_text(encoding="utf-8")
)["theme"]


def luminance(colour: str) -> float:
    """Relative luminance after WCAG 2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("ground", ["light", "dark"])
@pytest.mark.parametrize("colour", [*PALETTE, MUTED])
def test_a_colour_stands_out_from_the_ground(colour, ground):
    low, high = sorted((luminance(colour), luminance(THEME[ground]["backgroundColor"])))
    assert (high + 0.05) / (low + 0.05) >= 3


def test_seventy_two_networks_have_marks_of_their_own():
    assert len({mark_at(k) for k in range(len(PALETTE) * len(SHAPES))}) == 72


def test_a_chart_gives_colours_in_order_and_none_twice_while_one_is_free():
    names = [f"somebody's {k}" for k in range(8)]
    assert [mark.colour for mark in marks_of(names).values()] == list(PALETTE)
    many = marks_of([f"network {k}" for k in range(72)])
    assert len(set(many.values())) == 72


def test_a_network_keeps_its_mark_in_a_session_unless_it_clashes():
    held = {}
    first = marks_of(["a", "b"], held)
    assert marks_of(["c", "b"], held)["b"] == first["b"]
    assert marks_of(["c", "b"], held)["c"].colour not in {mark.colour for mark in first.values()}
    for k in range(9):
        marks_of([f"further {k}"], held)
    for pair in (("a", name) for name in list(held)[1:]):
        one, other = marks_of(pair, held).values()
        assert one.colour != other.colour


def test_a_compact_network_is_not_taken_for_the_published_one():
    published, compact = marks_of(["IMDN", "IMDN (compact)"]).values()
    assert published.colour != compact.colour
    assert (published.shape, compact.shape) == ("circle", "circle-dot")


def test_every_range_has_ticks():
    random = Random(0)
    for _ in range(500):
        low = 10 ** random.uniform(-3, 2)
        high = low * (1 + 10 ** random.uniform(-4, 3))
        ticks = index_ticks([low, high])
        assert 2 <= len(ticks) <= 24, (low, high)
        assert ticks == sorted(set(ticks)), (low, high)
        assert low * (1 - 1e-6) <= ticks[0] < ticks[-1] <= high * (1 + 1e-6), (low, high)
    assert len(index_ticks([5.1, 5.4])) >= 3
    assert index_ticks([0.0, float("nan")]) == [1.0]


def test_a_chart_is_saved_as_it_is_shown():
    options = toolbar("landscape")["toImageButtonOptions"]
    assert (options["width"], options["height"]) == (None, None), "Plotly saves 700×450 otherwise"
    assert chart([], x="", y="").layout.font.family.startswith("Arial"), "a saved picture has no web font"


def test_a_chart_takes_clicks_and_saves_itself():
    figure = chart([], x="PSNR", y="DI", log_x=True)
    assert figure.layout.dragmode is None, "with a drag mode set, clicks choose no point"
    assert figure.layout.xaxis.title.text == "PSNR"
    assert toolbar("landscape")["toImageButtonOptions"]["filename"] == "landscape"
