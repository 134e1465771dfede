"""Insertion and deletion curves of a map beside its controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from dashboard.presentation.plot_theme import MUTED, PALETTE, chart

if TYPE_CHECKING:
    from lam_core.attribution.checks.insertion_deletion import Direction, Faithfulness, Order

_LINES: dict[Order, tuple[str, str, str]] = {
    "map": ("by the map", PALETTE[1], "solid"),
    "ring": ("shuffled within rings", PALETTE[0], "dash"),
    "distance": ("by closeness", PALETTE[2], "dashdot"),
    "random": ("at random", MUTED, "dot"),
}
_SHARE = {"deletion": "blurred away", "insertion": "restored"}


def curves(found: Faithfulness, direction: Direction) -> go.Figure:
    """Change of the window against the share of LR pixels, one line a ranking, bands where it was drawn at random."""
    traces = []
    for order, (name, colour, dash) in _LINES.items():
        curve = found.curves[direction][order]
        x = 100 * found.share
        if order in ("ring", "random"):
            traces.append(
                go.Scatter(
                    x=[*x, *x[::-1]],
                    y=[*curve.high, *curve.low[::-1]],
                    mode="lines",
                    fill="toself",
                    fillcolor=colour,
                    opacity=0.18,
                    line={"width": 0},
                    hoverinfo="skip",
                    showlegend=False,
                )
            )
        traces.append(
            go.Scatter(
                x=x,
                y=curve.mean,
                name=name,
                mode="lines+markers",
                line={"color": colour, "dash": dash, "width": 2.5},
                marker={"size": 5},
            )
        )
    words = f"% of the LR pixels {_SHARE[direction]}"
    figure = chart(traces, x=words, y="mean squared change of the window", height=340, log_x=True)
    return figure.update_layout(legend={"y": -0.3})
