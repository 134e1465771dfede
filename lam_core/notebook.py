"""Results as a notebook shows them: the map over the LR image, DI with its interval, settings; several side by side."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from PIL import Image

from lam_core.attribution.wording import index_of, settings_of
from lam_core.diffusion.density import density
from lam_core.errors import LamError
from lam_core.images import Pixels, downscale
from lam_core.render.figure.sheet import Tile, sheet
from lam_core.render.pictures import density_over, enlarged, framed, map_over, png

if TYPE_CHECKING:
    from lam_core.attribution.result import Attribution

WIDTH = 320
"""Pixels of a map, at least."""


class NoResultsError(LamError, ValueError):
    """Nothing to show, or results that do not belong on one image."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Several results of one image and window, side by side."""

    results: tuple[Attribution, ...]
    """In the order given."""

    def figure(self) -> Image.Image:
        """A picture with a column for each network: its SR image, its map, and its density."""
        return figure_of(self.results)

    def _repr_html_(self) -> str:
        cells = "".join(f'<td style="vertical-align:top;text-align:left">{card(one)}</td>' for one in self.results)
        return f"<table><tr>{cells}</tr></table>"


def compare(results: Sequence[Attribution]) -> Comparison:
    """Results of one image and window, shown side by side in a notebook.

    Args:
        results: at least one; of one LR field and window, of any networks or settings.

    Returns:
        What a notebook shows as cards; `figure()` draws them as one picture.

    Raises:
        NoResultsError: there are none, or they are of different fields or windows.
    """
    found = tuple(results)
    if not found:
        raise NoResultsError("there are no results to compare; give at least one")
    places = {(one.field, one.region, one.scale) for one in found}
    if len(places) > 1:
        raise NoResultsError(
            f"results of {len(places)} different places or scales cannot stand side by side; give those of one window"
        )
    return Comparison(found)


def card(result: Attribution) -> str:
    """HTML: the map over the LR field, DI, errors, settings and warnings."""
    source = "data:image/png;base64," + base64.b64encode(map_png(result)).decode()
    spoilt = "" if result.degradation == "clean" else f", input {html.escape(result.degradation)}"
    condition = ", ".join(f"{name} {value}" for name, value in result.condition.items())
    lines = [
        f"<b>{html.escape(result.model)}</b>{spoilt}",
        f'<img src="{source}" width="{WIDTH}" alt="Attribution map over the low-resolution image, the window framed">',
        f"DI <b>{index_of(result)}</b> · map error {_percent(result.map_error)} · completeness error "
        f"{_percent(result.completeness_error)} · {result.nodes} nodes",
        f"<small>{html.escape(settings_of(result))}</small>",
        f"<small>{html.escape(condition)}</small>" if condition else "",
        *(f"<small>⚠ {html.escape(warning)}</small>" for warning in result.computation.warnings),
    ]
    return "<br>".join(filter(None, lines))


def map_png(result: Attribution) -> bytes:
    """The map over the LR field, the window framed, as PNG."""
    large = enlarged(map_over(_lr(result), result.map), WIDTH)
    local = result.field.local(result.region, result.scale)
    return png(framed(large, local, large.shape[1] / result.field.width / result.scale))


def figure_of(results: Sequence[Attribution]) -> Image.Image:
    """A column for each result: SR image, map, density of the map; the settings of the first below."""
    first = results[0]
    rows = [
        [Tile(one.model, one.sr) for one in results],
        [Tile("Attribution", map_over(_lr(one), one.map), f"DI {index_of(one)}") for one in results],
        [Tile("Density", density_over(_lr(one), density(one.map))) for one in results],
    ]
    return Image.fromarray(sheet(rows, first.field.local(first.region, first.scale), settings_of(first)))


def _lr(result: Attribution) -> Pixels:
    """The LR field; of a result that was stored without it, the SR picture reduced by bicubic interpolation."""
    if result.lr is not None:
        return result.lr
    return downscale(result.sr, result.scale)


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if isfinite(share) else "unknown"
