"""The recipe of a figure: everything that decides how it looks, as plain values; networks and images by name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from lam_core.attribution.settings import AttributionSettings
from lam_core.errors import LamError
from lam_core.region import Region

Reference = Literal["overview", "hr", "lr", "bicubic", "informative"]
"""A cell without a network: the image with all windows boxed; HR, LR and bicubic around the window; informative areas
of all networks."""
Kind = Literal["sr", "map", "overlay", "density", "difference"]
"""A cell of one network: its SR around the window; its map; the map over a faint LR; the kernel density of the map
blended with LR; the map's shares of attribution less those of the baseline."""
Number = Literal["psnr", "ssim", "di"]
Template = Literal["lam", "comparison"]
"""`lam`: a table a window, networks across or down. `comparison`: the overview beside rows of crops."""
Across = Literal["networks", "cells"]
Scale = Literal["linear", "log"]
Range = Literal["own", "shared"]
Crop = int | Literal["close", "window", "field"]
"""Side in SR pixels of what HR, LR, bicubic and SR show; `close` is four times the window."""
Corner = Literal["top-left", "top-right", "bottom-left", "bottom-right"]

LABELS = {
    "overview": "",
    "hr": "HR",
    "lr": "LR",
    "bicubic": "Bicubic",
    "informative": "Informative areas",
    "sr": "SR",
    "map": "LAM",
    "overlay": "LAM on LR",
    "density": "KDE on LR",
    "difference": "Difference",
}
"""What cells are called unless a recipe's `labels` says otherwise; the overview by its image's name."""
COLOURS = ("#ffc400", "#00a878", "#4aa3ff", "#d55e9e", "#8f5bd6", "#e8751a", "#7a5c3e", "#5f6b75")
"""Boxes of an image's windows, in order."""

MOST_IMAGES, MOST_WINDOWS, MOST_NETWORKS, MOST_INSETS = 24, 24, 12, 4
MOST_CELLS = 600
LONGEST_NAME, LONGEST_TEXT = 120, 2000
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_STRICT = {"extra": "forbid", "strict": True, "allow_inf_nan": False}


class RecipeError(LamError, ValueError):
    """A recipe that no figure can be made from; the message names the entry and what it may be."""


@dataclass(frozen=True)
class Window:
    """One window of an image, in SR pixels."""

    x: int
    y: int
    size: int = 16
    name: str = ""
    """Written beside the window's part of the figure."""
    colour: str = ""
    """Of its box, as #rrggbb; by order where empty."""

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        _ = self.region
        check_text("a window's name", self.name, LONGEST_NAME)
        check_colour(self.colour)

    @property
    def region(self) -> Region:
        """The window. Raises `RegionError`."""
        return Region(self.x, self.y, self.size)


@dataclass(frozen=True)
class ImageSource:
    """An image by its name, and the windows on it."""

    file: str = ""
    """A file name, found in the folder of the recipe or the current one; never a whole path in a finished figure."""
    sample: str = ""
    """The id of a sample, in place of a file."""
    name: str = ""
    """Shown; the file's or the sample's where empty."""
    sha256: str = ""
    """`lam_core.images.digest` of the image, by which a figure notices another image of the same name."""
    low_resolution: bool = False
    """The image is LR as it is; there is no HR unless `hr` names it."""
    hr: str = ""
    """The file of an LR image's own HR image, found as `file` is."""
    hr_sha256: str = ""
    """`lam_core.images.digest` of that image, without rows and columns beyond whole LR pixels."""
    windows: tuple[Window, ...] = ()

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        if bool(self.file) == bool(self.sample):
            raise RecipeError("an image needs either `file` or `sample`; give one of them")
        for what, text in (("an image's file", self.file), ("an HR image's file", self.hr)):
            check_text(what, text, LONGEST_TEXT)
        for what, text in (("a sample", self.sample), ("an image's name", self.name)):
            check_text(what, text, LONGEST_NAME)
        for what, text in (("sha256", self.sha256), ("hr_sha256", self.hr_sha256)):
            if text and not re.fullmatch(r"[0-9a-f]{64}", text):
                raise RecipeError(f"{what} is {text[:80]!r}; give 64 hexadecimal digits, or leave it out")
        if self.hr and not self.low_resolution:
            raise RecipeError("`hr` names the HR image of an LR one; add low_resolution = true, or leave `hr` out")
        if not 1 <= len(self.windows) <= MOST_WINDOWS:
            raise RecipeError(f"an image has {len(self.windows)} windows; give 1 to {MOST_WINDOWS}")

    def colour(self, window: int) -> str:
        """Of a window's box."""
        return self.windows[window].colour or COLOURS[window % len(COLOURS)]


