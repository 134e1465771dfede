"""What can be asked about one network's map of a place: the methods beside it, and the checks of how far to trust it.

Checks import PyTorch, so they are made only where they are wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from dashboard.presentation.decoded_image import Picture, from_sample
from lam_core.attribution.heatmap import TILE_TOLERANCE, HeatmapRequest
from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.result import Attribution
from lam_core.attribution.settings import AttributionSettings, Detector, PathMethod, method_settings
from lam_core.images import Pixels
from lam_core.reference import ModelReference
from lam_core.samples import sample
from lam_core.service.request import Request

Method = PathMethod | Literal["gradient"]
CheckName = Literal["faithfulness", "occlusion", "receptive", "randomisation", "causal"]

METHODS: dict[Method, str] = {
    "gradient": "Plain gradient",
    "integrated-black": "Integrated gradients, black baseline",
    "integrated-blurred": "Integrated gradients, blurred baseline",
    "lam": "LAM, progressive blurring",
}
DONORS = ("cat", "coffee", "engine", "flag", "brick", "palace-roof", "hedge", "page", "corner-office")
"""Samples that give patches for causal effects, and pictures for effective receptive fields."""
REDRAWS = 4
"""Draws of the weights beside the first one."""
MOST_TILES = 300
"""Windows that one heat map has at most: their distance grows with the picture."""
EFFECTIVE_SIDE = 63
"""LR pixels: the largest odd side that samples have at scale 4."""


@dataclass(frozen=True, eq=False)
class Subject:
    """One network's map of one window, which questions are about."""

    request: AttributionRequest
    result: Attribution | None
    """The map itself, if it is at hand."""
    picture: Picture


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


def check(name: CheckName, subject: Subject) -> Request[Any]:
    """The request for a check of the subject's map, or of its network."""
    from lam_core.attribution.checks import requests

    request, hr = subject.request, subject.picture.hr
    makers: dict[CheckName, Callable[[], Any]] = {
        "faithfulness": lambda: requests.faithfulness_of(request),
        "occlusion": lambda: requests.occlusion_of(request),
        "randomisation": lambda: requests.randomisation_of(request),
        "receptive": lambda: requests.effective_field_of(request.model, _lr(DONORS, subject), _side(subject)),
        "causal": lambda: requests.causal_effects_of(request, hr, _others(subject)),  # pyright: ignore[reportArgumentType]
    }
    return replace(makers[name](), attribution=subject.result)


def redraws(subject: Subject) -> dict[str, Callable[[], Request[Any]]]:
    """Further draws of the weights, all layers at once, by name: an interval takes more than the check's own draw."""

    def draw(seed: int) -> Request[Any]:
        from lam_core.attribution.checks.requests import randomisation_of

        return replace(randomisation_of(subject.request, steps=1, seed=seed), attribution=subject.result)

    return {f"Draw {seed + 1} of the weights": partial(draw, seed) for seed in range(1, REDRAWS + 1)}


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


def _others(subject: Subject) -> list[Pixels]:
    return _lr([name for name in DONORS if name != subject.picture.id], subject)


def _lr(names: Any, subject: Subject) -> list[Pixels]:
    return [from_sample(sample(name), subject.picture.scale).lr for name in names]


def _side(subject: Subject) -> int:
    """The largest odd side, at most `EFFECTIVE_SIDE`, that samples have at the subject's scale."""
    available = 256 // subject.picture.scale
    return min(EFFECTIVE_SIDE, available - 1 + available % 2)
