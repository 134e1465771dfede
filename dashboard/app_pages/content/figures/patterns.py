"""DI on regular patterns as curves over frequency or angle."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from dashboard.presentation.plot_theme import MUTED, Mark, chart, index_ticks, marks_of
from lam_core.studies.laboratory import NYQUIST


def frequency_chart(
    curves: pd.DataFrame, form: str, angle: float, marks: Mapping[str, Mark] | None = None
) -> go.Figure:
    """DI against the frequency of a pattern at one angle, a curve a network; `curves` is what `curves` gives."""
    figure = _curves(curves, {"form": form, "angle": angle}, "frequency", "Frequency, cycles per LR pixel", marks)
    figure.add_vline(NYQUIST, line={"color": MUTED, "width": 1, "dash": "dot"})
    figure.add_annotation(x=NYQUIST, y=1, yref="paper", yanchor="bottom", text="aliased from here", showarrow=False)
    return figure


def angle_chart(curves: pd.DataFrame, form: str, period: float, marks: Mapping[str, Mark] | None = None) -> go.Figure:
    """DI against the angle of a pattern of one period, a curve a network."""
    return _curves(curves, {"form": form, "period": period}, "angle", "Angle, degrees from the vertical", marks)


def _curves(
    curves: pd.DataFrame,
    fixed: Mapping[str, str | float],
    along: str,
    title: str,
    given: Mapping[str, Mark] | None,
) -> go.Figure:
    columns = ["model", along, "diffusion_index", "period", "psnr"]
    places = curves[list(fixed)].to_numpy().tolist()
    rows_of_all = zip(curves[columns].to_numpy().tolist(), places, strict=True)
    points = [row for row, place in rows_of_all if place == list(fixed.values())]
    traces, marks = [], given or marks_of(row[0] for row in points)
    for model in dict.fromkeys(row[0] for row in points):
        mark, rows = marks[model], sorted(row[1:] for row in points if row[0] == model)
        traces.append(
            go.Scatter(
                x=[row[0] for row in rows],
                y=[row[1] for row in rows],
                mode="lines+markers",
                name=model,
                line={"color": mark.colour, "width": 1.5},
                marker=mark.marker(8),
                text=[f"period {row[2]:g} px, PSNR {row[3]:.1f} dB" for row in rows],
                hovertemplate=f"<b>{model}</b><br>DI %{{y:.2f}}<br>%{{text}}<extra></extra>",
            )
        )
    figure = chart(traces, x=title, y="Diffusion Index", log_y=True)
    figure.update_yaxes(tickvals=index_ticks(row[2] for row in points))
    return figure
