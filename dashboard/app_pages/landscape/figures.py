"""DI against performance, receptive field and size: one dot a network, with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, isinf, log10
from typing import Any

import plotly.graph_objects as go

from dashboard.presentation.label_places import label_sides
from dashboard.presentation.plot_theme import COMPACT, MUTED, Mark, chart, index_ticks, marks_of
from lam_core.studies.landscape import Axis, Site
from lam_core.studies.published import IMAGES, PublishedRow
from lam_core.studies.series import Series
from lam_core.studies.statistics import Interval

TITLES: dict[Axis, str] = {
    "psnr": "PSNR, dB",
    "ssim": "SSIM",
    "receptive_field": "Receptive field, LR pixels a side",
    "parameters": "Parameters",
    "depth": "Depth, layers on the longest way",
    "width": "Width, channels",
}
PLOT = (560.0, 420.0)
"""Width and height for which names are placed, in pixels: less than a usual screen gives."""
_DODGES = (0.0, -0.22, 0.22, -0.44, 0.44)
"""Octaves by which marks of one column step aside for each other."""
_FIELD_TICKS = (8, 16, 32, 64, 128, 256, 512, 1024)


def landscape_chart(
    sites: Sequence[Site],
    axis: Axis,
    *,
    places: Mapping[str, float],
    series: Sequence[Series] = (),
    published: Sequence[PublishedRow] = (),
    log_index: bool = True,
    marks: Mapping[str, Mark] | None = None,
) -> go.Figure:
    """Mean DI with its interval against the networks' places along an axis; those without a place are not drawn.

    An infinite place, a global receptive field, has a column of its own at the right end. `published`: rows of the
    published table as hollow marks, where they have a place on the axis.
    """
    rows = [(row, at) for row in published if (at := _published_place(row, axis)) is not None]
    end = _right_end([*places.values(), *(at for _, at in rows)]) if axis == "receptive_field" else 0.0
    drawn = [site for site in sites if site.model in places]
    unbounded = sorted(
        [(site.diffusion_index.mean, site.model) for site in drawn if isinf(places[site.model])]
        + [(row.diffusion_index, row) for row, at in rows if isinf(at)],
        key=lambda pair: pair[0],
    )
    beyond = {what: end * 2 ** _DODGES[k % len(_DODGES)] for k, (_, what) in enumerate(unbounded)}
    marks = marks or marks_of(site.model for site in drawn)
    by_name = {site.model: site for site in drawn}
    traces: list[go.Scatter] = []
    for line in series:
        members = [by_name[model] for model in line.models if model in by_name]
        if len(members) > 1:
            traces.append(
                _line(
                    line,
                    marks[members[0].model].colour,
                    members,
                    [beyond.get(s.model, places[s.model]) for s in members],
                )
            )
    traces += [
        _dot(site, marks[site.model], axis, places[site.model], beyond.get(site.model, places[site.model]))
        for site in drawn
    ]
    traces += [_hollow(row, beyond.get(row, at), first=k == 0) for k, (row, at) in enumerate(rows)]
    logarithmic = axis in ("receptive_field", "parameters")
    _name(traces, logarithmic, log_index)
    figure = chart(traces, x=TITLES[axis], y="Mean Diffusion Index", height=600, log_x=logarithmic, log_y=log_index)
    if axis == "psnr" and rows:
        # PSNR of other images: beside the measured one, never on its axis.
        apart = {"domain": [0.68, 1], "anchor": "y", "title": {"text": f"PSNR, dB, of the paper’s {IMAGES} images"}}
        # Room for the name to the left of the leftmost mark.
        least, most = min(at for _, at in rows), max(at for _, at in rows)
        apart["range"] = [least - 0.35 * (most - least), most + 0.1 * (most - least)]
        figure.update_layout(xaxis={"domain": [0, 0.62]}, xaxis2={**apart, "zeroline": False})
        figure.update_traces(xaxis="x2", selector={"legendgroup": "published"})
    if log_index:
        shown = [*(site.diffusion_index.mean for site in drawn), *(row.diffusion_index for row, _ in rows)]
        figure.update_yaxes(tickvals=index_ticks(shown))
    if axis == "receptive_field":
        ticks = [tick for tick in _FIELD_TICKS if tick < end]
        figure.update_xaxes(tickvals=[*ticks, end], ticktext=[*map(str, ticks), "global"])
        figure.add_vline(end / 2**0.5, line={"color": MUTED, "width": 1, "dash": "dot"})
    elif axis == "parameters":
        figure.update_xaxes(tickvals=[1e4, 1e5, 1e6, 1e7, 1e8], ticktext=["10 k", "100 k", "1 M", "10 M", "100 M"])
    return figure


def _dot(site: Site, mark: Mark, axis: Axis, place: float, drawn_at: float) -> go.Scatter:
    index = site.diffusion_index
    return go.Scatter(
        x=[drawn_at],
        y=[index.mean],
        error_y=_bars(index),
        mode="markers+text",
        name=site.model,
        marker=mark.marker(13),
        customdata=[site.model],
        hovertemplate=(
            f"<b>{site.model}</b><br>DI {index.mean:.2f} [{index.low:.2f}, {index.high:.2f}]<br>"
            f"PSNR {site.psnr.mean:.2f} dB, SSIM {site.ssim.mean:.3f}<br>"
            + ("" if axis in ("psnr", "ssim") else f"{TITLES[axis]}: {_told(place)}<br>")
            + f"{index.n} images<extra></extra>"
        ),
    )


def _name(traces: Sequence[Any], log_x: bool, log_y: bool) -> None:
    """Writes networks' names beside their marks where there is room, published ones first."""
    named = [trace for trace in traces if trace.customdata is not None]
    named.sort(key=lambda trace: trace.name.endswith(COMPACT))
    if not named:
        return
    spots = [
        [
            log10(value) if is_log and value > 0 else float(value)
            for value, is_log in zip(at, (log_x, log_y), strict=True)
        ]
        for at in ((trace.x[0], trace.y[0]) for trace in named)
    ]
    columns = []
    for values, room in zip(zip(*spots, strict=True), PLOT, strict=True):
        low, way = min(values), (max(values) - min(values)) or 1.0
        # Plotly leaves a margin on every side of the marks.
        columns.append([room * (0.07 + 0.86 * (value - low) / way) for value in values])
    places = list(zip(*columns, strict=True))
    for trace, side in zip(named, label_sides(places, [trace.name for trace in named], PLOT), strict=True):
        if side:
            trace.update(text=[trace.name], textposition=side, textfont={"size": 10})


