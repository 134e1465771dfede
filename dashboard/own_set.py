"""A sweep of pictures that the visitor chooses: choosing them, networks and windows, then watching it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast, get_args
from uuid import uuid4

import streamlit as st

from dashboard import engine, own_pictures, studies, study_choice, sweeping
from dashboard.figures.content import ranked_chart
from dashboard.models import Offer, at_scale, scales
from dashboard.models import chosen as standard
from dashboard.own_pictures import Chosen
from dashboard.yours import session_offers
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
    running = sweeping.wants(NAME)
    opened = "own_order" in st.session_state or own_pictures.is_linked()
    with st.expander(
        "Sweep other pictures: your own, a data set or the samples", icon=":material/photo_library:", expanded=opened
    ):
        chosen = own_pictures.choose()
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
                help="Hardest: of each picture's grid, the window with the lowest mean PSNR over the networks.",
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
            sweeping.start(NAME)
            st.rerun()
        if running:
            _watch(st.session_state.own_order)
        elif swept := st.session_state.get("own_swept"):
            sweeping.show_faults(swept)


def _networks(listed: Sequence[Offer]) -> tuple[Offer, ...]:
    names = {offer.key: offer for offer in listed}
    keys = st.multiselect(
        "Networks",
        list(names),
        default=[offer.key for offer in standard(listed, ())],
        format_func=lambda key: names[key].label + (" · to be fetched" if names[key].remote else ""),
        max_selections=MOST_NETWORKS,
        key="own_networks",
        bind="query-params",
    )
    return tuple(names[key] for key in keys if key in names)


def _announce(pictures: Sequence[Picture], selected: Sequence[Offer], windows: Windows) -> None:
    if not pictures or not selected:
        return
    maps = len(pictures) * len(selected) * (PER_SIDE**2 if windows == "grid" else 1)
    words = f"{_count(maps, 'map')}: {_count(len(pictures), 'picture')}, {_count(len(selected), 'network')}"
    st.caption(f"{words}. Results are kept: a sweep that is cancelled goes on where it was.")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _watch(order: Order) -> None:
    def do(tell: Listener) -> Swept:
        models = tuple(engine.network(key) for key in order.networks)
        return sweep(
            Plan(models, order.chosen.pictures, order.windows),
            engine.service(private=order.chosen.private),
            on_progress=tell,
        )

    swept = sweeping.watched(NAME, do, _so_far)
    if swept is None:
        return
    st.session_state.own_swept = swept
    if not swept.table.empty:
        study_choice.hold(_study(order, swept))
    st.rerun()


def _so_far(rows: Sequence[sweeping.Row]) -> None:
    table, _ = comparable(table_of(rows, {}))
    figure = ranked_chart(table, images_by_diffusion(table), {}, {})
    st.plotly_chart(figure, key=f"so-far-{len(rows)}", alt=f"The first {len(rows)} maps, ranked by image")


def _study(order: Order, swept: Swept) -> studies.Study:
    pictures = order.chosen.pictures
    with st.spinner("Measuring what the pictures hold"):
        features = features_of(swept.table, pictures if len(pictures) <= MOST_MEASURED else ())
    return studies.own(uuid4().hex, order.chosen.title, swept.table, features, pictures)
