"""The form of a recipe: networks, cells, insets, colours, sizes. Each widget shows an entry and changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.app_pages.figure import draft
from dashboard.presentation.model_options import Offer, shelf
from lam_core.render.figure import FONTS, TEMPLATES, Inset, Network, Recipe
from lam_core.render.figure.recipe import LABELS, MOST_NETWORKS, Corner, Kind, names_of

TEMPLATE_NAMES = {"lam": "LAM figure", "comparison": "SR comparison"}
REFERENCES = {"overview": "Overview", "hr": "HR", "lr": "LR", "bicubic": "Bicubic", "informative": "Informative areas"}
CELLS = {kind: LABELS[kind] for kind in names_of(Kind)}
NUMBERS = {"psnr": "PSNR", "ssim": "SSIM", "di": "DI"}
FONT_NAMES = {"STIXGeneral": "STIX (like Times)", "cmr10": "Computer Modern"}


def windows(recipe: Recipe) -> None:
    """The windows in the order of the figure, each to be named or taken out."""
    only = sum(len(image.windows) for image in recipe.images) == 1
    for place, image in enumerate(recipe.images):
        st.text(image.name or image.sample or image.file)
        for number, window in enumerate(image.windows):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                style = f"display:inline-block;width:.8rem;height:.8rem;border:3px solid {image.colour(number)}"
                st.html(f'<span style="{style}"></span>', width="content")
                st.markdown(f"{window.x}, {window.y}, {window.size}", width="content")
                key = f"figure-name-{place}-{number}"
                st.session_state[key] = window.name
                st.text_input(
                    f"Name of the window at {window.x}, {window.y}",
                    key=key,
                    placeholder="Name, if it should have one",
                    max_chars=60,
                    label_visibility="collapsed",
                    on_change=_take_name,
                    args=(key, place, number),
                )
                st.button(
                    "",
                    icon=":material/close:",
                    type="tertiary",
                    key=f"figure-remove-{place}-{number}",
                    help=f"Take the window at {window.x}, {window.y} out of the figure",
                    disabled=only,
                    on_click=draft.remove,
                    args=(place, number),
                )


def _take_name(key: str, place: int, number: int) -> None:
    draft.rename(place, number, st.session_state[key])


def form(recipe: Recipe, here: Sequence[Offer]) -> None:
    """Everything of a recipe but its windows."""
    _networks(recipe, here)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _one("template", "Template", TEMPLATE_NAMES, recipe.template, _take_template)
        _toggle("insets", "Zoom insets", bool(recipe.insets), _take_insets)
    with st.expander("Cells, numbers, colours", icon=":material/grid_view:"):
        _several("cells", "Of each network", CELLS, recipe.cells)
        _several("references", "Beside them", REFERENCES, recipe.references)
        _several("under", "Numbers", NUMBERS, recipe.under)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            _one("scale", "Colours", {"linear": "Linear", "log": "Logarithmic"}, recipe.scale)
            _one("range", "Range", {"own": "Each its own", "shared": "One for all"}, recipe.range)
            _one("maps", "Maps show", {"field": "The whole crop", "area": "Where 99 % is"}, recipe.maps)
    with st.expander("Size, font, captions", icon=":material/tune:"):
        _details(recipe)


def _networks(recipe: Recipe, here: Sequence[Offer]) -> None:
    """Any networks, in the order in which they are chosen."""
    offers = {offer.key: offer for offer in here}
    chosen = [network.model for network in recipe.networks]
    labels = {network.model: network.name for network in recipe.networks}
    few = [offer.key for offer in shelf(here, [offers[key] for key in chosen if key in offers])]

    def label(key: str) -> str:
        return offers[key].label if key in offers else labels.get(key, key)

    with st.container(horizontal=True, vertical_alignment="center"):
        st.session_state["figure-few"] = [key for key in chosen if key in few]
        st.pills(
            "Networks",
            few,
            selection_mode="multi",
            format_func=label,
            key="figure-few",
            on_change=_take_few,
            args=(few, chosen, {key: label(key) for key in few}),
            label_visibility="collapsed",
            wrap=True,
        )
        with st.popover("", icon=":material/add:", help="More networks, their order and names"):
            st.session_state["figure-networks"] = chosen
            st.multiselect(
                "Networks, in the order of the figure",
                [*chosen, *(key for key in offers if key not in chosen)],
                format_func=label,
                max_selections=MOST_NETWORKS,
                key="figure-networks",
                select_all=False,
                on_change=_take_networks,
                args=({key: label(key) for key in (*chosen, *offers)},),
            )
            for number, network in enumerate(recipe.networks):
                key = f"figure-network-{number}"
                st.session_state[key] = network.name
                st.text_input(f"Name of {label(network.model)}", key=key, on_change=_take_network_name, args=(number,))


def _take_few(few: Sequence[str], chosen: Sequence[str], labels: Mapping[str, str]) -> None:
    now = st.session_state["figure-few"]
    kept = [key for key in chosen if key in now or key not in few]
    _choose([*kept, *(key for key in now if key not in kept)], labels)


def _take_networks(labels: Mapping[str, str]) -> None:
    _choose(st.session_state["figure-networks"], labels)


def _choose(keys: Sequence[str], labels: Mapping[str, str]) -> None:
    recipe: Recipe = st.session_state.figure
    known = {network.model: network for network in recipe.networks}
    networks = tuple(known.get(key) or Network(key, labels.get(key, key)) for key in keys)
    wide = tuple(key for key in recipe.wide if key in keys)
    draft.change(networks=networks, wide=wide, baseline=recipe.baseline if recipe.baseline in keys else "")


def _take_network_name(number: int) -> None:
    recipe: Recipe = st.session_state.figure
    networks = list(recipe.networks)
    networks[number] = Network(networks[number].model, st.session_state[f"figure-network-{number}"])
    draft.change(networks=tuple(networks))


def _take_template() -> None:
    if template := st.session_state["figure-template"]:
        draft.change(**TEMPLATES[template])


def _take_insets() -> None:
    draft.change(insets=(Inset(),) if st.session_state["figure-insets"] else ())


def _details(recipe: Recipe) -> None:
    grid = st.grid(3, min_column_width=150)
    with grid.container():
        _number("width_mm", "Width, mm", 20.0, 500.0, 1.0, recipe.width_mm)
    with grid.container():
        _number("font_size", "Font size, pt", 3.0, 30.0, 0.5, recipe.font_size)
    with grid.container():
        _number("dpi", "PNG, dpi", 50, 1200, 50, recipe.dpi)
    with grid.container():
        fonts = {font: FONT_NAMES.get(font, font) for font in FONTS}
        _select("font", "Font", fonts, recipe.font)
    with grid.container():
        _number("gap_mm", "Gap, mm", 0.0, 20.0, 0.5, recipe.gap_mm)
    with grid.container():
        _number("box", "Boxes, pt", 0.1, 5.0, 0.1, recipe.box)
    with grid.container():
        crops = {"close": "Four times the window", "window": "The window", "field": "The whole crop"}
        _select("crop", "Images show", crops, recipe.crop)
    with grid.container():
        _select("across", "Columns are", {"networks": "Networks", "cells": "Cells"}, recipe.across)
    with grid.container():
        _number("per_row", "Crops in a row", 1, 12, 1, recipe.per_row)
    with grid.container():
        _select("overview", "Overview shows", {"field": "The crop", "image": "The whole image"}, recipe.overview)
    with grid.container():
        if recipe.insets:
            corners = {corner: corner.replace("-", " ") for corner in names_of(Corner)}
            _select("corner", "Inset in the corner", corners, recipe.insets[0].corner, _take_corner)
    with grid.container():
        names = {network.model: network.name or network.model for network in recipe.networks}
        _select("baseline", "Differences are to", {"": "The first network", **names}, recipe.baseline)
    with st.container(horizontal=True):
        _toggle("bar", "Colour bar", recipe.bar)
        _toggle("note", "Settings below", recipe.note)
    st.session_state["figure-caption"] = recipe.caption
    st.text_input("Caption, for LaTeX", key="figure-caption", max_chars=2000, on_change=_take, args=("caption",))


def _take_corner() -> None:
    recipe: Recipe = st.session_state.figure
    first = recipe.insets[0]
    moved = Inset(first.dx, first.dy, first.size, st.session_state["figure-corner"], first.colour, first.share)
    draft.change(insets=(moved, *recipe.insets[1:]))


def _take(name: str) -> None:
    value = st.session_state[f"figure-{name}"]
    if value is not None:
        draft.change(**{name: round(value, 3) if isinstance(value, float) else value})


def _take_several(name: str, order: Sequence[str]) -> None:
    chosen = st.session_state[f"figure-{name}"]
    draft.change(**{name: tuple(kind for kind in order if kind in chosen)})


def _one(name: str, label: str, names: Mapping[str, str], value: str, take: Callable[[], None] | None = None) -> None:
    key = f"figure-{name}"
    st.session_state[key] = value
    args: dict[str, Any] = {"on_change": take} if take else {"on_change": _take, "args": (name,)}
    st.segmented_control(label, list(names), format_func=names.__getitem__, key=key, required=True, **args)


def _several(name: str, label: str, names: Mapping[str, str], value: Sequence[str]) -> None:
    key = f"figure-{name}"
    st.session_state[key] = list(value)
    order = list(names)
    st.pills(
        label,
        order,
        selection_mode="multi",
        format_func=names.__getitem__,
        key=key,
        on_change=_take_several,
        args=(name, order),
        wrap=True,
    )


def _toggle(name: str, label: str, value: bool, take: Callable[[], None] | None = None) -> None:
    key = f"figure-{name}"
    st.session_state[key] = value
    args: dict[str, Any] = {"on_change": take} if take else {"on_change": _take, "args": (name,)}
    st.toggle(label, key=key, **args)


def _select(
    name: str, label: str, names: Mapping[Any, str], value: Any, take: Callable[[], None] | None = None
) -> None:
    key = f"figure-{name}"
    st.session_state[key] = value
    options = list(names) if value in names else [*names, value]
    args: dict[str, Any] = {"on_change": take} if take else {"on_change": _take, "args": (name,)}
    st.selectbox(label, options, format_func=lambda one: names.get(one, str(one)), key=key, **args)


def _number(name: str, label: str, low: float, high: float, step: float, value: float) -> None:
    key = f"figure-{name}"
    st.session_state[key] = value
    st.number_input(label, min_value=low, max_value=high, step=step, key=key, on_change=_take, args=(name,))
