"""The figure as it will be: stored results at once, the others computed while the visitor watches, then the files."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.app_pages.figure import draft
from dashboard.presentation.decoded_image import Picture
from dashboard.presentation.download_kind import kind_for
from dashboard.presentation.formatting import duration, sentence
from dashboard.runtime.compute import at_hand
from dashboard.state import session, user_models, visitor
from dashboard.state.cache import Kept
from dashboard.widgets import run_panel, thumbnails
from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.result import Attribution
from lam_core.errors import LamError
from lam_core.render.figure import (
    MOST_PIXELS,
    SUFFIXES,
    FigureError,
    Material,
    Recipe,
    Slot,
    Source,
    file,
    layout,
    slots,
    to_json,
)

PREVIEW_DPI = 110
AT_ONCE = 5.0
"""Seconds up to which missing maps are computed without being asked for."""
GUESS = {"compact": 1.0, "yours": 3.0, "published": 5.0}
"""Seconds that a map of a network is taken to need before one of it is known."""
FILES = {
    ".pdf": "PDF",
    ".svg": "SVG",
    ".png": "PNG",
    ".tex": "LaTeX",
    ".npz": "Arrays, .npz",
    ".json": "Numbers, JSON",
    ".toml": "Recipe, TOML",
    ".zip": "All cells, ZIP",
}

_FIGURES = Kept("figures", everybody=64, visitor=8)


@dataclass(frozen=True, eq=False)
class Gathered:
    """What there is of a recipe's results."""

    pictures: tuple[Picture, ...]
    results: Mapping[Slot, Attribution]
    missing: Mapping[Slot, AttributionRequest]
    failures: tuple[str, ...]
    names: tuple[str, ...]

    def material(self, recipe: Recipe, results: Mapping[Slot, Attribution]) -> Material:
        """The recipe with its images and those results."""
        sources = tuple(
            Source(image.name or picture.name, picture.lr, picture.hr, picture.scale, image.sha256)
            for image, picture in zip(recipe.images, self.pictures, strict=True)
        )
        return Material(recipe, sources, results, self.names)

    @property
    def private(self) -> Picture | None:
        """An image that is the visitor's alone, if the figure shows one."""
        return next((picture for picture in self.pictures if picture.owner is not None), None)


def gather(recipe: Recipe, scale: int, allowed: Collection[str]) -> Gathered:
    """Results that need no computing, and requests for the others.

    `allowed`: the networks on offer; a file that names others has no say here. Raises a `LamError` for an image that
    is not here.
    """
    pictures = tuple(draft.picture_of(image, scale) for image in recipe.images)
    results: dict[Slot, Attribution] = {}
    missing: dict[Slot, AttributionRequest] = {}
    failures: list[str] = []
    for slot in slots(recipe):
        picture, model = pictures[slot.image], recipe.networks[slot.network].model

        def make(slot: Slot = slot, picture: Picture = picture, model: str = model) -> AttributionRequest:
            if model not in allowed:
                raise FigureError(f"{model} is not among the networks here; take it out or choose another")
            network = user_models.network(model)
            if network.scale != picture.scale:
                raise FigureError(f"{network.name} enlarges ×{network.scale}, not ×{picture.scale}; take it out")
            region = recipe.images[slot.image].windows[slot.window].region
            return AttributionRequest(network, picture.lr, region, recipe.settings)

        request, outcome = at_hand(visitor.service(picture), make)
        if outcome.result is not None:
            results[slot] = outcome.result
        elif request is not None:
            missing[slot] = request
        else:
            failures.append(f"{_name(recipe, slot.network)}: {outcome.failure}")
    names = tuple(_name(recipe, number) for number in range(len(recipe.networks)))
    return Gathered(pictures, results, missing, tuple(dict.fromkeys(failures)), names)


def _name(recipe: Recipe, number: int) -> str:
    network = recipe.networks[number]
    return network.name or network.model


