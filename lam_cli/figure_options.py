"""The options of `lam figure`: from a command line to a recipe."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lam_cli.arguments import InputError, add_overrides, add_settings, attribution_settings, window
from lam_core.attribution.settings import AttributionSettings
from lam_core.render.figure import (
    FONTS,
    TEMPLATES,
    ImageSource,
    Inset,
    Network,
    Recipe,
    RecipeError,
    Window,
    read_recipe,
)
from lam_core.render.figure.recipe import LABELS, Across, Corner, Kind, Number, Range, Reference, Scale, names_of
from lam_core.samples import UnknownSampleError, sample

CODE = re.compile(r"\.py:\w+$")
"""The end of a reference to a Python function."""
CHOICES: dict[str, Any] = {"references": Reference, "cells": Kind, "under": Number}
"""Options that take names joined by commas, or `none`."""
PLAIN = ("template", "across", "per_row", "overview", "maps", "range", "baseline", "caption", "width_mm", "font",
         "font_size", "gap_mm", "box", "dpi")  # fmt: skip
"""Options that are entries of a recipe as they are."""


def add_options(command: argparse.ArgumentParser) -> None:
    """Adds the options that make a recipe."""
    command.add_argument("images", nargs="*", metavar="IMAGE", help="HR images, LR ones with --lr, or ids of samples")
    command.add_argument("--models", metavar="A,B", help="models as for --model, in the order of the figure")
    command.add_argument("--names", metavar="A,B", help="what the figure calls them")
    command.add_argument(
        "--window",
        action="append",
        default=[],
        metavar="[N:]X,Y,SIZE",
        help="in SR pixels, of every image or of the Nth alone; repeatable",
    )
    command.add_argument("--window-names", metavar="A,B", help="written beside the windows")
    source = command.add_mutually_exclusive_group()
    source.add_argument("--recipe", type=Path, metavar="FILE.toml", help="take everything that is not given from it")
    source.add_argument("--from", dest="again", type=Path, metavar="FILE", help="the same from a finished figure")
    look = command.add_argument_group("looks")
    look.add_argument("--template", choices=tuple(TEMPLATES))
    look.add_argument("--references", metavar="A,B", help=f"cells before the networks': {_listed(Reference)} or none")
    look.add_argument("--cells", metavar="A,B", help=f"cells of each network: {_listed(Kind)} or none")
    look.add_argument("--across", choices=names_of(Across), help="what the columns are")
    look.add_argument("--per-row", type=int, metavar="N", help="crops in a row of a comparison")
    look.add_argument("--overview", choices=("field", "image"), help="what the overview shows")
    look.add_argument("--maps", choices=("field", "area"), help="what maps show: all, or where 99 %% of it is")
    look.add_argument("--crop", metavar="close|window|field|N", help="what images of the window show, SR pixels")
    look.add_argument(
        "--inset",
        action="append",
        metavar="window|none|DX,DY,SIZE[,CORNER[,#RRGGBB]]",
        help=f"zoom insets, from the window's corner; repeatable; corners: {_listed(Corner)}",
    )
    look.add_argument("--under", metavar="A,B", help=f"numbers under the cells: {_listed(Number)} or none")
    look.add_argument("--colour-scale", choices=names_of(Scale), help="of the maps' values")
    look.add_argument("--range", choices=names_of(Range), help="of colours: each map's own, or one for all")
    look.add_argument("--bar", action=argparse.BooleanOptionalAction, help="a colour bar")
    look.add_argument("--note", action=argparse.BooleanOptionalAction, help="the settings below")
    look.add_argument("--baseline", metavar="MODEL", help="of differences")
    look.add_argument("--wide", metavar="A,B", help="models of the wide group of informative areas")
    look.add_argument(
        "--label", action="append", default=[], metavar="KIND=TEXT", help=f"other names: {', '.join(LABELS)}"
    )
    look.add_argument("--caption", help="of the LaTeX snippet and the file")
    look.add_argument("--width", dest="width_mm", type=float, metavar="MM")
    look.add_argument("--font", help=f"{', '.join(FONTS)}, or one that is installed")
    look.add_argument("--font-size", type=float, metavar="PT")
    look.add_argument("--gap", dest="gap_mm", type=float, metavar="MM")
    look.add_argument("--box", type=float, metavar="PT", help="width of boxes")
    look.add_argument("--dpi", type=int, help="of PNG")
    command.add_argument("--lr", action="store_true", help="the images are low-resolution as they are")
    command.add_argument(
        "--hr", action="append", default=[], metavar="FILE", help="the HR image of each LR one, in order; implies --lr"
    )
    add_overrides(command)
    add_settings(command)


def recipe_of(options: argparse.Namespace) -> Recipe:
    """The recipe that the options name, or that of a file with what they change. Raises `InputError`, `RecipeError`."""
    given = options.again or options.recipe
    changes: dict[str, Any] = {} if given and options.template is None else dict(TEMPLATES[options.template or "lam"])
    changes |= {name: value for name in PLAIN if (value := getattr(options, name)) is not None}
    for name, kinds in CHOICES.items():
        if (text := getattr(options, name)) is not None:
            changes[name] = _names(f"--{name}", text, names_of(kinds))
    for name in ("bar", "note"):
        if getattr(options, name) is not None:
            changes[name] = getattr(options, name)
    if options.colour_scale is not None:
        changes["scale"] = options.colour_scale
    if options.crop is not None:
        changes["crop"] = _crop(options.crop)
    if options.inset is not None:
        changes["insets"] = tuple(_inset(text) for text in options.inset if text != "none")
    if options.wide is not None:
        changes["wide"] = tuple(options.wide.split(","))
    if options.label:
        changes["labels"] = dict(_label(text) for text in options.label)
    old = _read(given) if given else None
    networks = _networks(options, old)
    images = _images(options, old)
    settings = attribution_settings(options, old.settings if old else AttributionSettings())
    if old is None:
        return Recipe(images, networks, settings=settings, **changes)
    if options.models is not None:
        changes = {"baseline": "", "wide": (), **changes}
    return replace(old, images=images, networks=networks, settings=settings, **changes)


def _read(path: Path) -> Recipe:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {str(path)!r}: {error.strerror or error}") from None
    try:
        return read_recipe(content)
    except RecipeError as error:
        raise InputError(f"{path.name}: {error}") from None


def _networks(options: argparse.Namespace, old: Recipe | None) -> tuple[Network, ...]:
    if options.models is None and old is None:
        raise InputError("no networks; give --models A,B, or a figure with --from")
    before = {network.model: network for network in old.networks} if old else {}
    if options.models is None:
        networks = tuple(before.values())
        if code := [network.model for network in networks if CODE.search(network.model)]:
            raise InputError(f"this figure names {code[0]}, and no file may choose which code runs; give --models")
    else:
        models = [model.strip() for model in options.models.split(",")]
        networks = tuple(replace(before.get(model, Network(model)), fingerprint="") for model in models)
    if options.names is None:
        return networks
    names = [name.strip() for name in options.names.split(",")]
    if len(names) != len(networks):
        raise InputError(f"--names gives {len(names)} names for {len(networks)} networks; give one for each")
    return tuple(replace(network, name=name) for network, name in zip(networks, names, strict=True))


def _images(options: argparse.Namespace, old: Recipe | None) -> tuple[ImageSource, ...]:
    named = list(options.images)
    if not named and old is None:
        raise InputError("no image; give one, or a figure with --from")
    count = len(named) or len(old.images if old else ())
    windows: list[list[Window]] = [[] for _ in range(count)]
    for text in options.window:
        number, colon, place = text.rpartition(":")
        region = window(place)
        if colon and not (number.isdigit() and 1 <= int(number) <= count):
            raise InputError(f"--window is {text!r}; give X,Y,SIZE, or N:X,Y,SIZE with N from 1 to {count}")
        for index in [int(number) - 1] if colon else range(count):
            windows[index].append(Window(region.x, region.y, region.size))
    if options.window and not all(windows):
        raise InputError(f"image {windows.index([]) + 1} has no window; give --window X,Y,SIZE")
    if not options.window and old is None:
        raise InputError("no window; give --window X,Y,SIZE in SR pixels, such as 120,120,16")
    if options.hr and len(options.hr) != count:
        raise InputError(f"--hr names {len(options.hr)} HR images for {count} images; give one for each")
    images = []
    for index in range(count):
        before = old.images[min(index, len(old.images) - 1)] if old else None
        chosen = tuple(windows[index]) if options.window else before.windows if before else ()
        if named or before is None:
            low = options.lr or bool(before and before.low_resolution)
            image = ImageSource(**_source(named[index]), low_resolution=low, windows=chosen)
        else:
            image = replace(before, windows=chosen)
        if options.hr:
            image = replace(image, low_resolution=True, hr=options.hr[index], hr_sha256="")
        images.append(image)
    if options.window_names is None:
        return tuple(images)
    return _with_names(images, [name.strip() for name in options.window_names.split(",")])


def _with_names(images: Sequence[ImageSource], names: Sequence[str]) -> tuple[ImageSource, ...]:
    """Names for all windows in the order of the figure, or for those of one image if all have as many."""
    counts = [len(image.windows) for image in images]
    if len(names) == counts[0] and set(counts) == {counts[0]}:
        names = [*names] * len(images)
    if len(names) != sum(counts):
        raise InputError(f"--window-names gives {len(names)} names for {sum(counts)} windows; give one for each")
    rest = iter(names)
    return tuple(
        replace(image, windows=tuple(replace(one, name=next(rest)) for one in image.windows)) for image in images
    )


def _source(named: str) -> dict[str, str]:
    """A file, or a sample where no file is called so."""
    if not Path(named).exists():
        try:
            return {"sample": sample(named).id}
        except UnknownSampleError:
            pass
    return {"file": named}


def _crop(text: str) -> Any:
    if text in ("close", "window", "field"):
        return text
    if not text.isdigit():
        raise InputError(f"--crop is {text!r}; give close, window, field or a side in SR pixels")
    return int(text)


def _inset(text: str) -> Inset:
    if text == "window":
        return Inset()
    parts = text.split(",")
    try:
        dx, dy, size = (int(part) for part in parts[:3])
    except ValueError:
        raise InputError(f"--inset is {text!r}; give window, none or DX,DY,SIZE[,CORNER[,#RRGGBB]]") from None
    corner, colour = [*parts[3:], *("bottom-right", "")[len(parts) - 3 :]][:2]
    if len(parts) > 5 or corner not in names_of(Corner):
        raise InputError(f"--inset is {text!r}; its corner is one of {_listed(Corner)}")
    return Inset(dx, dy, size, corner, colour)  # pyright: ignore[reportArgumentType]


def _label(text: str) -> tuple[str, str]:
    kind, equals, name = text.partition("=")
    if not equals or kind not in LABELS:
        raise InputError(f"--label is {text!r}; give KIND=TEXT with KIND one of {', '.join(LABELS)}")
    return kind, name


def _names(option: str, text: str, allowed: Sequence[str]) -> tuple[Any, ...]:
    if text == "none":
        return ()
    names = tuple(name.strip() for name in text.split(","))
    if wrong := [name for name in names if name not in allowed]:
        raise InputError(f"{option} names {wrong[0]!r}; choose among {', '.join(allowed)}, or none")
    return names


def _listed(kinds: Any) -> str:
    return ", ".join(names_of(kinds))
