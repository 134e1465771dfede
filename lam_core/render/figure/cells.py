"""One cell of a figure: its pixels, its boxes, its insets, and the words under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite

from lam_core.attribution.wording import index_of
from lam_core.images import Pixels
from lam_core.region import Region
from lam_core.render.figure.material import Material, Quality, Slot, Spot
from lam_core.render.figure.recipe import Corner, Inset, Kind, Number, Reference
from lam_core.render.pictures import density_over, difference_over, informative_over, logarithmic, map_over, red


@dataclass(frozen=True)
class Box:
    """A coloured rectangle, in shares of its cell's width and height."""

    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True, eq=False)
class Close:
    """An enlarged part in a corner of a cell."""

    pixels: Pixels
    corner: Corner
    share: float
    colour: str


@dataclass(frozen=True, eq=False)
class Cell:
    """What stands in one place of a figure."""

    pixels: Pixels | None
    """At their own size, [h, w, 3]; None where the result is not there yet."""
    aspect: float
    """Height by width."""
    label: str
    boxes: tuple[Box, ...] = ()
    insets: tuple[Close, ...] = ()
    numbers: str = ""
    is_white: bool = False
    """White at its edges, so that it needs an outline."""
    name: str = ""
    """What it is, in words that are unique in the figure: for files and alternative texts."""


def reference_cell(material: Material, spot: Spot, kind: Reference) -> Cell:
    """A cell that belongs to no network."""
    recipe = material.recipe
    label = recipe.label(kind) or material.sources[spot.image].name
    name = f"{_where(material, spot)} {kind}"
    if kind == "overview":
        return _overview(material, spot, label, name)
    if kind == "informative":
        return _field_cell(material, spot, _informative(material, spot), label, "", name)
    lr, hr = material.part(spot)
    if kind == "hr" and hr is not None:
        return _crop(material, spot, hr, label, "", name)
    if kind == "bicubic":
        pixels = material.bicubic(spot)
        return _crop(material, spot, pixels, label, figures(recipe.under, material.quality(spot, pixels)), name)
    return _crop(material, spot, lr, "LR" if kind == "hr" else label, "", name)


def network_cell(material: Material, slot: Slot, kind: Kind, under: Sequence[Number]) -> Cell:
    """A cell of one network, with those numbers under it."""
    spot = Spot(*slot[:2])
    label, result = material.recipe.label(kind), material.results.get(slot)
    name = f"{_where(material, spot)} {material.names[slot.network]} {kind}"
    numbers = ""
    if result is not None:
        numbers = figures(under, material.quality_of(slot), index_of(result))
    if kind == "sr":
        if result is None:
            return _empty(material, spot, label, name, crop=True)
        return _crop(material, spot, result.sr, label, numbers, name)
    cell = _field_cell(material, spot, coloured(material, slot, kind), label, numbers, name)
    return replace(cell, is_white=kind == "map")


def coloured(material: Material, slot: Slot, kind: Kind) -> Pixels | None:
    """A map, a density or a difference in its colours, [h, w, 3] of LR size; None without a result."""
    values = material.values(slot, kind)
    if values is None:
        return None
    shown = values / material.full(kind)
    if material.recipe.scale == "log":
        shown = logarithmic(shown)
    lr, _ = material.part(Spot(*slot[:2]))
    match kind:
        case "map":
            return red(shown)
        case "density":
            return density_over(lr, shown)
        case "overlay":
            return map_over(lr, shown)
        case _:
            return difference_over(lr, shown)


def figures(under: Sequence[Number], quality: Quality | None, index: str = "") -> str:
    """The numbers under a cell, such as `27.31 / 0.8123 · DI 13.2 ± 0.1`."""
    words = []
    if quality is not None:
        decibels = f"{quality.psnr:.2f}" if isfinite(quality.psnr) else "∞"
        written = {"psnr": decibels, "ssim": f"{quality.ssim:.4f}"}
        chosen = [name for name in ("psnr", "ssim") if name in under]
        if chosen == ["psnr"]:
            words.append(f"{decibels} dB")
        elif chosen:
            words.append(" / ".join(written[name] for name in chosen))
    if index and "di" in under:
        words.append(f"DI {index}")
    return " · ".join(words)


