"""Filters as charts: what returning them costs, where they are, what one of them computes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.presentation.plot_theme import MUTED, PALETTE, chart, mark_at
from lam_core.filters.curves import AbilityCurves, mean_interval
from lam_core.filters.layer import Layer
from lam_core.filters.result import DegradationFilters, FilterStudy
from lam_core.images.degradations import Degradation

ORDERS = {
    "faig": "Discriminative filters",
    "random": "Random, same layers",
    "change": "Changed most",
    "plain": "Gradients, no path",
}
"""What is returned to the baseline: the filters in question, and the controls."""
DASHES = ("solid", "dot", "dash", "dashdot")
GROUND = "rgba(139,134,128,0.12)"
"""Behind cells: where a layer has no filter."""


def title_of(degradation: str) -> str:
    """A degradation in short: `blur σ 1.2 + noise σ 20`."""
    steps = Degradation.parse(degradation).steps
    units = {"blur": "σ ", "noise": "σ ", "poisson": "σ "}
    return " + ".join(f"{step.kind} {units.get(step.kind, '')}{step.strength:g}" for step in steps) or "clean"


def share_label(share: float) -> str:
    """A share of filters as on the slider.

    >>> share_label(0.005), share_label(0.1)
    ('0.5 %', '10 %')
    """
    return f"{100 * share:g} %"


def cost_chart(curves: AbilityCurves, share: float) -> go.Figure:
    """PSNR by kind of image against the share of filters returned, minus that of the whole network."""
    traces = []
    for k, kind in enumerate(curves.kinds):
        mark, lost = mark_at(k), curves.lost("faig", kind)
        psnr = curves.psnr["faig"][:, curves.kinds.index(kind)].mean(1)
        gain = mean_interval(curves.gain(kind))[0]
        name = f"{title_of(kind)} ({gain:+.1f} dB by fine-tuning)"
        traces.append(_line(curves, [mean_interval(-row) for row in lost], name, mark.colour, mark.shape, psnr=psnr))
    return _against_shares(traces, curves, share, "change of PSNR, dB")


def control_chart(curves: AbilityCurves, kind: str, share: float) -> go.Figure:
    """What returning filters costs images of one kind beyond clean ones, beside the controls."""
    traces = []
    for k, (order, name) in enumerate(ORDERS.items()):
        spans = [mean_interval(row) for row in curves.beyond_clean(order, kind)]
        traces.append(_line(curves, spans, name, mark_at(k).colour, mark_at(k).shape, dash=DASHES[k], nudge=k))
    return _against_shares(traces, curves, share, "PSNR lost beyond clean, dB")


def _line(
    curves: AbilityCurves,
    spans: Sequence[tuple[float, float, float]],
    name: str,
    colour: str,
    shape: str,
    *,
    dash: str = "solid",
    nudge: int = 0,
    psnr: NDArray[np.float64] | None = None,
) -> go.Scatter:
    here = [i for i, share in enumerate(curves.shares) if share < 1]
    mean = [spans[i][0] for i in here]
    said = "" if psnr is None else "<br>PSNR %{customdata:.2f} dB"
    return go.Scatter(
        # Side by side, else the intervals of curves that run together cover each other.
        x=[k + 0.06 * nudge for k in range(len(here))],
        y=mean,
        name=name,
        mode="lines+markers",
        line={"color": colour, "dash": dash},
        marker={"symbol": shape, "size": 8},
        error_y={
            "type": "data",
            "array": [spans[i][2] - spans[i][0] for i in here],
            "arrayminus": [spans[i][0] - spans[i][1] for i in here],
            "thickness": 1.2,
            "width": 3,
        },
        text=[share_label(curves.shares[i]) for i in here],
        customdata=None if psnr is None else [psnr[i] for i in here],
        hovertemplate=f"{name}<br>%{{text}} returned: %{{y:+.2f}} dB{said}<extra></extra>",
    )


def _against_shares(traces: Sequence[Any], curves: AbilityCurves, share: float, y: str) -> go.Figure:
    labels = [share_label(one) for one in curves.shares if one < 1]
    figure = chart(traces, x="filters returned to the baseline", y=y, height=400)
    figure.update_xaxes(tickmode="array", tickvals=list(range(len(labels))), ticktext=labels)
    figure.add_vline(x=labels.index(share_label(share)), line={"color": MUTED, "width": 1, "dash": "dot"})
    figure.add_hline(y=0, line={"color": MUTED, "width": 1})
    return figure


def layer_map(study: FilterStudy, found: DegradationFilters, chosen: Layer) -> go.Figure:
    """Every layer's output channels by the summed scores of their filters; a click chooses a layer."""
    width = max(layer.rows for layer in study.layers)
    whole = found.scores[found.scores > 0].sum() or 1.0
    cells = np.full((len(study.layers), width), np.nan)
    for i, layer in enumerate(study.layers):
        cells[i, : layer.rows] = found.scores[layer.numbers].reshape(layer.rows, layer.columns).sum(1) / whole
    names = [layer.name or "weight" for layer in study.layers]
    said = "%{y}, channel %{x}: %{z:.2%} of all scores"
    traces = [_heat(cells, list(range(width)), names, said), _clicks(cells, names, said)]
    figure = _map(traces, "output channel", "", 60 + 17 * len(names))
    at = study.layers.index(chosen)
    _outline(figure, (0, at), (chosen.rows - 1, at))
    figure.update_yaxes(tickmode="array", tickvals=list(range(len(names))), ticktext=names)
    return figure


