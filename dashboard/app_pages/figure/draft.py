"""The recipe that a visitor is working on, kept for the session; every change goes through here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from dashboard.presentation.decoded_image import Picture, from_sample, from_upload
from dashboard.presentation.formatting import sentence
from dashboard.presentation.model_options import Offer
from dashboard.presentation.view import View
from dashboard.state import uploads, visitor
from lam_core.errors import LamError
from lam_core.region import Region
from lam_core.render.figure import TEMPLATES, ImageSource, Network, Recipe, RecipeError, Window, read_recipe
from lam_core.samples import sample

SIZE = 16
"""Side of a new window in SR pixels."""
RECIPE_TYPES = ["pdf", "svg", "png", "toml", "json"]
"""Endings of the files that hold a recipe: figures do."""


def current(view: View, picture: Picture, window: Region, selected: Sequence[Offer]) -> Recipe:
    """The session's recipe; at first the published figure of what the other pages show."""
    if "figure" not in st.session_state:
        image = source_of(view, picture, (Window(window.x, window.y, window.size),))
        networks = tuple(Network(offer.key, offer.label) for offer in selected)
        colours = {
            "scale": "log" if view.map_scale == "log" else "linear",
            "range": "own" if view.map_scale == "own" else "shared",
        }
        st.session_state.figure = Recipe((image,), networks, settings=view.settings, **colours, **TEMPLATES["lam"])
    return st.session_state.figure


def source_of(view: View, picture: Picture, windows: tuple[Window, ...]) -> ImageSource:
    """The image of a view, as a recipe names it."""
    if view.upload is None:
        return ImageSource(sample=view.image, name=picture.title, windows=windows)
    low = view.low_resolution
    return ImageSource(file=picture.title, sha256=view.upload, low_resolution=low, windows=windows)


def picture_of(image: ImageSource, scale: int) -> Picture:
    """The image that a recipe names. Raises a `LamError` with the remedy if it is not here."""
    if image.sample:
        return from_sample(sample(image.sample), scale)
    own = uploads.held()
    if own is None or own.id != f"upload-{image.sha256}":
        raise RecipeError(f"{image.file} is not here; choose that very file under “Your image”")
    return from_upload(
        own.decoded,
        own.name,
        low_resolution=image.low_resolution,
        scale=scale,
        owner=visitor.visitor(),
        own_hr=own.hr,
    )


def change(**changes: Any) -> None:
    """Other entries of the recipe; those that make no figure are refused in a sentence."""
    try:
        st.session_state.figure = replace(st.session_state.figure, **changes)
    except LamError as error:
        st.session_state.figure_fault = sentence(str(error))


def fault() -> str:
    """Why the last change was refused, once."""
    return st.session_state.pop("figure_fault", "")


def add(view: View, picture: Picture, region: Region) -> None:
    """Adds a window, and its image if that is new."""
    recipe: Recipe = st.session_state.figure
    try:
        window = Window(region.x, region.y, region.size)
        place = place_of(recipe, view)
        if place is None:
            change(images=(*recipe.images, source_of(view, picture, (window,))))
            return
        image = recipe.images[place]
        if window not in image.windows:
            change(images=_with(recipe, place, replace(image, windows=(*image.windows, window))))
    except LamError as error:
        st.session_state.figure_fault = sentence(str(error))


def move_last(view: View, region: Region) -> None:
    """Moves the last window of the view's image."""
    recipe: Recipe = st.session_state.figure
    if (place := place_of(recipe, view)) is not None:
        image = recipe.images[place]
        last = replace(image.windows[-1], x=region.x, y=region.y)
        change(images=_with(recipe, place, replace(image, windows=(*image.windows[:-1], last))))


def remove(place: int, number: int) -> None:
    """Takes a window out, and its image with its last one; the last window of all stays."""
    recipe: Recipe = st.session_state.figure
    image = recipe.images[place]
    windows = image.windows[:number] + image.windows[number + 1 :]
    if windows:
        change(images=_with(recipe, place, replace(image, windows=windows)))
    elif len(recipe.images) > 1:
        change(images=recipe.images[:place] + recipe.images[place + 1 :])


def rename(place: int, number: int, name: str) -> None:
    """Names a window."""
    recipe: Recipe = st.session_state.figure
    try:
        image = recipe.images[place]
        named = replace(image.windows[number], name=name)
        windows = (*image.windows[:number], named, *image.windows[number + 1 :])
        change(images=_with(recipe, place, replace(image, windows=windows)))
    except LamError as error:
        st.session_state.figure_fault = sentence(str(error))


def place_of(recipe: Recipe, view: View) -> int | None:
    """Which of the recipe's images is that of the view."""
    named = [image.sha256 or image.sample if view.upload else image.sample for image in recipe.images]
    wanted = view.upload or view.image
    return named.index(wanted) if wanted in named else None


def take_file(key: str) -> None:
    """Takes the recipe of the finished figure in an upload widget, which is empty afterwards."""
    chosen = st.session_state.get(key)
    if chosen is None:
        return
    st.session_state.figure_opened = st.session_state.get("figure_opened", 0) + 1
    try:
        st.session_state.figure = read_recipe(chosen.getvalue())
    except LamError as error:
        st.session_state.figure_fault = f"{chosen.name}: {sentence(str(error))}"


def _with(recipe: Recipe, place: int, image: ImageSource) -> tuple[ImageSource, ...]:
    return (*recipe.images[:place], image, *recipe.images[place + 1 :])
