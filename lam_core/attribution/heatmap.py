"""The Diffusion Index of every window of a grid over one picture."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lam_core.attribution.settings import METHOD_VERSION, AttributionSettings
from lam_core.errors import LamError
from lam_core.images import Pixels, as_pixels, digest
from lam_core.reference import ModelReference
from lam_core.region import Region
from lam_core.service.progress import Step
from lam_core.service.store import Stored

if TYPE_CHECKING:
    from lam_core.model import SuperResolver

TILE_TOLERANCE = 0.05
"""Tolerance of each map behind a tile: a tile's colour needs no more."""


class GridError(LamError, ValueError):
    """A grid of windows that does not fit the picture."""


@dataclass(frozen=True, eq=False)
class Heatmap:
    """DI over a grid of windows; row i, column j is the window at (x[j], y[i])."""

    diffusion_index: NDArray[np.float64]
    """[rows, columns]; NaN where a window gives no map because it or its field is flat."""
    diffusion_index_error: NDArray[np.float64]
    """Half-width of each interval, [rows, columns]."""
    x: NDArray[np.int64]
    """Left edges in SR pixels, [columns]."""
    y: NDArray[np.int64]
    """Top edges in SR pixels, [rows]."""
    size: int
    """Side of every window in SR pixels."""

    def to_npz(self) -> bytes:
        """A .npz file of DI and its error, [rows, columns], and the windows' edges."""
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer, diffusion_index=self.diffusion_index, error=self.diffusion_index_error, x=self.x, y=self.y
        )
        return buffer.getvalue()


def grid(height: int, width: int, size: int, stride: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Top and left edges of all windows of `size` at `stride` that lie inside an SR picture of that size.

    >>> [edges.tolist() for edges in grid(40, 64, 16, 16)]
    [[0, 16], [0, 16, 32, 48]]
    """
    if stride < 1:
        raise GridError(f"stride is {stride}; choose at least 1 SR pixel")
    if size > min(height, width):
        raise GridError(f"windows of {size} SR pixels do not fit into a {width}×{height} picture")
    return np.arange(0, height - size + 1, stride), np.arange(0, width - size + 1, stride)


def heatmap(
    model: SuperResolver,
    image: Pixels,
    *,
    size: int = 16,
    stride: int = 16,
    settings: AttributionSettings | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Heatmap:
    """DI of every window of a grid over the SR picture of `image`, an LR picture [h, w, 3].

    Windows that lie in one field share every forward pass and their nodes; backward, each is restricted to its
    dependency cone. `on_progress(done, total)` is called after every node; an exception it raises ends the computation.
    Raises `GridError`, and what `attribute` raises but for windows that are flat.
    """
    # Requests and results of heat maps are handled where PyTorch is not loaded.
    from lam_core.attribution.attribute import ZeroMapError, index_of
    from lam_core.attribution.gradients import in_precision
    from lam_core.attribution.many_windows import Question, integrate_many

    settings = settings or AttributionSettings()
    image = as_pixels(image)
    height, width = (side * model.scale for side in image.shape[:2])
    ys, xs = grid(height, width, size, stride)
    index = np.full((len(ys), len(xs)), np.nan)
    error = np.full_like(index, np.nan)
    questions = [Question(Region(int(x), int(y), size), settings.detector) for y in ys for x in xs]
    precise = in_precision(model, settings)
    for position, answer in integrate_many(precise, image, questions, settings, on_progress):
        if not isinstance(answer, ZeroMapError):
            index.flat[position], error.flat[position] = index_of(answer.integral)
    return Heatmap(index, error, xs, ys, size)


@dataclass(frozen=True, eq=False)
class HeatmapRequest:
    """One heat map asked for. A `lam_core.service.request.Request`."""

    model: ModelReference
    image: Pixels
    """The LR picture, [h, w, 3]."""
    size: int = 16
    stride: int = 16
    settings: AttributionSettings = field(default_factory=AttributionSettings)

    def identity(self, device: str) -> dict[str, Any]:
        """What the heat map depends on and nothing else, as plain values."""
        return {
            "kind": "heatmap",
            "version": METHOD_VERSION,
            "fingerprint": self.model.fingerprint,
            "image": digest(self.image),
            "size": self.size,
            "stride": self.stride,
            "settings": self.settings.as_dict(),
            "device": device,
        }

    def compute(self, model: SuperResolver, report: Callable[[Step], None]) -> Heatmap:
        """The heat map; `report` hears how many windows are done, and of how many."""
        return heatmap(
            model,
            self.image,
            size=self.size,
            stride=self.stride,
            settings=self.settings,
            on_progress=lambda done, total: report(Step(done / total, f"{done} of {total} windows")),
        )

    def pack(self, result: Heatmap) -> Stored:
        """Arrays, and the window's size."""
        names = ("diffusion_index", "diffusion_index_error", "x", "y")
        return Stored({"size": result.size}, {name: getattr(result, name) for name in names})

    def restore(self, stored: Stored) -> Heatmap:
        """The inverse of `pack`. Raises `KeyError` or `ValueError` on foreign content."""
        arrays = stored.arrays
        shape = (len(arrays["y"]), len(arrays["x"]))
        if arrays["diffusion_index"].shape != shape or arrays["diffusion_index_error"].shape != shape:
            raise ValueError(f"arrays do not fit a grid of {shape}")
        return Heatmap(
            arrays["diffusion_index"], arrays["diffusion_index_error"], arrays["x"], arrays["y"], stored.summary["size"]
        )
