"""Every chart can be read: on both grounds, and without seeing colours."""

import tomllib
from pathlib import Path

import pytest

from dashboard.presentation.plot_theme import MUTED, PALETTE, SHAPES, chart, mark_at, mark_of, toolbar

THEME = tomllib.loads((Path(__file__).parents[3] / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]


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


def test_a_compact_network_is_not_taken_for_the_published_one():
    assert mark_of("IMDN").colour == mark_of("IMDN (compact)").colour
    assert mark_of("IMDN").shape != mark_of("IMDN (compact)").shape != mark_of("IMDN").hollow
    assert mark_of("somebody's own") == mark_of("somebody's own")


def test_a_chart_takes_clicks_and_saves_itself():
    figure = chart([], x="PSNR", y="DI", log_x=True)
    assert figure.layout.dragmode is None, "with a drag mode set, clicks choose no point"
    assert figure.layout.xaxis.title.text == "PSNR"
    assert toolbar("landscape")["toImageButtonOptions"]["filename"] == "landscape"