def filter_map(layer: Layer, found: DegradationFilters, share: float, chosen: int) -> go.Figure:
    """The filters of one layer by score, those returned at a share outlined; a click chooses a filter."""
    cells = found.scores[layer.numbers].reshape(layer.rows, layer.columns)
    first = [n for n in found.first(share).tolist() if layer.first <= n < layer.first + layer.count]
    places = [layer.place(n) for n in first]
    outlined = go.Scatter(
        x=[column for _, column in places],
        y=[row for row, _ in places],
        mode="markers",
        marker={"symbol": "circle-open", "size": 9, "color": PALETTE[2], "line": {"width": 1.5}},
        unselected={"marker": {"opacity": 1}},
        hoverinfo="skip",
    )
    shown = "output %{y}, input %{x}: score %{z:.3g}"
    traces = [
        _heat(cells, list(range(layer.columns)), list(range(layer.rows)), shown),
        outlined,
        _clicks(cells, list(range(layer.rows)), shown),
    ]
    figure = _map(traces, "input channel", "output channel", 130 + 11 * max(layer.rows, 8))
    row, column = layer.place(chosen)
    _outline(figure, (column, row), (column, row))
    return figure


def _outline(figure: go.Figure, first: tuple[int, int], last: tuple[int, int]) -> None:
    """A frame around cells, each given by column and row."""
    (left, top), (right, bottom) = first, last
    edges = {"x0": left - 0.5, "x1": right + 0.5, "y0": top - 0.5, "y1": bottom + 0.5}
    figure.add_shape(type="rect", **edges, line={"color": PALETTE[1], "width": 2})


def _heat(cells: NDArray[np.float64], x: list[Any], y: list[Any], shown: str) -> go.Heatmap:
    top = float(np.nanmax(np.abs(cells))) or 1.0
    return go.Heatmap(
        z=cells,
        x=x,
        y=list(range(len(y))),
        zmid=0,
        zmin=-top,
        zmax=top,
        colorscale=[[0, "#d55e00"], [0.5, "rgba(139,134,128,0.08)"], [1, "#0072b2"]],
        colorbar={"thickness": 8, "len": 0.9, "tickformat": "~g"},
        hovertemplate=shown.replace("%{y}", "%{customdata}") + "<extra></extra>",
        customdata=np.repeat(np.array(y, object)[:, None], cells.shape[1], axis=1),
        hoverongaps=False,
    )


def _clicks(cells: NDArray[np.float64], y: list[Any], shown: str) -> go.Scatter:
    """Unseen marks that take clicks, which heat maps do not, and say what the cell below them says."""
    rows, columns = np.nonzero(np.isfinite(cells))
    return go.Scatter(
        x=columns.tolist(),
        y=rows.tolist(),
        mode="markers",
        marker={"size": 10, "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        customdata=[[y[row], float(cells[row, column])] for row, column in zip(rows, columns, strict=True)],
        hovertemplate=shown.replace("%{y}", "%{customdata[0]}").replace("%{z", "%{customdata[1]") + "<extra></extra>",
    )


def _map(traces: Sequence[Any], x: str, y: str, height: int) -> go.Figure:
    figure = chart(traces, x=x, y=y, height=height, legend=False)
    height_in_cells, width_in_cells = np.shape(traces[0].z)
    figure.update_layout(plot_bgcolor=GROUND, dragmode=False)
    figure.update_xaxes(showgrid=False, range=[-0.5, width_in_cells - 0.5])
    figure.update_yaxes(showgrid=False, range=[height_in_cells - 0.5, -0.5])
    return figure


def kernel_chart(kernels: NDArray[np.float32]) -> go.Figure:
    """A filter's weights after and before fine-tuning, and their difference, side by side."""
    parts = {"fine-tuned": kernels[0], "baseline": kernels[1], "difference": kernels[0] - kernels[1]}
    height, width = kernels.shape[1:]
    gap = width + 1
    cells = np.full((height, 3 * gap - 1), np.nan)
    for k, part in enumerate(parts.values()):
        cells[:, k * gap : k * gap + width] = part
    heat = _heat(cells, list(range(cells.shape[1])), list(range(height)), "%{z:.4f}")
    heat.update(texttemplate="%{z:.3f}" if height <= 5 else "", textfont={"size": 10})
    figure = _map([heat], "", "", 90 + 42 * height)
    centres = [k * gap + (width - 1) / 2 for k in range(3)]
    figure.update_xaxes(title=None, tickmode="array", tickvals=centres, ticktext=list(parts), side="top")
    figure.update_yaxes(title=None, showticklabels=False)
    return figure
