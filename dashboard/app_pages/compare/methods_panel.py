"""Methods side by side: what other attributions say of the same window, and why LAM takes a path at all."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from dashboard.components.linked_picture import linked_picture
from dashboard.presentation import questions
from dashboard.presentation.decoded_image import Picture
from dashboard.presentation.formatting import percent
from dashboard.presentation.model_options import Offer
from dashboard.presentation.questions import METHODS
from dashboard.state import session
from dashboard.state.target import AttributionTarget
from dashboard.widgets import run_panel, thumbnails
from dashboard.widgets.chart import show_chart
from dashboard.widgets.field_frame import field_frame
from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.settings import Detector
from lam_core.region import Region
from lam_core.render import map_over, png

DETECTORS: dict[Detector, str] = {
    "gradient": "LAM of the edges",
    "intensity": "LAM of the brightness",
    "gabor": "LAM of Gabor responses",
}
SIGMAS = (0.4, 4.0, 0.1)
"""Least, largest and step of σ in LR pixels."""
SATURATED = 0.8
"""Share of its mean along the path below which the gradient at the picture counts as saturated."""
WINDOWS = (4, 8, 12, 16, 24, 32, 48, 64)
"""Sides of the window in SR pixels."""


def show(target: AttributionTarget, subject: Offer, request: AttributionRequest, *, able: bool) -> None:
    """The panel, for the map of `request`."""
    st.markdown(
        f"Other methods on **{subject.label}** and the same window, each by its own maximum. A plain gradient asks "
        "about the image as it is; the others follow a path from an image without detail, and LAM’s path brings "
        "the detail back by and by. Look for what all of them mark, and for what only one does."
    )
    _sliders(target)
    about = (subject.key, target.view.question)
    methods = {label: partial(questions.method, request, name) for name, label in METHODS.items()}
    maps = run_panel.answers("Compute all methods", target.picture, about, methods, able=able)
    _maps(target, subject, "method", {label: maps[label].result for label in methods if label in maps})
    st.markdown("**What is asked of the window.** The same path, for another feature of the window.")
    detectors = {label: partial(questions.method, request, "lam", name) for name, label in DETECTORS.items()}
    found = run_panel.answers("Compute all detectors", target.picture, about, detectors, able=able)
    _maps(target, subject, "detector", {label: found[label].result for label in detectors if label in found})
    st.markdown("**Why a path.** What the detector D and its gradient do on the way from the baseline to the image.")
    curve = run_panel.answers(
        "Compute the curve",
        target.picture,
        about,
        {"Saturation": partial(questions.saturation, request)},
        able=able,
    )
    if "Saturation" in curve:
        _saturation(curve["Saturation"].result, subject)


def _sliders(target: AttributionTarget) -> None:
    now = target.view.settings
    least, largest, step = SIGMAS
    first, second = st.columns(2, gap="medium")
    with first:
        st.session_state["method_sigma"] = min(max(now.sigma, least), largest)
        st.slider(
            "σ of the baseline’s blur, LR pixels",
            least,
            largest,
            step=step,
            key="method_sigma",
            on_change=_take_sigma,
            help="How much detail the path starts without. It is part of every map’s question, on all pages.",
        )
    with second:
        sides = sorted({*(side for side in WINDOWS if side <= _largest(target.picture)), target.window.size})
        st.session_state["method_window"] = target.window.size
        st.select_slider(
            "Side of the window, SR pixels",
            sides,
            key="method_window",
            on_change=_take_window,
            args=(target.window, target.picture.height, target.picture.width),
            help="The window grows and shrinks about its centre.",
        )


def _largest(picture: Picture) -> int:
    return min(picture.height, picture.width)


def _take_sigma() -> None:
    settings = st.session_state.view.settings
    session.change(settings=replace(settings, sigma=round(float(st.session_state["method_sigma"]), 2)))


def _take_window(window: Region, height: int, width: int) -> None:
    size = int(st.session_state["method_window"])
    x, y = (start + (window.size - size) // 2 for start in (window.x, window.y))
    session.change(window=Region(min(max(x, 0), width - size), min(max(y, 0), height - size), size))


def _maps(target: AttributionTarget, subject: Offer, kind: str, found: dict[str, Any]) -> None:
    if not found:
        return
    lr, _ = target.picture.part(target.field)
    frame = field_frame(target.picture, target.field, target.window)
    with st.grid(4, min_column_width=190) as grid:
        for number, (label, one) in enumerate(found.items()):
            with grid.cell():
                linked_picture(
                    thumbnails.url(png(map_over(lr, one.map))),
                    frame,
                    label=f"{label} of {subject.label}, the window framed",
                    key=f"{kind}-{number}",
                )
                error = getattr(one, "map_error", None)
                known = f", map error {percent(error)}" if error is not None else ", no path and so no error estimate"
                st.markdown(f"**{label}**")
                st.caption(f"DI {one.diffusion_index:.1f}{known}")


def _saturation(found: Any, subject: Offer) -> None:
    from dashboard.app_pages.compare.figures.saturation import detector_chart, gradient_chart

    last = float(found.gradient[-1] / (found.gradient.mean() or 1))
    half = "" if found.half_way is None else f"D has covered half of its way at α = {found.half_way:.2f}. "
    reading = (
        "it has saturated, and a plain gradient misses most of the way"
        if last < SATURATED
        else "it has not saturated, so a plain gradient shows where D still rises; its sum is not D’s change"
    )
    st.markdown(
        f"{half}At the image itself the gradient of {subject.label} is {last:.2g} times its mean along the path: "
        f"{reading}."
    )
    left, right = st.columns(2)
    with left:
        show_chart(detector_chart(found), "saturation", "D and its running integral along the path")
    with right:
        show_chart(gradient_chart(found), "gradient-on-the-path", "Size of the gradient along the path")