@dataclass(frozen=True)
class Network:
    """A network by the reference that `lam` takes, under the name that the figure gives it."""

    model: str
    name: str = ""
    """The network's own where empty."""
    fingerprint: str = ""
    """By which a figure notices other weights of the same name."""

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        if not self.model:
            raise RecipeError("a network without `model`; give an id of `lam zoo list` or a checkpoint")
        check_text("a network", self.model, LONGEST_TEXT)
        check_text("a fingerprint", self.fingerprint, LONGEST_NAME)
        check_text("a network's name", self.name, LONGEST_NAME)


@dataclass(frozen=True)
class Inset:
    """An enlarged part of HR, LR, bicubic and SR, in a corner of them, with a box of its colour in both places."""

    dx: int = 0
    """Of its left edge from the window's, in SR pixels."""
    dy: int = 0
    size: int = 0
    """Side in SR pixels; the window's where 0."""
    corner: Corner = "bottom-right"
    colour: str = ""
    """As #rrggbb; the window's where empty."""
    share: float = 0.36
    """Of the cell's shorter side."""

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        if not 0 <= self.size <= 4096 or max(abs(self.dx), abs(self.dy)) > 65536:
            raise RecipeError(f"an inset at ({self.dx}, {self.dy}) of {self.size} SR pixels; give 0 to 4096 pixels")
        if not 0.1 <= self.share <= 0.8:
            raise RecipeError(f"an inset's share is {self.share:g}; give 0.1 to 0.8 of the cell")
        check_colour(self.colour)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides how a figure looks. Raises `RecipeError` for what cannot be drawn."""

    images: tuple[ImageSource, ...]
    networks: tuple[Network, ...]
    """In the order of the figure; the first is the baseline of differences unless `baseline` names another."""
    template: Template = "lam"
    references: tuple[Reference, ...] = ()
    """Cells without a network, before the networks'."""
    cells: tuple[Kind, ...] = ("sr", "map", "density")
    """Cells of each network."""
    across: Across = "networks"
    """What the columns of the `lam` template are; the others are its rows."""
    per_row: int = 4
    """Crops in a row of the `comparison` template."""
    overview: Literal["field", "image"] = "field"
    """What the overview shows: the crop that was attributed, or the whole image."""
    crop: Crop = "close"
    maps: Literal["field", "area"] = "field"
    """What maps show: all that was attributed, or the part of it that holds 99 % of every network's attribution."""
    insets: tuple[Inset, ...] = ()
    under: tuple[Number, ...] = ("di",)
    """Numbers under the cells: PSNR and SSIM of the network's SR on the field, DI with its error."""
    scale: Scale = "linear"
    range: Range = "own"
    """`own`: each map by its own maximum, as published. `shared`: all maps as shares of attribution, one scale."""
    bar: bool = True
    """A colour bar below."""
    note: bool = True
    """The settings below, without which a DI says nothing."""
    baseline: str = ""
    """`model` of the network that differences are to."""
    wide: tuple[str, ...] = ()
    """`model` of each network of the wide group of informative areas; split at the widest gap of DI where empty."""
    labels: dict[str, str] = field(default_factory=dict)
    """Other names for cells, by kind."""
    caption: str = ""
    """Of the LaTeX snippet, and the file's title."""
    width_mm: float = 174.0
    font: str = "DejaVu Sans"
    font_size: float = 7.0
    """In points."""
    gap_mm: float = 1.0
    box: float = 1.0
    """Width of boxes in points."""
    dpi: int = 300
    """Of PNG."""
    settings: AttributionSettings = field(default_factory=AttributionSettings)

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        _count("images", len(self.images), 1, MOST_IMAGES)
        _count("networks", len(self.networks), 0 if self.cells == () else 1, MOST_NETWORKS)
        _count("insets", len(self.insets), 0, MOST_INSETS)
        _within("per_row", self.per_row, 1, 12)
        _within("width_mm", self.width_mm, 20, 500)
        _within("font_size", self.font_size, 3, 30)
        _within("gap_mm", self.gap_mm, 0, 20)
        _within("box", self.box, 0.1, 5)
        _within("dpi", self.dpi, 50, 1200)
        for name in ("references", "cells", "under"):
            if len(set(getattr(self, name))) < len(getattr(self, name)):
                raise RecipeError(f"{name} names {_twice(getattr(self, name))!r} twice; name each once")
        if not self.references and not self.cells:
            raise RecipeError("references and cells are both empty; choose at least one cell to show")
        models = [network.model for network in self.networks]
        if len(set(models)) < len(models):
            raise RecipeError(f"the network {_twice(models)!r} is named twice; name each once")
        for name, keys in (("baseline", (self.baseline,) if self.baseline else ()), ("wide", self.wide)):
            if unknown := [key for key in keys if key not in models]:
                raise RecipeError(f"{name} is {unknown[0]!r}, which is none of the networks; choose one of them")
        if "informative" in self.references and not (len(models) >= 2 and len(self.wide) < len(models)):
            raise RecipeError(f"informative areas need two groups of networks; {len(models)} networks give none")
        if "difference" in self.cells and len(models) < 2:
            raise RecipeError("a difference needs two networks; name another")
        if isinstance(self.crop, int):
            _within("crop", self.crop, 8, 4096)
        if unknown := self.labels.keys() - LABELS.keys():
            raise RecipeError(f"labels has {min(unknown)!r}; it takes {', '.join(LABELS)}")
        check_text("the font", self.font, LONGEST_NAME)
        check_text("the caption", self.caption, LONGEST_TEXT)
        for kind, text in self.labels.items():
            check_text(f"the label of {kind}", text, LONGEST_NAME)
        if (count := self.count) > MOST_CELLS:
            raise RecipeError(f"the figure would have {count} cells; at most {MOST_CELLS}, so split it")

    @property
    def count(self) -> int:
        """Cells in all."""
        windows = sum(len(image.windows) for image in self.images)
        return windows * (len(self.references) + len(self.networks) * len(self.cells))

    @property
    def base(self) -> int:
        """Index of the baseline."""
        models = [network.model for network in self.networks]
        return models.index(self.baseline) if self.baseline else 0

    def label(self, kind: str) -> str:
        """What a cell is called."""
        return self.labels.get(kind, LABELS[kind])


