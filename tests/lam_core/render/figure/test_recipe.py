"""Recipes as text: nothing is lost on the way, and every fault is one sentence that names the entry."""

import json

import pytest

from lam_core.attribution.settings import AttributionSettings
from lam_core.render.figure import (
    TEMPLATES,
    ImageSource,
    Inset,
    Network,
    Recipe,
    RecipeError,
    Window,
    from_json,
    from_toml,
    read_recipe,
    to_json,
    to_toml,
)
from tests.lam_core.render.figure.made import recipe

FULL = Recipe(
    images=(
        ImageSource(file="a (1).png", name='“A”, \\ "b" 图', windows=(Window(1, 2, 8, "top", "#00ff00"), Window(3, 4))),
        ImageSource(sample="brick", sha256="a" * 64, low_resolution=True, windows=(Window(0, 0, 16),)),
    ),
    networks=(Network("edsr", "Ours 😀"), Network("owner/repo:file.pth", fingerprint="f" * 64)),
    template="comparison",
    references=("hr", "informative"),
    cells=("sr", "difference"),
    across="cells",
    per_row=3,
    overview="image",
    crop=96,
    maps="area",
    insets=(Inset(1, -2, 8, "top-left", "#123456", 0.5),),
    under=("psnr", "di"),
    scale="log",
    range="shared",
    bar=False,
    note=False,
    baseline="owner/repo:file.pth",
    wide=("edsr",),
    labels={"sr": "Output"},
    caption="100 % of $x_1$ & more",
    width_mm=84.5,
    font="STIXGeneral",
    font_size=6.5,
    gap_mm=0.5,
    box=0.7,
    dpi=600,
    settings=AttributionSettings(rule="reference", field="full", nodes=10, tolerance=0.05),
)


@pytest.mark.parametrize("made", [FULL, recipe(), recipe(3, 4, 2, **TEMPLATES["comparison"])], ids=["full", "a", "b"])
def test_a_recipe_comes_back_from_toml_and_json(made: Recipe) -> None:
    assert from_toml(to_toml(made)) == made
    assert from_json(to_json(made)) == made
    assert to_json(made).isascii()
    assert read_recipe(to_toml(made).encode()) == read_recipe(to_json(made).encode()) == made


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"widht_mm": 80}, "unknown entry 'widht_mm'; did you mean 'width_mm'"),
        ({"width_mm": "80"}, "width_mm of the recipe: input should be a valid number, not '80'"),
        ({"width_mm": 1e9}, "width_mm is 1e+09; choose 20 to 500"),
        ({"dpi": 72.5}, "dpi of the recipe"),
        ({"cells": ["sr", "heat"]}, "cells.2 of the recipe"),
        ({"cells": ["sr", "sr"]}, "cells names 'sr' twice"),
        ({"cells": [], "references": []}, "both empty"),
        ({"networks": []}, "0 networks"),
        ({"networks": [{"model": "a"}, {"model": "a"}]}, "'a' is named twice"),
        ({"images": [{"file": "a.png"}]}, "an image has 0 windows"),
        ({"images": [{"file": "a.png", "sample": "b", "windows": [{"x": 0, "y": 0}]}]}, "either `file` or `sample`"),
        ({"images": [{"file": "a.png", "windows": [{"x": -1, "y": 0}]}]}, "both must be 0 or more"),
        ({"images": [{"file": "a.png", "windows": [{"x": 0, "y": 0, "colour": "red"}]}]}, "give #rrggbb"),
        ({"images": [{"file": "a\u0000.png", "windows": [{"x": 0, "y": 0}]}]}, "control character"),
        ({"settings": {"sigma": 50.0}}, "sigma is 50.0"),
        ({"settings": {"sigmaa": 1.0}}, "unknown entry 'settings.sigmaa'; did you mean 'sigma'"),
        ({"baseline": "z"}, "baseline is 'z'"),
        ({"labels": {"heat": "x"}}, "labels has 'heat'"),
        ({"references": ["informative"], "networks": [{"model": "a"}]}, "two groups"),
        ({"cells": ["difference"], "networks": [{"model": "a"}]}, "two networks"),
        ({"per_row": 0}, "per_row is 0"),
        ({"crop": 3}, "crop is 3"),
        ({"caption": "x" * 3000}, "3000 characters"),
        ({"insets": [{"share": 2.0}]}, "share is 2"),
        ({"lam_figure": 2}, "no recipe of a figure"),
    ],
)
def test_every_fault_is_one_sentence(change: dict, says: str) -> None:
    content = {
        "lam_figure": 1,
        "images": [{"file": "a.png", "windows": [{"x": 0, "y": 0}]}],
        "networks": [{"model": "a"}, {"model": "b"}],
    }
    with pytest.raises(RecipeError) as raised:
        from_json(json.dumps({**content, **change}))
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "text", ["", "[" * 5000, "lam_figure = 1\n[", '{"lam_figure":1', "x" * 300_000, "lam_figure = 1", "null", "[1]"]
)
def test_what_is_no_recipe_is_refused(text: str) -> None:
    for read in (from_toml, from_json, lambda t: read_recipe(t.encode())):
        with pytest.raises(RecipeError):
            read(text)
