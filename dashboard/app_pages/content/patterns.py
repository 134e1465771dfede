"""The pattern laboratory: stripes and grids by frequency and angle, DI as curves."""

from __future__ import annotations

from functools import partial
from typing import Literal, get_args

import pandas as pd
import streamlit as st

from dashboard.app_pages.content import sweep_run
from dashboard.app_pages.content.figures.patterns import angle_chart, frequency_chart
from dashboard.gallery.studies import PATTERNS, shipped_laboratory
from dashboard.presentation import study as studies
from dashboard.presentation import study_text
from dashboard.presentation.model_options import at_scale
from dashboard.presentation.plot_theme import toolbar
from dashboard.state import session, user_models, visitor
from dashboard.state.marks import marks
from dashboard.state.user_models import session_offers
from dashboard.widgets import thumbnails
from dashboard.widgets.deferred import deferred
from dashboard.widgets.study_downloads import take_away
from lam_core.region import Region
from lam_core.studies.laboratory import Pattern, curves, laboratory
from lam_core.studies.sweeps.table import join

Form = Literal["stripes", "grid"]
NAME = "laboratory"
MOST_NETWORKS = 4
HEIGHT = 420
"""Kept free for the chart until it is drawn, in pixels."""


def show() -> None:
    """Controls, the pattern, the curves, and what they say."""
    st.markdown(
        "Regular stripes and grids are said to be noticed by every network that sees far enough. Here a network sees "
        "nothing else: choose what its curve runs over, and look where it lies above the network's mean on the samples."
    )
    table = _with_own()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        form = st.segmented_control(
            "Pattern",
            get_args(Form),
            format_func=str.title,
            default="stripes",
            required=True,
            key="pattern",
            bind="query-params",
        )
        along = st.segmented_control(
            "Curves over",
            ["frequency", "angle"],
            format_func=str.title,
            default="frequency",
            required=True,
            key="curve",
            bind="query-params",
        )
        periods = sorted({pattern.period for pattern in PATTERNS}, reverse=True)
        angles = sorted({pattern.angle for pattern in PATTERNS})
        angle = st.select_slider("Angle from the vertical, degrees", angles, value=15, key="angle", bind="query-params")
        period = st.select_slider("Period, HR pixels", periods, value=12, key="period", bind="query-params")
    found = curves(table, PATTERNS)
    left, right = st.columns([1, 3], gap="medium")
    with left:
        pattern = Pattern(form, period, angle)
        st.image(
            thumbnails.with_window(pattern.name, pattern.picture, Region(120, 120, 16)),
            width="stretch",
            output_format="PNG",
            alt=f"{pattern.name}, the window framed",
        )
        frequency = studies.SCALE / period
        st.caption(f"{form.title()}, period {period:g} HR pixels ({frequency:.2f} cycles per LR pixel), {angle:g}°.")
    with right:
        given = marks(found["model"].tolist())
        make = (
            partial(frequency_chart, found, form, angle, given)
            if along == "frequency"
            else partial(angle_chart, found, form, period, given)
        )

        def draw() -> None:
            st.plotly_chart(
                make(),
                key="chart-laboratory",
                config=toolbar("laboratory"),
                alt=f"Diffusion Index on {form} against their {along}, a curve a network",
            )

        deferred("laboratory", HEIGHT, draw)
    for line in study_text.patterns_beside_samples(found, studies.shipped().table):
        st.markdown(f"- {line}")
    study = studies.own("laboratory", "Patterns", table, studies.shipped().features.iloc[:0])
    digits = {"frequency": 3, "diffusion_index": 2, "map_error": 3, "psnr": 2}
    take_away(study, "laboratory", found, "DI on regular patterns.", digits, {"curves": found.to_dict("records")})
    _more(table, form)


def _with_own() -> pd.DataFrame:
    own = st.session_state.get("own_curves")
    return shipped_laboratory() if own is None else join([shipped_laboratory(), own])


def _more(table: pd.DataFrame, form: Form) -> None:
    """Curves of further networks."""
    have = set(table["model"].tolist())
    listed = [o for o in at_scale(session_offers(), studies.SCALE) if o.key not in have]
    named = {offer.key: offer for offer in listed if not _is_in(offer.key, have)}
    running = session.wanted(sweep_run.key_of(NAME))
    with st.expander("Curves of other networks", icon=":material/add:", expanded=running):
        if not named:
            st.caption("The curves of every available network are shown already.")
            return
        keys = st.multiselect(
            "Networks",
            list(named),
            format_func=lambda key: named[key].label + (" · to be fetched" if named[key].remote else ""),
            max_selections=MOST_NETWORKS,
            select_all=False,
            key="curve_networks",
            label_visibility="collapsed",
        )
        chosen = [pattern for pattern in PATTERNS if pattern.form == form]
        if st.button(f"Compute {len(chosen)} {form} a network", disabled=not keys or running, key="compute_curves"):
            st.session_state.curve_order = tuple(keys)
            session.want(sweep_run.key_of(NAME))
            st.rerun()
        if running:
            models = st.session_state.curve_order
            swept = sweep_run.watched(
                NAME,
                lambda tell: laboratory(
                    tuple(user_models.network(key) for key in models), chosen, visitor.service(), on_progress=tell
                ),
            )
            if swept is not None and not swept.table.empty:
                own = st.session_state.get("own_curves")
                st.session_state.own_curves = swept.table if own is None else join([own, swept.table])
                st.rerun()


def _is_in(key: str, names: set[str]) -> bool:
    return any((entry := studies.entry_of(name)) is not None and entry.id == key for name in names)
