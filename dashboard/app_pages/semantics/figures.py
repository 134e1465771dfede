"""How features part, as charts: bars at one layer, curves over the layers, strength, detection, generalisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dashboard.presentation.plot_theme import MUTED, PALETTE, Mark, chart, marks_of
from lam_core.semantics.result import LayerResult, ModelResult
from lam_core.semantics.srga import SrgaScore
from lam_core.semantics.strength import StrengthCurve
from lam_core.semantics.turn_off import Response

INKS = {"degradation": PALETTE[0], "content": PALETTE[1], "interaction": PALETTE[2]}
"""One colour for each source of variance, in every chart."""
LONGEST = 24
"""Letters of a name in one line beside bars."""
ROW = 22
"""Height of a bar, in pixels."""
SCALE = [[0.0, "#8b8680"], [0.5, "#b07d00"], [1.0, "#d55e00"]]
"""From clean to degraded; all of it stands out from both grounds."""


@dataclass(frozen=True)
class Row:
    """One network, or a control, at one layer."""

    name: str
    layer: LayerResult
    control: bool = False


def share_bars(rows: Sequence[Row]) -> go.Figure:
    """Shares of variance with their intervals; what is left of 1 is how pictures of one content differ."""
    traces = [
        _bars(
            rows,
            source,
            [getattr(row.layer.share, source) for row in rows],
            [getattr(row.layer.intervals, source) for row in rows],
            "%{x:.1%}",
        )
        for source in ("degradation", "content", "interaction")
    ]
    figure = _lying(traces, "share of variance", rows, 3)
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    return figure


def chi_bars(rows: Sequence[Row]) -> go.Figure:
    """Calinski–Harabasz index by degradation beside that by content, at equal k; logarithmic."""
    traces = []
    for source in ("degradation", "content"):
        values = [getattr(row.layer.equal.chi, source) for row in rows]
        # Intervals are of CHI over all points, which is the one at equal k where no class had to be drawn.
        spans = [getattr(row.layer.intervals, f"chi_{source}") if row.layer.equal.draws == 1 else None for row in rows]
        traces.append(_bars(rows, source, values, spans, "%{x:.2f}"))
    figure = _lying(traces, "CHI at equal k", rows, 2)
    figure.update_xaxes(type="log", dtick=1)
    return figure


def silhouette_bars(rows: Sequence[Row]) -> go.Figure:
    """Mean silhouette by degradation beside that by content, at equal k."""
    traces = [
        _bars(rows, source, [getattr(row.layer.equal.silhouette, source) for row in rows], None, "%{x:.3f}")
        for source in ("degradation", "content")
    ]
    return _lying(traces, "silhouette at equal k", rows, 2)


def _bars(rows: Sequence[Row], source: str, values: Sequence[Any], spans: Sequence[Any] | None, shown: str) -> go.Bar:
    error = None
    if spans is not None:
        known = [(v, s) if v is not None and s is not None else (0, (0, 0)) for v, s in zip(values, spans, strict=True)]
        error = {
            "type": "data",
            "array": [max(span[1] - value, 0) for value, span in known],
            "arrayminus": [max(value - span[0], 0) for value, span in known],
            "color": MUTED,
            "thickness": 1.5,
            "width": 2,
        }
    return go.Bar(
        name=source,
        # Long names go over several lines, else they leave no room for the bars.
        y=["<br>".join(wrap(row.name, LONGEST)) for row in rows],
        x=list(values),
        error_x=error,
        orientation="h",
        marker={
            "color": INKS[source],
            "opacity": [0.55 if row.control else 1.0 for row in rows],
            "pattern": {"shape": ["/" if row.control else "" for row in rows], "size": 5, "solidity": 0.35},
        },
        hovertemplate=f"%{{y}}<br>{source} {shown}<extra></extra>",
    )


def _lying(traces: Sequence[go.Bar], title: str, rows: Sequence[Row], bars: int) -> go.Figure:
    figure = chart(traces, x=title, y="", height=110 + len(rows) * max(ROW, 11 * bars))
    figure.update_layout(barmode="group", bargap=0.28, bargroupgap=0.04, legend={"y": -0.02, "yref": "container"})
    figure.update_layout(legend={"yanchor": "bottom", "y": 0, "yref": "container"}, margin={"b": 70})
    figure.update_yaxes(autorange="reversed", title=None)
    return figure


def layer_curves(model: ModelResult, control: ModelResult | None, raw: LayerResult | None, top: float) -> go.Figure:
    """Shares along the layers of one network, with bands; before training dotted, the pixels' as lines across.

    `top`: the largest share on any chart beside this one.
    """
    names = [layer.layer for layer in model.layers]
    traces: list[Any] = []
    for source in ("degradation", "content"):
        ink = INKS[source]
        spans = np.array([getattr(layer.intervals, source) for layer in model.layers])
        values = [getattr(layer.share, source) for layer in model.layers]
        traces.append(
            go.Scatter(
                x=[*names, *names[::-1]],
                y=[*spans[:, 1], *spans[::-1, 0]],
                mode="lines",
                fill="toself",
                fillcolor=_faint(ink),
                line={"width": 0},
                hoverinfo="skip",
                showlegend=False,
            )
        )
        marker = {"symbol": "circle" if source == "degradation" else "square", "size": 8}
        traces.append(
            go.Scatter(
                x=names,
                y=values,
                name=source,
                mode="lines+markers",
                line={"color": ink},
                marker=marker,
                hovertemplate=f"%{{x}}<br>{source} %{{y:.1%}}<extra></extra>",
            )
        )
        if control is not None:
            traces.append(
                go.Scatter(
                    x=names,
                    y=[getattr(layer.share, source) for layer in control.layers],
                    name=f"{source}, untrained",
                    mode="lines",
                    line={"color": ink, "dash": "dot", "width": 1.5},
                    hovertemplate=f"%{{x}}, untrained<br>{source} %{{y:.1%}}<extra></extra>",
                )
            )
        if raw is not None:
            traces.append(
                go.Scatter(
                    x=[names[0], names[-1]],
                    y=[getattr(raw.share, source)] * 2,
                    name=f"{source}, pixels",
                    mode="lines",
                    line={"color": ink, "dash": "dash", "width": 1},
                    hovertemplate=f"raw pixels<br>{source} %{{y:.1%}}<extra></extra>",
                )
            )
    figure = chart(traces, x="", y="share of variance", height=300, legend=False)
    figure.update_yaxes(tickformat=".0%", range=[-0.02 * top, 1.05 * top])
    figure.update_xaxes(title=None)
    return figure


def strength_curves(
    curves: Sequence[tuple[str, StrengthCurve]], title: str, marks: Mapping[str, Mark] | None = None
) -> go.Figure:
    """CHI of clean against degraded pictures, by strength; a line for each network, by its name."""
    traces = []
    marks = marks or marks_of(name for name, _ in curves)
    for name, curve in curves:
        mark = marks[name]
        traces.append(
            go.Scatter(
                x=[_strength(text) for text in curve.degradations],
                y=curve.chi,
                name=name,
                mode="lines+markers",
                line={"color": mark.colour},
                marker={"symbol": mark.shape, "size": 8},
                hovertemplate=f"{name}<br>strength %{{x:g}}: CHI %{{y:.2f}}<extra></extra>",
            )
        )
    return chart(traces, x=title, y="CHI, clean against degraded", height=330)


def path_chart(curve: StrengthCurve) -> go.Figure:
    """Where every picture goes from clean to degraded, in the first two principal components of all strengths."""
    strengths = [0.0, *(_strength(text) for text in curve.degradations)]
    trails: list[Any] = [
        go.Scatter(
            x=path[:, 0], y=path[:, 1], mode="lines", line={"color": MUTED, "width": 0.7}, opacity=0.5,
            hoverinfo="skip", showlegend=False,
        )
        for path in curve.path
    ]  # fmt: skip
    n, steps, _ = curve.path.shape
    dots = go.Scatter(
        x=curve.path[..., 0].ravel(),
        y=curve.path[..., 1].ravel(),
        mode="markers",
        marker={
            "color": np.tile(strengths, n),
            "colorscale": SCALE,
            "size": 6,
            "showscale": True,
            "colorbar": {"title": "strength", "thickness": 10, "len": 0.8},
        },
        customdata=np.repeat(np.arange(n), steps),
        hovertemplate="strength %{marker.color:g}<extra></extra>",
        showlegend=False,
    )
    middle = curve.path.mean(axis=0)
    mean = go.Scatter(
        x=middle[:, 0], y=middle[:, 1], mode="lines+markers", name="mean of all images",
        line={"color": PALETTE[0], "width": 3}, marker={"size": 8, "symbol": "diamond"}, hoverinfo="skip",
    )  # fmt: skip
    return chart([*trails, dots, mean], x="first component", y="second component", height=380)


def srga_bars(
    scores: Sequence[tuple[str, Sequence[SrgaScore]]], titles: dict[str, str], marks: Mapping[str, Mark] | None = None
) -> go.Figure:
    """SRGA by degradation, a bar for each network; the lower, the better it generalises."""
    marks = marks or marks_of(name for name, _ in scores)
    traces = [
        go.Bar(
            name=name,
            x=[titles.get(score.degradation, score.degradation) for score in rows],
            y=[score.score for score in rows],
            marker={"color": marks[name].colour},
            hovertemplate=f"{name}<br>%{{x}}: %{{y:.2f}}<extra></extra>",
        )
        for name, rows in scores
    ]
    figure = chart(traces, x="", y="SRGA", height=360)
    figure.update_xaxes(title=None)
    return figure


def response_bars(
    responses: Sequence[Response], titles: dict[str, str], quantity: str, marks: Mapping[str, Mark] | None = None
) -> go.Figure:
    """`gain` (dB over the input) or `change` (distance to the identity, luma levels) by degradation and method."""
    methods = list(dict.fromkeys(response.model for response in responses))
    marks = marks or marks_of(methods)
    traces = []
    for method in methods:
        rows = [response for response in responses if response.model == method]
        error = None
        if quantity == "change":
            error = {
                "type": "data",
                "array": [row.change_interval[1] - row.change for row in rows],
                "arrayminus": [row.change - row.change_interval[0] for row in rows],
                "color": MUTED,
                "thickness": 1.5,
                "width": 2,
            }
        traces.append(
            go.Bar(
                name=method,
                # Lying bars: the degradations' names have room beside them.
                orientation="h",
                y=[titles.get(row.degradation, row.degradation).replace(" (", "<br>(") for row in rows],
                x=[getattr(row, quantity) for row in rows],
                error_x=error,
                marker={"color": marks[method].colour},
                hovertemplate=f"{method}<br>%{{y}}: %{{x:.2f}}<extra></extra>",
            )
        )
    words = {"gain": "PSNR over the input, dB", "change": "change to the input, luma levels"}
    figure = chart(traces, x=words[quantity], y="", height=120 + 22 * len(responses))
    figure.update_yaxes(title=None, autorange="reversed", automargin=True)
    return figure


def _strength(text: str) -> float:
    """The strength in `blur:2`."""
    return float(text.rpartition(":")[2])


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.16)"