def show(recipe: Recipe, scale: int, tags: Mapping[str, str]) -> None:
    """The figure, what is missing of it, and its files."""
    try:
        found = gather(recipe, scale, tags)
        stage = st.empty()
        _draw(stage, found.material(recipe, found.results), found)
    except LamError as error:
        st.error(sentence(str(error)), icon=":material/error:")
        return
    for failure in found.failures:
        st.warning(sentence(failure), icon=":material/error:")
    results = dict(found.results)
    if found.missing:
        results |= _computed(recipe, found, tags)
        _draw(stage, found.material(recipe, results), found)
    if results:
        _files(found.material(recipe, results), found)


def _draw(stage: DeltaGenerator, material: Material, found: Gathered) -> None:
    content = _preview(material, found)
    shown = content if found.private is None else thumbnails.url(content)
    words = f"The figure: {', '.join(material.names)} on {len(slots(material.recipe))} cells"
    stage.image(shown, width="stretch", output_format="PNG", alt=words)


def _preview(material: Material, found: Gathered) -> bytes:
    made = replace(material, recipe=replace(material.recipe, dpi=PREVIEW_DPI))
    images = " ".join(source.sha256 or source.name for source in material.sources)
    key = f"{to_json(made.recipe)} {material.scale} {images} {sorted(material.results)} {material.names}"
    return _FIGURES.get(sha256(key.encode()).hexdigest(), lambda: file(made, ".png"), own=found.private is not None)


def _computed(recipe: Recipe, found: Gathered, tags: Mapping[str, str]) -> dict[Slot, Attribution]:
    """The missing results: at once where that is quick, else once they are asked for."""
    seconds = _estimate(recipe, found, tags)
    key = ("figure", tuple(image.sha256 or image.sample for image in recipe.images), tuple(sorted(found.missing)),
           tuple(network.model for network in recipe.networks), recipe.settings)  # fmt: skip
    bar = st.empty()
    if seconds > AT_ONCE and not session.wanted(key):
        count = len(found.missing)
        bar.button(
            f"Compute {count} map{'s' if count > 1 else ''}, about {duration(seconds)}",
            type="primary",
            icon=":material/play_arrow:",
            key="figure-compute",
            on_click=session.want,
            args=(key,),
        )
        return {}
    works = [
        run_panel.request_work(found.names[slot.network], visitor.service(found.pictures[slot.image]), request)
        for slot, request in found.missing.items()
    ]
    outcomes = run_panel.run(works, key="figure", give_up=partial(session.give_up, key), slot=bar)
    results: dict[Slot, Attribution] = {}
    for slot, outcome in zip(found.missing, outcomes, strict=True):
        if outcome.result is None:
            st.warning(sentence(f"{found.names[slot.network]}: {outcome.failure}"), icon=":material/error:")
        else:
            results[slot] = outcome.result
    return results


def _estimate(recipe: Recipe, found: Gathered, tags: Mapping[str, str]) -> float:
    """Seconds that the missing maps need, by those of the same networks that are known."""
    known: dict[int, float] = {}
    for slot, result in found.results.items():
        known[slot.network] = max(known.get(slot.network, 0.0), result.seconds)
    return sum(
        known.get(slot.network, GUESS[tags.get(recipe.networks[slot.network].model, "published")])
        for slot in found.missing
    )


def _files(material: Material, found: Gathered) -> None:
    made = layout(material)
    pixels = made.width * made.height * (material.recipe.dpi / 25.4) ** 2
    with st.container(horizontal=True, gap="small"):
        for suffix, label in FILES.items():
            mime = SUFFIXES[suffix]
            owner = found.private.owner if found.private else None
            st.download_button(
                label,
                partial(file, material, suffix, "lam-figure"),
                f"lam-figure{suffix}",
                kind_for(owner, mime),
                key=f"figure-file-{suffix}",
                type="primary" if suffix == ".pdf" else "secondary",
                on_click="ignore",
                disabled=suffix in (".png", ".zip") and pixels > MOST_PIXELS,
            )
    st.caption(
        f"{made.width:.0f}×{made.height:.0f} mm. PDF, SVG and PNG hold the recipe: open them here again, or with "
        "`lam figure --from`."
    )
