"""What a figure says below itself: its colour bars, and the settings that its maps and numbers depend on."""

from __future__ import annotations

from collections.abc import Sequence

from lam_core.attribution.wording import settings_of
from lam_core.diffusion.square import SQUARE_SHARE
from lam_core.render.figure.canvas import Bar
from lam_core.render.figure.material import Material, spots
from lam_core.render.figure.recipe import Kind, Number, Recipe
from lam_core.render.pictures import DECADES, ramp


def bars(material: Material) -> list[Bar]:
    """A bar for each scale of colours in the figure; none if the recipe wants none."""
    recipe = material.recipe
    if not recipe.bar:
        return []
    maps: list[Kind] = ["map"] if {"map", "overlay"} & set(recipe.cells) else []
    # Maps by their own maximum and densities by theirs have one bar.
    if "density" in recipe.cells and not (maps and recipe.range == "own"):
        maps.append("density")
    found = [_of_maps(material, kind) for kind in maps]
    if "difference" in recipe.cells:
        full, base = _share(material.full("difference")), material.names[recipe.base]
        words = f"+{full} of the attribution on one pixel, less {base}'s{_log(recipe)}"
        found.append(Bar(ramp(-1, 256, 1), f"−{full}", words))
    if "informative" in recipe.references:
        found.append(Bar(ramp(-1, 256, 1), "only group B (wide)", "both groups"))
    return found


def _of_maps(material: Material, kind: Kind) -> Bar:
    recipe = material.recipe
    if recipe.range == "own":
        least = "0" if recipe.scale == "linear" else f"≤ {10**-DECADES:g}"
        return Bar(ramp(0, 256, 1), least, f"1 of each map's own maximum{_log(recipe)}")
    full = material.full(kind)
    least = "0" if recipe.scale == "linear" else f"≤ {_share(full / 10**DECADES)}"
    what = "kernel density" if kind == "density" else "attribution"
    return Bar(ramp(0, 256, 1), least, f"{_share(full)} of a network's {what} on one pixel{_log(recipe)}")


def _log(recipe: Recipe) -> str:
    return ", logarithmic" if recipe.scale == "log" else ""


def _share(value: float) -> str:
    return f"{value * 100:.2g} %"


def note(material: Material) -> str:
    """The settings that every number and map of a figure depends on, in one line."""
    recipe = material.recipe
    lines = list(dict.fromkeys(settings_of(result) for result in material.results.values()))
    quality = quality_names(recipe.under)
    if quality and any(source.hr is not None for source in material.sources):
        sizes = {(material.field(spot).width, material.field(spot).height) for spot in spots(recipe)}
        named = " and ".join(f"{w * material.scale}×{h * material.scale}" for w, h in sorted(sizes))
        lines.append(f"{quality} on luma of the {named} crop")
    if recipe.maps == "area" and set(recipe.cells) - {"sr"}:
        lines.append(f"maps show the part that holds {SQUARE_SHARE:.0%} of every network's attribution")
    return " · ".join(lines)


def quality_names(under: Sequence[Number]) -> str:
    """`PSNR / SSIM` as far as they stand under the cells."""
    return " / ".join({"psnr": "PSNR", "ssim": "SSIM"}[name] for name in under if name != "di")
