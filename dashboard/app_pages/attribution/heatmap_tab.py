"""The second tab of the attribution page: DI of every window of a grid, each tile a place to look at."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.mutable_tab_container import TabContainer

from dashboard.components.copy_link import copy_link
from dashboard.components.region_picker import picked, region_picker
from dashboard.gallery.shipped import first_visit
from dashboard.presentation import exports, questions
from dashboard.presentation.decoded_image import Picture
from dashboard.presentation.formatting import sentence, settings_line
from dashboard.presentation.model_options import Offer, at_scale, chosen, with_shipped
from dashboard.presentation.view import View
from dashboard.runtime.compute import Outcome, at_hand
from dashboard.state import session, user_models, visitor
from dashboard.state.target import AttributionTarget
from dashboard.widgets import run_panel
from dashboard.widgets.colour_bar import colour_bar
from lam_core.attribution.heatmap import Heatmap, HeatmapRequest
from lam_core.attribution.wording import with_error
from lam_core.region import Field, Region
from lam_core.render import enlarged, png
from lam_core.render.tiles import DARKEST, extent, tiles_over

MAPS, TILES = "This window", "Every window"
WIDTH = 512


@dataclass(frozen=True, eq=False)
class Grid:
    """One network's heat map of the picture."""

    offer: Offer
    request: HeatmapRequest | None
    outcome: Outcome[Heatmap]


def take_pick() -> None:
    """Puts the window where a tile was clicked, before anything of the page is drawn."""
    view = session.current()
    if pick := picked("tiles"):
        size = view.window.size if view.window else Region(0, 0).size
        session.change(window=Region(max(pick.x, 0), max(pick.y, 0), size))
        session.ask()


def tabs(target: AttributionTarget) -> tuple[TabContainer, TabContainer]:
    """The tab of the window's maps and that of the heat map; `open` of each says whether it is looked at."""
    st.session_state["tab"] = TILES if target.view.tiles else MAPS
    maps, tiles = st.tabs([MAPS, TILES], key="tab", on_change=_take_tab, args=(_networks(target)[0].key,))
    return maps, tiles


def _take_tab(standard: str) -> None:
    session.change(tiles=standard if st.session_state["tab"] == TILES else "")


def show(target: AttributionTarget) -> None:
    """The heat map of the network that is chosen, or what to do to have it."""
    networks = _networks(target)
    keys = [offer.key for offer in networks]
    chosen = target.view.tiles if target.view.tiles in keys else keys[0]
    st.session_state["tiles_of"] = chosen
    st.segmented_control(
        "Network",
        keys,
        format_func=lambda key: networks[keys.index(key)].label,
        key="tiles_of",
        required=True,
        on_change=_take_network,
        wrap=True,
    )
    offer = networks[keys.index(chosen)]

    def asked() -> HeatmapRequest:
        return questions.tiles(user_models.network(chosen), target.picture, target.window.size, target.view.settings)

    request, outcome = at_hand(visitor.service(target.picture), asked)
    slot = st.empty()
    if request is not None and outcome.result is None and not outcome.failure:
        outcome = _computed(Grid(offer, request, outcome), target, slot)
    if outcome.failure:
        st.error(sentence(outcome.failure), icon=":material/error:")
    if request is not None and outcome.result is not None:
        _show_tiles(Grid(offer, request, outcome), outcome.result, target)


def _take_network() -> None:
    session.change(tiles=st.session_state["tiles_of"])


def _networks(target: AttributionTarget) -> tuple[Offer, ...]:
    """Those switched on and those whose heat map of this picture ships: the visitor's own choice first."""
    first, view = first_visit(), target.view
    able = tuple(offer for offer in target.selected if not offer.only_shipped)
    able = able or chosen([offer for offer in target.here if not offer.only_shipped], ())
    if (view.image, view.scale, view.settings, target.window.size) != (first.sample, 4, View().settings, 16):
        return able
    mapped = [offer for offer in at_scale(with_shipped(target.here, first.mapped), 4) if offer.key in first.mapped]
    others = [offer for offer in able if offer not in mapped]
    return (*others, *mapped) if view.models else (*mapped, *others)


