"""What a visitor takes away: the paper figure, arrays, figures and settings as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import isfinite

from numpy.typing import NDArray

from dashboard.presentation.decoded_image import Picture
from dashboard.presentation.download_kind import kind_for
from lam_core.attribution.heatmap import Heatmap, HeatmapRequest
from lam_core.attribution.result import Attribution
from lam_core.attribution.wording import index_of
from lam_core.diffusion.area import area
from lam_core.images.degradations import CLEAN
from lam_core.region import Region
from lam_core.render.figure import ImageSource, Source, Window, published_figure


def figure(picture: Picture, models: Sequence[str], results: Sequence[Attribution]) -> bytes:
    """The published figure of results of one window, as PNG; `models`: what its recipe calls their networks."""
    window = results[0].region
    named = {"sample": picture.id} if picture.owner is None else {"file": picture.title}
    windows = (Window(window.x, window.y, window.size),)
    image = ImageSource(**named, low_resolution=picture.low_resolution, windows=windows)
    # The recipe inside the figure names the image as it is; what was done to its LR image stands in its name.
    spoilt = "" if picture.degradation == CLEAN else f", {picture.degradation}"
    source = Source(f"{picture.name}{spoilt}", picture.lr, picture.hr, picture.scale)
    return published_figure(image, source, models, results)


def di_line(result: Attribution) -> str:
    """DI with its error."""
    return f"DI {index_of(result)}"


def figures(picture: Picture, results: Sequence[Attribution], address: str) -> str:
    """All figures and settings as JSON."""
    rows = []
    for result in results:
        quality = picture.quality(result)
        row = {
            **result.summary(),
            "area_95_percent_pixels": area(result.map),
            "psnr_on_field": quality and quality[0],
            "psnr_on_field_bicubic": quality and quality[1],
        }
        # JSON has no infinity: what is not finite is not known.
        rows.append({k: None if isinstance(v, float) and not isfinite(v) else v for k, v in row.items()})
    content = {"picture": picture.id, "title": picture.title, "credit": picture.credit, "address": address}
    return json.dumps({**content, "results": rows}, indent=2, allow_nan=False) + "\n"


def kind(picture: Picture, mime: str) -> str:
    """The type of a download about a picture."""
    return kind_for(picture.owner, mime)


def tile_figures(request: HeatmapRequest, tiles: Heatmap) -> str:
    """DI of every window and the settings as JSON; null for a window without a map."""

    def plain(values: NDArray) -> list[list[float | None]]:
        return [[float(value) if isfinite(value) else None for value in row] for row in values]

    content = {
        "model": request.model.name,
        "fingerprint": request.model.fingerprint,
        "size": tiles.size,
        "stride": request.stride,
        "settings": request.settings.as_dict(),
        "x": tiles.x.tolist(),
        "y": tiles.y.tolist(),
        "diffusion_index": plain(tiles.diffusion_index),
        "error": plain(tiles.diffusion_index_error),
    }
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def file_name(picture: Picture, window: Region, ending: str, network: str = "") -> str:
    """A name that says what is in the file, in letters that every system takes."""
    words = f"lam {picture.title} {network} x{window.x} y{window.y}".lower()
    return "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in words).split()) + ending
