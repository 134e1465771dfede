"""How a map's likeness to itself falls as its network forgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from dashboard.presentation.plot_theme import MUTED, PALETTE, chart

if TYPE_CHECKING:
    from lam_core.attribution.checks.randomisation import Randomisation


def likeness(found: Randomisation) -> go.Figure:
    """Rank correlation with the trained network's map against the share of layers that is random."""
    kept = [step for step in found.steps if step.agreement is not None]
    x = [0.0, *(100 * step.share for step in kept)]
    lines = (
        ("all", "spearman", PALETTE[1], "solid"),
        ("beyond distance to the window", "beyond_distance", PALETTE[0], "dash"),
    )
    traces = [
        go.Scatter(
            x=x,
            y=[1.0, *(getattr(step.agreement, part) for step in kept)],
            name=name,
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2.5},
            customdata=["trained", *(step.layer for step in kept)],
            hovertemplate="%{y:.2f}, up to %{customdata}",
        )
        for name, part, colour, dash in lines
    ]
    if found.picture.spearman is not None:
        edges = go.Scatter(
            x=[0, 100],
            y=[found.picture.spearman] * 2,
            name="a map of the image's edges alone",
            mode="lines",
            line={"color": MUTED, "dash": "dot"},
        )
        traces.append(edges)
    figure = chart(traces, x="% of the layers randomised, from the output", y="rank correlation", height=340)
    return figure.update_layout(legend={"y": -0.3})
