"""The published figure of one window: what a card, a page and `lam attribute --png` give alike."""

from __future__ import annotations

from collections.abc import Sequence

from lam_core.attribution.result import Attribution
from lam_core.render.figure.files import file
from lam_core.render.figure.material import Material, Slot, Source
from lam_core.render.figure.recipe import TEMPLATES, ImageSource, Network, Recipe

COLUMN_MM = 48.0
"""Width of a network's column."""


def published_figure(
    image: ImageSource, source: Source, models: Sequence[str], results: Sequence[Attribution]
) -> bytes:
    """SR, map and density of each network on the one window of `image`, as PNG with its recipe.

    `models`: what the recipe calls the networks of `results`, in their order.
    """
    networks = tuple(
        Network(model if model not in models[:number] else f"{model} {number + 1}")
        for number, model in enumerate(models)
    )
    recipe = Recipe(
        images=(image,),
        networks=networks,
        width_mm=COLUMN_MM * (1 + len(results)),
        settings=results[0].settings,
        **TEMPLATES["lam"],
    )
    found = {Slot(0, 0, number): result for number, result in enumerate(results)}
    return file(Material(recipe, (source,), found, tuple(result.model for result in results)), ".png")
