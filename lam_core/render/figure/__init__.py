"""The figure of a paper: a recipe, the results it names, their layout, and its drawing; for page and terminal alike."""

from lam_core.render.figure.canvas import Layout
from lam_core.render.figure.draw import FONTS, MOST_PIXELS, NoMatplotlibError
from lam_core.render.figure.embedded import read_recipe
from lam_core.render.figure.files import SUFFIXES, file
from lam_core.render.figure.layout import layout
from lam_core.render.figure.material import FigureError, Material, Slot, Source, Spot, one_scale, requests_of, slots
from lam_core.render.figure.published import published_figure
from lam_core.render.figure.recipe import TEMPLATES, ImageSource, Inset, Network, Recipe, RecipeError, Window
from lam_core.render.figure.recipe_text import from_json, from_toml, to_json, to_toml

__all__ = [
    "FONTS",
    "MOST_PIXELS",
    "SUFFIXES",
    "TEMPLATES",
    "FigureError",
    "ImageSource",
    "Inset",
    "Layout",
    "Material",
    "Network",
    "NoMatplotlibError",
    "Recipe",
    "RecipeError",
    "Slot",
    "Source",
    "Spot",
    "Window",
    "file",
    "from_json",
    "from_toml",
    "layout",
    "one_scale",
    "published_figure",
    "read_recipe",
    "requests_of",
    "slots",
    "to_json",
    "to_toml",
]
