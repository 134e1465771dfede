"""What the charts of the studies draw, from tables small enough to know."""

import pandas as pd

from dashboard.app_pages.content.figures.patterns import angle_chart, frequency_chart
from dashboard.app_pages.content.figures.ranking import content_chart, ranked_chart
from dashboard.app_pages.landscape.figures import landscape_chart
from lam_core.studies.landscape import Site, landscape
from lam_core.studies.published import PUBLISHED
from lam_core.studies.series import Series
from lam_core.studies.sweeps.table import images_by_diffusion
from tests.lam_core.studies.test_landscape import BUILDS
from tests.lam_core.studies.toys import table

TABLE = table({(m, f"i{k}"): v + k for m, v in (("small", 1), ("middle", 3), ("pooled", 15)) for k in range(4)})


def sites() -> tuple[Site, ...]:
    return landscape(TABLE, BUILDS).sites


def test_a_global_field_has_a_column_of_its_own_beyond_all_others():
    places = {site.model: site.value("receptive_field") for site in sites()}
    figure = landscape_chart(sites(), "receptive_field", places=places, published=PUBLISHED)
    at = {trace.name: trace.x[0] for trace in figure.data if trace.legendgroup is None}
    assert at["small"] == 17
    assert 2048 * 2**0.5 > at["pooled"] > 2048 / 2**0.5 > 703 > at["middle"]
    assert list(figure.layout.xaxis.ticktext)[-1] == "global"


def test_published_values_are_hollow_and_measured_ones_are_not():
    figure = landscape_chart(sites(), "psnr", places={s.model: 20.0 for s in sites()}, published=PUBLISHED)
    hollow = [trace for trace in figure.data if trace.marker.symbol.endswith("-open")]
    assert [trace.y[0] for trace in hollow] == [row.diffusion_index for row in PUBLISHED]
    assert {trace.legendgroup for trace in hollow} == {"published"}
    assert all(trace.error_y.array is None for trace in hollow)
    measured = [trace for trace in figure.data if trace not in hollow]
    assert [trace.name for trace in measured] == ["pooled", "middle", "small"]
    assert {trace.xaxis for trace in hollow} == {"x2"}, "PSNR of other images has an axis of its own"
    assert {trace.xaxis for trace in measured} == {None}
    assert [trace.text for trace in measured] == [("pooled",), ("middle",), ("small",)]
    assert measured[0].error_y.array[0] > 0


def test_the_published_table_has_no_place_on_other_axes():
    figure = landscape_chart(sites(), "depth", places={"small": 8.0}, published=PUBLISHED)
    assert [trace.name for trace in figure.data] == ["small"]


def test_lines_join_a_scale_sweep_in_its_order():
    line = Series("edsr", "blocks", ("small", "middle"))
    figure = landscape_chart(sites(), "depth", places={"small": 8.0, "middle": 37.0}, series=[line])
    assert list(figure.data[0].x) == [8, 37]
    assert figure.data[0].name == "EDSR by blocks"


def test_images_stand_by_largest_index_and_a_dot_knows_its_place():
    order = images_by_diffusion(TABLE)
    figure = ranked_chart(TABLE, order, {"i3": "The last"}, {"i0": "data:image/webp;base64,"})
    largest, mean, *dots = figure.data
    assert list(largest.y) == [15, 16, 17, 18]
    assert list(mean.y) == order["mean"].tolist()
    assert [trace.name for trace in dots] == ["small", "middle", "pooled"]
    assert dots[2].customdata[3] == ["i3", "pooled", 8, 8, 16]
    assert "The last" in dots[2].text[3]
    assert len(figure.layout.images) == 1
    assert figure.layout.dragmode is None


def test_networks_that_are_not_chosen_are_a_band_from_the_least_to_the_largest():
    order = images_by_diffusion(TABLE)
    rest = TABLE[TABLE["model"] != "pooled"]
    low, high, *_ = ranked_chart(TABLE[TABLE["model"] == "pooled"], order, {}, {}, banded=rest).data
    edges = rest.groupby("image")["diffusion_index"]
    assert list(low.y) == [edges.min()[image] for image in order["image"]]
    assert list(high.y) == [edges.max()[image] for image in order["image"]]
    assert (high.name, high.fill) == ("2 compact networks, least to largest", "tonexty")


def test_content_parts_kinds_by_marks():
    columns = {"image": ["a", "b"], "periodicity": [0.1, 0.9], "mean": [1.0, 5.0], "x": [0, 0], "y": [0, 0]}
    windows = pd.DataFrame({**columns, "size": [16, 16]})
    figure = content_chart(windows, "periodicity", {}, {"a": "foliage", "b": "facade"})
    assert [(trace.name, trace.x[0], trace.y[0]) for trace in figure.data] == [("foliage", 0.1, 1), ("facade", 0.9, 5)]
    assert figure.data[0].marker.symbol != figure.data[1].marker.symbol


def test_curves_run_over_frequency_or_angle():
    rows = [("m", "stripes", p, 4 / p, a, p + a, 0.02, 30.0) for p in (8, 16) for a in (0, 45)]
    names = ["model", "form", "period", "frequency", "angle", "diffusion_index", "map_error", "psnr"]
    curves = pd.DataFrame(rows, columns=names)
    (trace,) = frequency_chart(curves, "stripes", 45).data
    assert (list(trace.x), list(trace.y)) == ([0.25, 0.5], [61, 53])
    (trace,) = angle_chart(curves, "stripes", 8).data
    assert (list(trace.x), list(trace.y)) == ([0, 45], [8, 53])
    assert not frequency_chart(curves, "grid", 45).data
