"""What can be asked about one window besides its map: other methods, the path's saturation, DI of every window."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from dashboard.presentation.decoded_image import Picture
from lam_core.attribution.heatmap import TILE_TOLERANCE, HeatmapRequest
from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.settings import AttributionSettings, Detector, PathMethod, method_settings
from lam_core.reference import ModelReference
from lam_core.service.request import Request

Method = PathMethod | Literal["gradient"]

METHODS: dict[Method, str] = {
    "gradient": "Plain gradient",
    "integrated-black": "Integrated gradients, black baseline",
    "integrated-blurred": "Integrated gradients, blurred baseline",
    "lam": "LAM, progressive blurring",
}
MOST_TILES = 300
"""Windows that one heat map has at most: their distance grows with the picture."""


def method(request: AttributionRequest, name: Method, detector: Detector | None = None) -> Request[Any]:
    """The request for a method's map of the same window, by another detector if one is given."""
    settings = replace(request.settings, detector=detector or request.settings.detector)
    if name == "gradient":
        from lam_core.attribution.checks.requests import gradient_of_window

        return gradient_of_window(replace(request, settings=settings))
    return replace(request, settings=method_settings(name, settings))


def saturation(request: AttributionRequest) -> Request[Any]:
    """The request for D and its running integral along the path."""
    from lam_core.attribution.checks.requests import saturation_of

    return saturation_of(request)


def tiles(model: ModelReference, picture: Picture, size: int, settings: AttributionSettings) -> HeatmapRequest:
    """The request for DI of windows all over the picture."""
    settings = replace(settings, tolerance=max(settings.tolerance, TILE_TOLERANCE))
    return HeatmapRequest(model, picture.lr, size, stride_of(picture.height, picture.width, size), settings)


def stride_of(height: int, width: int, size: int) -> int:
    """Distance of windows, in whole windows, that keeps to `MOST_TILES` of them on an SR picture.

    >>> stride_of(256, 256, 16), stride_of(1024, 1024, 16)
    (16, 64)
    """
    stride = size
    while (height // stride) * (width // stride) > MOST_TILES:
        stride += size
    return stride
