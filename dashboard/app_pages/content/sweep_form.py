"""A sweep of pictures that the visitor chooses: choosing them, networks and windows, then watching it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast, get_args
from uuid import uuid4

import streamlit as st

from dashboard.app_pages.content import sweep_run
from dashboard.app_pages.content.figures.ranking import ranked_chart
from dashboard.presentation import study
from dashboard.presentation.model_options import Offer, at_scale, scales
from dashboard.presentation.model_options import chosen as standard
from dashboard.state import session, user_models, visitor
from dashboard.state.user_models import session_offers
from dashboard.widgets import image_set_form, study_picker
from dashboard.widgets.image_set_form import Chosen
from lam_core.images.image_sets import Picture
from lam_core.studies.content_study import features_of
from lam_core.studies.sweeps.progress import Listener
from lam_core.studies.sweeps.sweep import Plan, Swept, sweep
from lam_core.studies.sweeps.table import comparable, images_by_diffusion, table_of
from lam_core.studies.sweeps.windows import PER_SIDE, Windows

NAME = "own"
MOST_NETWORKS = 12
MOST_MEASURED = 500
"""Pictures up to which content is measured, at a twentieth of a second each."""
WINDOWS: dict[Windows, str] = {"centre": "Centre", "grid": f"{PER_SIDE}×{PER_SIDE} grid", "hard": "Hardest of the grid"}


@dataclass(frozen=True)
class Order:
    """What the visitor asked to be swept."""

    networks: tuple[str, ...]
    chosen: Chosen
    windows: Windows


def panel() -> None:
    """The panel, folded away until it is wanted; shows a sweep that is under way."""
    running = session.wanted(sweep_run.key_of(NAME))
    opened = "own_order" in st.session_state or image_set_form.is_linked()
    with st.expander(
        "Sweep other images: your own, a data set or the samples", icon=":material/photo_library:", expanded=opened
    ):
        chosen = image_set_form.choose()
        listed = session_offers()
        with st.container(horizontal=True, vertical_alignment="bottom"):
            scale = st.selectbox(
                "Scale",
                scales(listed),
                index=list(scales(listed)).index(4),
                width=90,
                key="own_scale",
                bind="query-params",
            )
            windows = st.segmented_control(
                "Windows of 16 SR pixels",
                get_args(Windows),
                format_func=lambda name: WINDOWS[cast(Windows, name)],
                default="centre",
                required=True,
                key="own_windows",
                bind="query-params",
                help="Hardest: of each image's grid, the window with the lowest mean PSNR over the networks.",
            )
        selected = _networks(at_scale(listed, scale))
        _announce(chosen.pictures, selected, windows)
        if st.button(
            "Start",
            type="primary",
            disabled=not (chosen.pictures and selected) or running,
            icon=":material/play_arrow:",
        ):
            st.session_state.own_order = Order(tuple(o.key for o in selected), chosen, windows)
            session.want(sweep_run.key_of(NAME))
            st.rerun()
        if running:
            _watch(st.session_state.own_order)
        elif swept := st.session_state.get("own_swept"):
            sweep_run.show_faults(swept)


def _networks(listed: Sequence[Offer]) -> tuple[Offer, ...]:
    names = {offer.key: offer for offer in listed}
    keys = st.multiselect(
        "Networks",
        list(names),
        default=[offer.key for offer in standard(listed, ())],
        format_func=lambda key: names[key].label + (" · to be fetched" if names[key].remote else ""),
        max_selections=MOST_NETWORKS,
        select_all=False,
        key="own_networks",
        bind="query-params",
    )
    return tuple(names[key] for key in keys if key in names)


def _announce(pictures: Sequence[Picture], selected: Sequence[Offer], windows: Windows) -> None:
    if not pictures or not selected:
        return
    maps = len(pictures) * len(selected) * (PER_SIDE**2 if windows == "grid" else 1)
    words = f"{_count(maps, 'map')}: {_count(len(pictures), 'image')}, {_count(len(selected), 'network')}"
    steps = maps + len(pictures) * len(selected)
    st.caption(
        f"{words}; {steps:,} steps with a PSNR of each image and network. Results are kept: a sweep that is cancelled "
        "goes on where it was."
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _watch(order: Order) -> None:
    def do(tell: Listener) -> Swept:
        models = tuple(user_models.network(key) for key in order.networks)
        return sweep(
            Plan(models, order.chosen.pictures, order.windows),
            visitor.service(private=order.chosen.private),
            on_progress=tell,
        )

    swept = sweep_run.watched(NAME, do, _so_far)
    if swept is None:
        return
    st.session_state.own_swept = swept
    if not swept.table.empty:
        study_picker.hold(_study(order, swept))
    st.rerun()


def _so_far(rows: Sequence[sweep_run.Row]) -> None:
    table, _ = comparable(table_of(rows, {}))
    figure = ranked_chart(table, images_by_diffusion(table), {}, {})
    st.plotly_chart(figure, key=f"so-far-{len(rows)}", alt=f"The first {len(rows)} maps, ranked by image")


def _study(order: Order, swept: Swept) -> study.Study:
    pictures = order.chosen.pictures
    with st.spinner("Measuring what the images hold"):
        features = features_of(swept.table, pictures if len(pictures) <= MOST_MEASURED else ())
    return study.own(uuid4().hex, order.chosen.title, swept.table, features, pictures)
