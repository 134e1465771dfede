"""From analyses to panels of linked scatters, and to what a visitor takes of a selection."""

from __future__ import annotations

import base64
import csv
import io
import zipfile
from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dashboard.app_pages.semantics.networks import Examined
from dashboard.components.linked_scatters import Panel, Shown
from dashboard.state.cache import Kept
from lam_core.images import Pixels
from lam_core.render import enlarged, png
from lam_core.semantics.design import Design
from lam_core.semantics.projection import turned_towards
from lam_core.semantics.reading import percentage
from lam_core.semantics.result import LayerResult
from lam_core.service.store import key_of

PLANES = ("t-SNE", "PCA")
_ACROSS = 12
"""Pictures in a row of the sheet that all tiles are cut from."""
_SHEETS = Kept("sheets", everybody=8, visitor=4)


def shown(design: Design, *, own: bool) -> Shown:
    """The pictures behind the points."""
    contents = list(design.contents)
    first = design.pictures[0].pixels
    return Shown(
        design=key_of(design.identity()),
        pictures=[picture.name for picture in design.pictures],
        contents=contents,
        content_of=[contents.index(picture.content) for picture in design.pictures],
        degradations=[degradation.title for degradation in design.degradations],
        sprite=_SHEETS.get(key_of(design.identity()), partial(_drawn, design), own=own),
        side=first.shape[0],
        columns=_ACROSS * len(design.degradations),
    )


def _drawn(design: Design) -> str:
    """All tiles in one picture, as a data URL."""
    tiles = [tile for row in design.degraded() for tile in row]
    columns = _ACROSS * len(design.degradations)
    height, width = tiles[0].shape[:2]
    side = max(height, width)
    sheet = np.zeros((-(-len(tiles) // columns) * side, columns * side, 3), np.uint8)
    for i, tile in enumerate(tiles):
        y, x = divmod(i, columns)
        sheet[y * side : y * side + height, x * side : x * side + width] = tile
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "WEBP", quality=88, method=4)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def across_networks(examined: Sequence[Examined], position: float, plane: str) -> list[Panel]:
    """A panel for every network at one depth, and the controls."""
    raw = examined[0].raw
    panels = []
    for one in examined:
        stage = one.stage(position)
        panels.append(_panel(one, stage, plane, raw, key=f"{one.offer.key}"))
    panels.append(_control("raw", "Raw pixels", raw, coordinates(raw, plane)))
    for one in examined:
        stage = one.stage(position)
        layer = one.untrained.layers[stage]
        title = f"{one.name}, untrained"
        points = _chained(one.untrained.layers, stage, plane, raw)
        panels.append(_control(f"untrained {one.offer.key}", title, layer, points))
    return panels


def along_layers(one: Examined, stages: Sequence[int], plane: str) -> list[Panel]:
    """A panel for every layer of one network, and the controls."""
    panels = [_panel(one, stage, plane, one.raw, key=f"layer {place}") for place, stage in enumerate(stages)]
    panels.append(_control("raw", "Raw pixels", one.raw, coordinates(one.raw, plane)))
    for place, stage in enumerate(stages):
        layer = one.untrained.layers[stage]
        points = _chained(one.untrained.layers, stage, plane, one.raw)
        panels.append(_control(f"untrained {place}", f"{layer.layer}, untrained", layer, points))
    return panels


def _panel(one: Examined, stage: int, plane: str, raw: LayerResult, *, key: str) -> Panel:
    layer = one.model.layers[stage]
    title = layer.layer if key.startswith("layer ") else one.name.removesuffix(" (compact)")
    tag = "" if key.startswith("layer ") else one.offer.tag
    figures = _figures(layer)
    return Panel(
        key,
        title,
        tag,
        f"{layer.layer} · {figures}" if tag else figures,
        f"{plane} of {one.name} at {layer.layer}, {layer.n} points; {figures}",
        _flat(_chained(one.model.layers, stage, plane, raw)),
    )


def _control(key: str, title: str, layer: LayerResult, points: NDArray[np.floating]) -> Panel:
    figures = _figures(layer)
    return Panel(key, title, "", figures, f"Control: {title}, {figures}", _flat(points), control=True)


def _figures(layer: LayerResult) -> str:
    words = f"degradation {percentage(layer.share.degradation)}, content {percentage(layer.share.content)}"
    return words.replace(" %", "\u00a0%")


def _chained(layers: Sequence[LayerResult], stage: int, plane: str, raw: LayerResult) -> NDArray[np.floating]:
    """A layer's points, every layer before it turned towards the one before, the first towards the pixels."""
    points = coordinates(raw, plane)
    for layer in layers[: stage + 1]:
        points = turned_towards(coordinates(layer, plane), points)
    return points


def coordinates(layer: LayerResult, plane: str) -> NDArray[np.floating]:
    """[pictures, degradations, 2] in that plane; principal components where no t-SNE was made."""
    if plane == "t-SNE" and layer.points is not None:
        return layer.points
    missing = max(0, 2 - layer.components.shape[2])
    return np.pad(layer.components[..., :2], ((0, 0), (0, 0), (0, missing)))


def _flat(points: NDArray[np.floating]) -> list[float]:
    return np.round(points.reshape(-1).astype(float), 3).tolist()


def exported(design: Design, selected: Sequence[int], examined: Sequence[Examined], position: float) -> bytes:
    """A zip of the selected pictures as PNG, enlarged ×4, and a table of their names and coordinates."""
    k = len(design.degradations)
    buffer, table = io.BytesIO(), io.StringIO()
    writer = csv.writer(table)
    heads = [f"{one.name} {axis} {one.model.layers[one.stage(position)].layer}" for one in examined for axis in "xy"]
    writer.writerow(["file", "picture", "content", "degradation", *heads])
    degraded = design.degraded()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for point in selected:
            i, d = divmod(point, k)
            picture, degradation = design.pictures[i], str(design.degradations[d])
            name = f"{point:04d}-{_plain(picture.name)}-{_plain(degradation)}.png"
            archive.writestr(name, png(_enlarged(degraded[i][d])))
            places = [
                float(value)
                for one in examined
                for value in coordinates(one.model.layers[one.stage(position)], "t-SNE")[i, d]
            ]
            writer.writerow([name, picture.name, picture.content, degradation, *(f"{value:.4f}" for value in places)])
        archive.writestr("selection.csv", table.getvalue())
    return buffer.getvalue()


def _enlarged(pixels: Pixels) -> Pixels:
    return enlarged(pixels, 4 * pixels.shape[1])


def _plain(text: str) -> str:
    return "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in text.lower()).split())
