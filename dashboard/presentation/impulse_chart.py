"""A network's response to an impulse as a chart: the response, its linear part, the rest, bicubic interpolation."""

from __future__ import annotations

import plotly.graph_objects as go

from dashboard.presentation.plot_theme import MUTED, PALETTE, chart
from lam_core.fields.result import ImpulseResponse

REACH = 5
"""LR pixels to both sides that the chart shows."""
LINES = {
    "response": ("Response", PALETTE[0], "solid"),
    "linear": ("Linear part", PALETTE[1], "dash"),
    "rest": ("Rest", PALETTE[2], "dot"),
    "bicubic": ("Bicubic", MUTED, "solid"),
}


def impulse_chart(found: ImpulseResponse) -> go.Figure:
    """The middle row of the response over LR pixels from the impulse, 1 being the impulse's height."""
    traces = [
        go.Scatter(
            x=found.places,
            y=found.profile(getattr(found, part)),
            name=name,
            mode="lines",
            line={"color": colour, "dash": dash, "width": 2},
            hovertemplate=f"{name}<br>%{{x:.2f}} LR pixels: %{{y:.3f}}<extra></extra>",
        )
        for part, (name, colour, dash) in LINES.items()
    ]
    figure = chart(traces, x="LR pixels from the impulse", y="response", height=300)
    figure.update_xaxes(range=[-REACH, REACH])
    return figure