def _bars(interval: Interval) -> dict[str, object]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [interval.high - interval.mean],
        "arrayminus": [interval.mean - interval.low],
        "thickness": 1.2,
        "width": 3,
    }


def _line(line: Series, colour: str, members: Sequence[Site], places: Sequence[float]) -> go.Scatter:
    return go.Scatter(
        x=list(places),
        y=[site.diffusion_index.mean for site in members],
        mode="lines",
        line={"color": colour, "width": 1.5, "dash": "dot"},
        name=f"{line.architecture.upper()} by {line.hyperparameter}",
        hoverinfo="skip",
    )


def _hollow(row: PublishedRow, drawn_at: float, *, first: bool) -> go.Scatter:
    return go.Scatter(
        x=[drawn_at],
        y=[row.diffusion_index],
        mode="markers+text",
        text=[row.model],
        textposition="middle left",
        textfont={"size": 10, "color": MUTED},
        name=f"hollow: published table, {IMAGES} images",
        legendgroup="published",
        showlegend=first,
        marker={"color": MUTED, "symbol": "circle-open", "size": 10, "line": {"width": 2}},
        hovertemplate=(
            f"<b>{row.model}, as published</b><br>DI {row.diffusion_index:g}, PSNR {row.psnr:.2f} dB<br>"
            f"Receptive field: {'global' if row.receptive_field is None else row.receptive_field}<extra></extra>"
        ),
    )


def _published_place(row: PublishedRow, axis: Axis) -> float | None:
    if axis == "psnr":
        return row.psnr
    if axis == "receptive_field":
        return float("inf") if row.receptive_field is None else float(row.receptive_field)
    return None


def _right_end(places: Sequence[float]) -> float:
    finite = [place for place in places if not isinf(place)]
    return 2.0 ** (ceil(log10(max(finite, default=64)) / log10(2)) + 1)


def _told(place: float) -> str:
    return "global" if isinf(place) else f"{place:,.2f}".rstrip("0").rstrip(".")