def check_text(what: str, text: str, longest: int) -> None:
    """Raises `RecipeError` for text that is too long or cannot be printed."""
    if len(text) > longest:
        raise RecipeError(f"{what} has {len(text)} characters; give at most {longest}")
    if found := _UNPRINTABLE.search(text):
        raise RecipeError(f"{what} holds the control character {found[0]!r}; leave it out")


def check_colour(colour: str) -> None:
    """Raises `RecipeError` for what is no #rrggbb."""
    if colour and not _COLOUR.fullmatch(colour):
        raise RecipeError(f"a colour is {colour[:40]!r}; give #rrggbb, such as {COLOURS[0]}")


def names_of(kind: Any) -> tuple[Any, ...]:
    """The values that a literal type of this module takes."""
    return get_args(kind)


def _count(what: str, count: int, least: int, most: int) -> None:
    if not least <= count <= most:
        raise RecipeError(f"the figure has {count} {what}; give {least} to {most}")


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise RecipeError(f"{name} is {value:g}; choose {low:g} to {high:g}")


def _twice(names: Iterable[str]) -> str:
    seen: set[str] = set()
    return next(name for name in names if name in seen or seen.add(name))


TEMPLATES: dict[Template, dict[str, Any]] = {
    "lam": {
        "template": "lam",
        "references": ("overview", "hr", "bicubic"),
        "cells": ("sr", "map", "density"),
        "under": ("di",),
        "insets": (),
    },
    "comparison": {
        "template": "comparison",
        "references": ("overview", "hr", "bicubic"),
        "cells": ("sr",),
        "under": ("psnr", "ssim"),
        "overview": "image",
        "insets": (Inset(),),
        "bar": False,
    },
}
"""What a template sets before anything else is chosen: the published figure, and crops as SR papers print them."""
