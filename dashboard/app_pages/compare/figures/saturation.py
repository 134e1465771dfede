"""Why a path is needed: D along the path, what has been integrated of it, and how small the gradient is at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from dashboard.presentation.plot_theme import MUTED, PALETTE, chart

if TYPE_CHECKING:
    from lam_core.attribution.methods import Saturation


def detector_chart(found: Saturation) -> go.Figure:
    """D(α) − D(0) and the running integral of its gradient, as shares of the whole way."""
    way = found.detector[-1] - found.detector[0] or 1.0
    lines = (
        ("D of the window", (found.detector - found.detector[0]) / way, PALETTE[1], "solid"),
        ("running integral", found.integral / way, PALETTE[0], "dash"),
    )
    traces = [
        go.Scatter(x=found.alphas, y=y, name=name, mode="lines", line={"color": colour, "dash": dash, "width": 2.5})
        for name, y, colour, dash in lines
    ]
    if (half := found.half_way) is not None:
        traces.append(
            go.Scatter(
                x=[half],
                y=[0.5],
                name=f"half of the way at α = {half:.2f}",
                mode="markers",
                marker={"color": MUTED, "size": 10, "symbol": "diamond"},
            )
        )
    figure = chart(traces, x="α, from the baseline (0) to the image (1)", y="share of the way", height=320)
    return figure.update_layout(legend={"y": -0.3})


def gradient_chart(found: Saturation) -> go.Figure:
    """‖∂D/∂γ‖₁ along the path, as multiples of its mean."""
    mean = float(found.gradient.mean()) or 1.0
    line = go.Scatter(
        x=found.alphas,
        y=found.gradient / mean,
        name="size of the gradient",
        mode="lines",
        line={"color": PALETTE[2], "width": 2.5},
    )
    return chart(
        [line], x="α, from the baseline (0) to the image (1)", y="gradient, over its mean", height=320, legend=False
    )