def _computed(grid: Grid, target: AttributionTarget, slot: DeltaGenerator) -> Outcome[Heatmap]:
    """The outcome of computing, once it is wanted; until then the button that asks for it."""
    request = grid.request
    assert request is not None
    key = ("tiles", grid.offer.key, target.view.image, request.size, request.settings)
    if not session.wanted(key):
        with slot.container(border=True):
            st.markdown(
                f"{_count(request, target.picture)} windows of {request.size} SR pixels, one every {request.stride}, "
                "each with its own map: seconds for FSRCNN, minutes for deep networks. The result is kept."
            )
            st.button("Compute the heat map", type="primary", key="tiles_compute", on_click=session.want, args=(key,))
        return grid.outcome
    work = run_panel.request_work(grid.offer.name, visitor.service(target.picture), request, is_steady=True)
    (outcome,) = run_panel.run([work], key="tiles", give_up=partial(session.give_up, key), slot=slot)
    return outcome


def _count(request: HeatmapRequest, picture: Picture) -> int:
    rows, columns = ((side - request.size) // request.stride + 1 for side in (picture.height, picture.width))
    return rows * columns


def _show_tiles(grid: Grid, tiles: Heatmap, target: AttributionTarget) -> None:
    request, index = grid.request, tiles.diffusion_index
    assert request is not None
    if not np.isfinite(index).any():
        st.info("No window of this image gives a map: it is flat.", icon=":material/info:")
        return
    large = tiles_over(target.picture.shown(), tiles)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        region_picker(
            "data:image/png;base64," + base64.b64encode(png(enlarged(large, WIDTH))).decode(),
            width=target.picture.width,
            height=target.picture.height,
            window=target.window,
            field=None,
            label=f"Diffusion Index of {grid.offer.name} for {index.size} windows of {target.picture.title}",
            key="tiles",
            step=request.stride,
            hotkeys=False,
        )
        lowest, highest = extent(tiles)
        colour_bar(0, f"DI {lowest:.1f}", f"{highest:.1f}", high=DARKEST)
    with right:
        _say_where(tiles, target.window)
        figures = {"Median DI": np.nanmedian(index), "Lowest": np.nanmin(index), "Highest": np.nanmax(index)}
        digits = 1 if figures["Highest"] >= 2 else 2
        with st.grid(3, min_column_width=60, gap="small"):
            for label, value in figures.items():
                st.metric(label, f"{value:.{digits}f}")
        empty = int(np.isnan(index).sum())
        st.caption(
            f"{index.size} windows, one every {request.stride} SR pixels"
            + (f", {empty} of them flat and without a map" if empty else "")
            + (" · shipped result" if grid.outcome.shipped else "")
            + f" · {settings_line(request.settings, target.window, _field(request), target.picture.scale)}"
        )
        with st.container(horizontal=True):
            words = f"{grid.offer.key} every {request.stride}"
            for label, make, ending, mime in (
                ("Image, PNG", partial(png, large), ".png", "image/png"),
                ("Tiles, .npz", tiles.to_npz, ".npz", "application/octet-stream"),
                ("Tiles, JSON", partial(exports.tile_figures, request, tiles), ".json", "application/json"),
            ):
                name = exports.file_name(target.picture, Region(0, 0, tiles.size), ending, words)
                st.download_button(
                    label, make, name, exports.kind(target.picture, mime), on_click="ignore", key=f"tiles{ending}"
                )
            copy_link("link-tiles", width=120)


def _field(request: HeatmapRequest) -> Field:
    """One like those around the windows."""
    height, width = request.image.shape[:2]
    side = request.settings.field
    return Field(0, 0, width, height) if side == "full" else Field(0, 0, min(side, width), min(side, height))


def _say_where(tiles: Heatmap, window: Region) -> None:
    """DI of the tile that the window is on, if it is on one."""
    row, column = np.flatnonzero(tiles.y == window.y), np.flatnonzero(tiles.x == window.x)
    if not (len(row) and len(column) and window.size == tiles.size):
        st.markdown("Each tile is one window, the redder the more widely the network looked. Click one to go there.")
        return
    place = int(row[0]), int(column[0])
    value, error = float(tiles.diffusion_index[place]), float(tiles.diffusion_index_error[place])
    said = f"DI {with_error(value, error)}" if np.isfinite(value) else "no map: the image is flat there"
    st.markdown(f"The framed window at ({window.x}, {window.y}): **{said}**. “{MAPS}” shows its maps.")
