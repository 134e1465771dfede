"""DI against the strength of a degradation: one line a network, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from dashboard.presentation.plot_theme import Mark, chart, index_ticks


@dataclass(frozen=True)
class Point:
    """DI at one strength."""

    strength: float
    index: float
    low: float
    """Of the interval."""
    high: float


def strength_chart(lines: Mapping[str, Sequence[Point]], marks: Mapping[str, Mark], x: str) -> go.Figure:
    """DI by network over strengths on a logarithmic axis; `x` titles the strengths."""
    traces = [
        go.Scatter(
            x=[point.strength for point in points],
            y=[point.index for point in points],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [point.high - point.index for point in points],
                "arrayminus": [point.index - point.low for point in points],
                "thickness": 1.2,
                "width": 3,
            },
            name=name,
            mode="lines+markers",
            line={"color": marks[name].colour},
            marker=marks[name].marker(8),
            hovertemplate=f"{name}<br>strength %{{x:g}}: DI %{{y:.2f}}<extra></extra>",
        )
        for name, points in lines.items()
    ]
    figure = chart(traces, x=x, y="DI", height=380, log_y=True)
    ticks = index_ticks(point.index for points in lines.values() for point in points)
    figure.update_yaxes(tickmode="array", tickvals=ticks, ticktext=[f"{tick:g}" for tick in ticks])
    return figure
