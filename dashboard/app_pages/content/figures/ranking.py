"""DI and content: images ranked by how far networks look in them, and DI against what the images hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.presentation.plot_theme import MUTED, Mark, chart, index_ticks, mark_at, marks_of
from lam_core.studies.content_study import Feature

FEATURE_TITLES: dict[Feature, str] = {
    "periodicity": "Periodicity, 0 nothing repeats, 1 repeats exactly",
    "gradient_energy": "Gradient energy, per pixel²",
    "orientation_entropy": "Orientation entropy, 0 one direction, 1 all alike",
}


def ranked_chart(
    table: pd.DataFrame,
    ranked: pd.DataFrame,
    titles: Mapping[str, str],
    thumbnails: Mapping[str, str],
    marks: Mapping[str, Mark] | None = None,
    banded: pd.DataFrame | None = None,
) -> go.Figure:
    """Images by largest DI: mean, maximum and one dot a network; a dot's customdata is image, model, x, y and size.

    `ranked`: what `images_by_diffusion` gives of the table. `thumbnails`: data URLs by image, drawn below the axis.
    `banded`: rows of compact networks, drawn as one band from the least DI to the largest of each image.
    """
    images = ranked["image"].tolist()
    place = {image: k for k, image in enumerate(images)}
    band = [] if banded is None else _band(banded, images)
    traces: list[go.Scatter] = [
        *band,
        _curve("largest", images, ranked["largest"].tolist(), "solid"),
        _curve("mean", images, ranked["mean"].tolist(), "dot"),
    ]
    dots = table[["image", "model", "x", "y", "size", "diffusion_index", "psnr"]].to_numpy().tolist()
    marks = marks or marks_of(table["model"].tolist())
    for model in dict.fromkeys(table["model"].tolist()):
        mark, rows = marks[model], [row for row in dots if row[1] == model]
        traces.append(
            go.Scatter(
                x=[place[row[0]] for row in rows],
                y=[row[5] for row in rows],
                mode="markers",
                name=model,
                marker=mark.marker(8),
                customdata=[row[:5] for row in rows],
                text=[f"<b>{titles.get(r[0], r[0])}</b><br>{model}: DI {r[5]:.2f}, PSNR {r[6]:.1f} dB" for r in rows],
                hovertemplate="%{text}<extra></extra>",
            )
        )
    figure = chart(traces, x="", y="Diffusion Index", height=560, log_y=True)
    figure.update_yaxes(
        tickvals=index_ticks([*(row[5] for row in dots), *_heights(band)]), domain=[0.16 if thumbnails else 0.0, 1]
    )
    figure.update_xaxes(showticklabels=False, range=[-0.8, len(images) - 0.2], showgrid=False, anchor="y")
    hung = [_hung(thumbnails[image], place[image]) for image in images if image in thumbnails]
    figure.update_layout(legend={"y": -0.04}, images=hung)
    return figure


def _band(table: pd.DataFrame, images: list[str]) -> list[go.Scatter]:
    """The least and the largest DI of each image as the edges of a grey band."""
    values: dict[str, list[float]] = {}
    for image, value in table[["image", "diffusion_index"]].dropna().itertuples(index=False):
        values.setdefault(image, []).append(value)
    places = [place for place, image in enumerate(images) if image in values]
    if not places:
        return []
    count = table["model"].nunique()
    common = {"x": places, "mode": "lines", "hoverinfo": "skip", "line": {"width": 0, "color": MUTED}}
    low, high = ([edge(values[images[place]]) for place in places] for edge in (min, max))
    return [
        go.Scatter(y=low, showlegend=False, **common),
        go.Scatter(
            y=high,
            name=f"{count} compact networks, least to largest",
            fill="tonexty",
            fillcolor="rgba(128, 128, 128, 0.25)",
            **common,
        ),
    ]


def _heights(band: list[go.Scatter]) -> list[float]:
    return [value for edge in band for value in edge.y or ()]


def _curve(name: str, images: list[str], values: list[float], dash: str) -> go.Scatter:
    return go.Scatter(
        x=list(range(len(images))), y=values, mode="lines", name=name, line={"color": MUTED, "dash": dash, "width": 1.5}
    )


def _hung(source: str, place: int) -> dict[str, Any]:
    # Two rows, so that each picture is as wide as two places.
    return {
        "source": source,
        "xref": "x",
        "yref": "paper",
        "x": place,
        "y": 0.145 if place % 2 == 0 else 0.07,
        "sizex": 1.95,
        "sizey": 0.072,
        "xanchor": "center",
        "yanchor": "top",
        "layer": "above",
    }


def content_chart(
    windows: pd.DataFrame, feature: Feature, titles: Mapping[str, str], kinds: Mapping[str, str]
) -> go.Figure:
    """Mean DI over networks against a content feature, one dot a window; kinds of images have marks of their own."""
    rows = windows[["image", feature, "mean", "x", "y", "size"]].to_numpy().tolist()
    groups = list(dict.fromkeys(kinds.get(row[0], "") for row in rows))
    traces = []
    for k, group in enumerate(groups):
        mark, members = mark_at(k), [row for row in rows if kinds.get(row[0], "") == group]
        traces.append(
            go.Scatter(
                x=[row[1] for row in members],
                y=[row[2] for row in members],
                mode="markers",
                name=group or "images",
                marker={"color": mark.colour, "symbol": mark.shape, "size": 10},
                customdata=[[row[0], "", *row[3:]] for row in members],
                text=[titles.get(row[0], row[0]) for row in members],
                hovertemplate="<b>%{text}</b><br>mean DI %{y:.2f}<br>%{x:.3f}<extra></extra>",
            )
        )
    log_x = feature == "gradient_energy"
    figure = chart(
        traces, x=FEATURE_TITLES[feature], y="Mean DI over the networks", log_x=log_x, legend=len(groups) > 1
    )
    if log_x:
        figure.update_xaxes(
            tickvals=[1e-5, 1e-4, 1e-3, 1e-2, 1e-1], ticktext=["0.00001", "0.0001", "0.001", "0.01", "0.1"]
        )
    return figure
