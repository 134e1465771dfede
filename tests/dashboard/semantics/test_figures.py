"""Charts of shipped results: every network and control is drawn, with its interval."""

import numpy as np
import pytest

from dashboard.app_pages.semantics import figures
from dashboard.app_pages.semantics.figures import Row
from dashboard.gallery.semantics import shipped
from dashboard.presentation import detection_charts
from lam_core.semantics.turn_off import Response


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    model, untrained, raw = shipped.analysis("srgan").models
    return [
        Row("SRGAN", model.layers[-1]),
        Row("SRGAN, untrained", untrained.layers[-1], control=True),
        Row("raw pixels", raw.layers[0], control=True),
    ]


def test_shares_stand_with_their_intervals_and_controls_are_striped(rows):
    chart = figures.share_bars(rows)
    assert [bar.name for bar in chart.data] == ["degradation", "content", "interaction"]
    bar = chart.data[0]
    assert list(bar.y) == ["SRGAN", "SRGAN, untrained", "raw pixels"]
    spans = rows[0].layer.intervals.degradation
    assert bar.x[0] + bar.error_x.array[0] == pytest.approx(max(spans[1], bar.x[0]))
    assert bar.x[0] - bar.error_x.arrayminus[0] == pytest.approx(min(spans[0], bar.x[0]))
    assert list(bar.marker.pattern.shape) == ["", "/", "/"]


def test_chi_by_degradation_stands_beside_that_by_content(rows):
    chart = figures.chi_bars(rows)
    assert [bar.name for bar in chart.data] == ["degradation", "content"]
    assert chart.layout.xaxis.type == "log"
    assert chart.data[0].x[0] == rows[0].layer.equal.chi.degradation
    assert [bar.name for bar in figures.silhouette_bars(rows).data] == ["degradation", "content"]


def test_curves_hold_the_network_and_both_controls():
    model, untrained, raw = shipped.analysis("srgan").models
    names = [trace.name for trace in figures.layer_curves(model, untrained, raw.layers[0], 0.5).data if trace.name]
    assert names == [
        f"{source}{control}" for source in ("degradation", "content") for control in ("", ", untrained", ", pixels")
    ]


def test_strength_is_the_axis():
    blur, *_ = shipped.strength("srgan")
    chart = figures.strength_curves([("SRGAN", blur)], "blur")
    assert list(chart.data[0].x) == pytest.approx([0.5, 1, 1.5, 2, 2.5, 3])
    path = figures.path_chart(blur)
    assert len(path.data) == 48 + 2
    assert len(path.data[-2].x) == 48 * 7


def test_a_confusion_matrix_is_counted_and_coloured_by_rows():
    found = shipped.probe("srgan").detection
    heat = detection_charts.confusion_chart(found).data[0]
    assert np.allclose(np.asarray(heat.z).sum(axis=1), 1)
    assert sum(int(text) for row in heat.text for text in row) == found.n


def test_bars_of_uses():
    chart = detection_charts.probability_bars({"clean": 0.1, "blur": 0.9})
    assert chart.data[0].marker.color[1] != chart.data[0].marker.color[0]
    assert len(figures.srga_bars([("SRGAN", shipped.scores("srgan"))], {}).data[0].x) == 4
    rows = [Response("A", "clean", 30.0, 29.0, 2.0, (1.0, 3.0), 4)]
    assert figures.response_bars(rows, {}, "gain").data[0].x[0] == pytest.approx(1.0)
    assert figures.response_bars(rows, {}, "change").data[0].error_x.array[0] == pytest.approx(1.0)