def crop_side(material: Material, spot: Spot) -> int:
    """Side in SR pixels of what HR, LR, bicubic and SR show: whole LR pixels, the window inside."""
    region, scale, crop = material.region(spot), material.scale, material.recipe.crop
    field = material.field(spot)
    whole = max(field.width, field.height) * scale
    wanted = {"close": 4 * region.size, "window": region.size, "field": whole}.get(str(crop), crop)
    assert isinstance(wanted, int)
    # A window that does not begin on an LR pixel needs one pixel more to lie inside whole ones.
    needed = -(-(region.size + (scale - 1 if region.x % scale or region.y % scale else 0)) // scale) * scale
    return min(max(-(-wanted // scale) * scale, needed), whole)


def crop_of(material: Material, spot: Spot) -> tuple[Region, int, int]:
    """The window inside the crop, in SR pixels, and the crop's left and top edge in the field."""
    scale, local, side = material.scale, material.local(spot), crop_side(material, spot)
    field = material.field(spot)
    height, width = min(side, field.height * scale), min(side, field.width * scale)

    def start(position: int, length: int, available: int) -> int:
        aligned = (position + local.size // 2 - length // 2) // scale * scale
        inside = min(max(aligned, 0), available - length)
        # Rounding to LR pixels must leave neither edge of the window outside.
        return min(max(inside, -(-(position + local.size - length) // scale) * scale), position // scale * scale)

    x, y = start(local.x, width, field.width * scale), start(local.y, height, field.height * scale)
    return Region(local.x - x, local.y - y, local.size), x, y


def _crop(material: Material, spot: Spot, pixels: Pixels, label: str, numbers: str, name: str) -> Cell:
    """The crop of an image of the field, given at LR or at SR size."""
    scale, side = material.scale, crop_side(material, spot)
    inside, x, y = crop_of(material, spot)
    field = material.field(spot)
    per = 1 if pixels.shape[:2] == (field.height * scale, field.width * scale) else scale
    part = pixels[y // per : (y + side) // per, x // per : (x + side) // per]
    height, width = part.shape[0] * per, part.shape[1] * per
    colour = material.recipe.images[spot.image].colour(spot.window)
    areas = [(inset, _inset_area(inset, inside, height, width)) for inset in material.recipe.insets]
    # A crop that is the window needs no box, and what an inset enlarges has the inset's own.
    marked = [] if inside.size >= min(height, width) or inside in [a for _, a in areas] else [(inside, colour)]
    marked += [(area, inset.colour or colour) for inset, area in areas]
    boxes = tuple(_box(region, height, width, own) for region, own in marked)
    insets = tuple(
        Close(_cut(part, area, per), inset.corner, inset.share, inset.colour or colour) for inset, area in areas
    )
    return Cell(part, height / width, label, boxes, insets, numbers, name=name)


def _cut(part: Pixels, area: Region, per: int) -> Pixels:
    rows, columns = (
        slice(start // per, max(-(-(start + area.size) // per), start // per + 1)) for start in (area.y, area.x)
    )
    return part[rows, columns]


def _inset_area(inset: Inset, window: Region, height: int, width: int) -> Region:
    """What an inset enlarges, pushed inside its crop."""
    size = min(inset.size or window.size, height, width)
    x, y = (
        min(max(start, 0), side - size) for start, side in ((window.x + inset.dx, width), (window.y + inset.dy, height))
    )
    return Region(x, y, size)


def _box(region: Region, height: int, width: int, colour: str) -> Box:
    return Box(region.x / width, region.y / height, region.size / width, region.size / height, colour)


def _overview(material: Material, spot: Spot, label: str, name: str) -> Cell:
    """The field or the whole image; windows boxed, or in a comparison the crops that stand beside it."""
    source, scale, recipe = material.sources[spot.image], material.scale, material.recipe
    image = recipe.images[spot.image]
    if recipe.overview == "image":
        lr, hr, left, top = source.lr, source.hr, 0, 0
        shown = [Spot(spot.image, w) for w in range(len(image.windows))]
    else:
        field = material.field(spot)
        (lr, hr), left, top, shown = material.part(spot), field.x * scale, field.y * scale, [spot]
    height, width = (side * scale for side in lr.shape[:2])
    boxes = []
    for one in shown:
        region = material.region(one)
        if recipe.template == "comparison":
            inside, _, _ = crop_of(material, one)
            region = Region(region.x - inside.x, region.y - inside.y, crop_side(material, one))
        box = _box(region.moved(-left, -top), height, width, image.colour(one.window))
        boxes.append(replace(box, width=min(box.width, 1 - box.x), height=min(box.height, 1 - box.y)))
    return Cell(lr if hr is None else hr, height / width, label, tuple(boxes), name=name)


def _field_cell(material: Material, spot: Spot, pixels: Pixels | None, label: str, numbers: str, name: str) -> Cell:
    """A cell of LR size: the whole field, or the part of it where the attribution is."""
    if pixels is None:
        return _empty(material, spot, label, name, crop=False)
    rows, columns = material.area(spot) if material.recipe.maps == "area" else (slice(0, None), slice(0, None))
    part = pixels[rows, columns]
    height, width = (side * material.scale for side in part.shape[:2])
    colour = material.recipe.images[spot.image].colour(spot.window)
    window = material.local(spot)
    inside = Region(window.x - columns.start * material.scale, window.y - rows.start * material.scale, window.size)
    return Cell(part, height / width, label, (_box(inside, height, width, colour),), (), numbers, name=name)


def _empty(material: Material, spot: Spot, label: str, name: str, *, crop: bool) -> Cell:
    field = material.field(spot)
    side = crop_side(material, spot) if crop else max(field.height, field.width) * material.scale
    height, width = min(side, field.height * material.scale), min(side, field.width * material.scale)
    return Cell(None, height / width, label, name=name)


def _informative(material: Material, spot: Spot) -> Pixels | None:
    areas = material.areas(spot)
    lr, _ = material.part(spot)
    return None if areas is None else informative_over(lr, areas.shown)


def _where(material: Material, spot: Spot) -> str:
    region = material.region(spot)
    return f"{material.sources[spot.image].name} x{region.x} y{region.y} {region.size}"
