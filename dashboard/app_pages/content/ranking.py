"""The parts of the content page that read a sweep: ranked images, and DI against content."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import cast

import pandas as pd
import streamlit as st

from dashboard.app_pages.content import open_window
from dashboard.app_pages.content.figures.ranking import FEATURE_TITLES, content_chart, ranked_chart
from dashboard.components.chart_pictures import Hung, chart_pictures
from dashboard.gallery.shipped import thumbnails
from dashboard.presentation import study as studies
from dashboard.presentation import study_text
from dashboard.presentation.plot_theme import toolbar
from dashboard.presentation.study import Study
from dashboard.state import uploads
from dashboard.state.cache import Kept
from dashboard.state.marks import marks
from dashboard.widgets import study_picker
from dashboard.widgets import thumbnails as pixels
from dashboard.widgets.deferred import deferred
from dashboard.widgets.study_downloads import settings_of, take_away
from lam_core.errors import LamError
from lam_core.images.image_sets import Picture
from lam_core.samples.sample import SIDE
from lam_core.studies.content_study import FEATURES, Feature
from lam_core.studies.sweeps.table import images_by_diffusion

FEATURE_NAMES: dict[Feature, str] = {
    "periodicity": "Periodicity",
    "gradient_energy": "Gradient energy",
    "orientation_entropy": "Orientation entropy",
}
MOST_THUMBNAILS = 60
HEIGHT = 420
"""Kept free for the lower chart until it is drawn, in pixels."""
_SMALL = Kept("thumbnails", everybody=0, visitor=2 * MOST_THUMBNAILS)


def chosen_study() -> Study:
    """The shipped study or the visitor's own."""
    return study_picker.choose()


def networks(study: Study) -> tuple[str, ...]:
    """The networks that the page is about: at first the published ones, or all where there are no others."""
    compact = [model for model in study.networks if studies.tag_of(model) == "compact"]
    others = [model for model in study.networks if model not in compact] or compact
    chosen = _pills("Networks", others, others, study, "networks")
    if others is not compact and compact:
        chosen += _pills("Compact networks: a grey band in the chart, unless chosen", compact, [], study, "compact")
    return tuple(model for model in study.networks if model in chosen)


def _pills(label: str, listed: Sequence[str], default: Sequence[str], study: Study, key: str) -> list[str]:
    return st.pills(
        label,
        listed,
        selection_mode="multi",
        default=default,
        key=f"{key}-{study.key}" if study.own else key,
        bind=None if study.own else "query-params",
        wrap=True,
    )


def ranked(study: Study, models: tuple[str, ...]) -> None:
    """The ranked plot; a click opens the place."""
    table = study.of(models)
    order = images_by_diffusion(table)
    few = len(order) <= MOST_THUMBNAILS
    hung = _hung(study) if few else {}
    chart_pictures(("content", "features"), hung)
    small = {image: one.src for image, one in hung.items()}
    banded = study.of([one for one in study.networks if one not in models and studies.tag_of(one) == "compact"])
    figure = ranked_chart(table, order, studies.titles(), small, marks(models), banded)
    event = st.plotly_chart(
        figure,
        key="chart-content",
        on_select="rerun",
        selection_mode="points",
        config=toolbar("content"),
        alt=f"{len(order)} images ranked by the largest Diffusion Index of {len(models)} networks",
    )
    st.caption(
        f"{settings_of(study)}. A click on a mark opens its image, window and network on the Attribution page; a "
        "network whose weights are not on this computer gives way to the compact ones there."
    )
    for note in study.notes:
        st.caption(f":material/info: {note}")
    take_away(study, "content", order, "Images by largest Diffusion Index.", {"mean": 2, "largest": 2}, _json(order))
    open_window.open_chosen(study, event["selection"]["points"])


def features(study: Study, models: tuple[str, ...]) -> None:
    """DI against one content feature, and what comes of it."""
    found = studies.content_of(models, study)
    if found.windows.empty:
        st.info(
            "Content is measured in the images themselves, and those of this table are not available here.",
            icon=":material/info:",
        )
        return
    feature = cast(
        Feature,
        st.segmented_control(
            "Mean DI against",
            FEATURES,
            format_func=lambda feature: FEATURE_NAMES[feature],
            default="periodicity",
            required=True,
            key="feature",
            bind="query-params",
        ),
    )

    def draw() -> None:
        event = st.plotly_chart(
            content_chart(found.windows, feature, studies.titles(), studies.kinds()),
            key="chart-features",
            on_select="rerun",
            selection_mode="points",
            config=toolbar("features"),
            alt=f"Mean Diffusion Index of {len(found.windows)} windows against {FEATURE_TITLES[feature]}",
        )
        open_window.open_chosen(study, event["selection"]["points"])

    deferred("features", HEIGHT, draw)
    for each in FEATURES:
        st.markdown(f"- {study_text.association(FEATURE_NAMES[each].lower(), found.correlations.get(each))}")
    st.caption(
        "n: images. Measured on the luma of 96×96 HR pixels around the window, the windows of an image averaged. "
        "Periodicity: highest repeated peak of the autocorrelation."
    )
    digits = {"gradient_energy": 5, "periodicity": 3, "orientation_entropy": 3, "period": 1, "mean": 2, "largest": 2}
    take_away(study, "features", found.windows, "DI and content.", digits, {"correlations": found.to_dict()})


def _hung(study: Study) -> dict[str, Hung]:
    """Thumbnails of the available images."""
    if not study.own:
        return {image: Hung(src, SIDE) for image, src in thumbnails().items()}
    found = (
        (name, _SMALL.get((study.key, name), partial(_small, picture), own=True))
        for name, picture in study.pictures.items()
    )
    return {name: one for name, one in found if one is not None}


def _small(picture: Picture) -> Hung | None:
    try:
        with uploads.one_at_a_time:
            opened = picture.open().pixels
            return Hung(pixels.thumbnail(opened), min(opened.shape[:2]))
    except LamError:
        return None


def _json(order: pd.DataFrame) -> dict[str, object]:
    return {"images": order.to_dict("records")}
