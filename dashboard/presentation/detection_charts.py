"""How often degradations were named rightly, and the probabilities of one verdict, as charts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from dashboard.presentation.plot_theme import MUTED, PALETTE, chart
from lam_core.semantics.detection import Detection


def confusion_chart(detection: Detection, titles: Mapping[str, str] | None = None) -> go.Figure:
    """How often each degradation was taken for which, as shares of its pictures; `titles` are its names' words."""
    table = np.array(detection.confusion, float)
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    names = [(titles or {}).get(name, name) for name in detection.names]
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            x=names,
            y=names,
            zmin=0,
            zmax=1,
            colorscale=[[0, "rgba(0,114,178,0.06)"], [1, "rgba(0,114,178,0.85)"]],
            text=[[f"{int(count)}" for count in row] for row in table],
            texttemplate="%{text}",
            showscale=False,
            hovertemplate="%{y}, taken for %{x}: %{text} images, %{z:.0%}<extra></extra>",
        )
    )
    figure.update_layout(height=280, margin={"l": 8, "r": 8, "t": 24, "b": 8})
    figure.update_xaxes(title="taken for", automargin=True)
    figure.update_yaxes(title="is", automargin=True, autorange="reversed")
    return figure


def probability_bars(probabilities: Mapping[str, float], titles: Mapping[str, str] | None = None) -> go.Figure:
    """A verdict's probabilities."""
    names = [(titles or {}).get(name, name) for name in probabilities]
    values = list(probabilities.values())
    best = max(values)
    bars = go.Bar(
        x=values,
        y=names,
        orientation="h",
        marker={"color": [PALETTE[0] if value == best else MUTED for value in values]},
        text=[f"{value:.0%}" for value in values],
        textposition="auto",
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )
    figure = chart([bars], x="probability", y="", height=60 + 34 * len(names), legend=False)
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    figure.update_yaxes(autorange="reversed", title=None)
    return figure
