"""What the baseline of a path stands for, and whether a Diffusion Index says anything of such a map."""

from __future__ import annotations

from lam_core.attribution.settings import AttributionSettings
from lam_core.images.degradations import Degradation

RANDOM = ("noise", "poisson")
"""Kinds of degradation that draw random numbers."""


def meaning(settings: AttributionSettings, scale: int) -> str:
    """What the baseline lacks or has that the image does not, one or two sentences."""
    match settings.path:
        case "blur" | "linear-blur":
            told = f"The baseline is the image blurred by σ {settings.sigma:g}: it lacks detail."
            if scale == 1:
                told += (
                    " At ×1 blur takes noise and detail alike, so a denoiser's map mixes both: a line from a smoothed "
                    "or a degraded image asks for what was restored."
                )
            return told
        case "linear-black":
            return "The baseline is black: it lacks all brightness."
        case "linear-smooth":
            return (
                "The baseline is the image smoothed, its edges kept: it lacks noise and fine texture. The map says "
                "which of the pixels that were smoothed change the window, and how."
            )
        case "linear-degraded":
            return (
                f"The baseline is the image with more damage, {Degradation.parse(settings.damage).title}: it lacks "
                "nothing and has that besides. The map says which pixels' damage changes the window."
            )


def index_fault(settings: AttributionSettings) -> str:
    """Why DI says nothing of a map under these settings, a sentence; empty where it says how far the network looks.

    A map is the gradient times the change from baseline to image. Where that change is noise, its own unevenness enters
    the Gini coefficient: under Gaussian noise even a network that draws on all pixels alike has DI 59, not 100.
    """
    drawn = settings.path == "linear-degraded" and any(
        step.kind in RANDOM for step in Degradation.parse(settings.damage).steps
    )
    if drawn or settings.path == "linear-smooth":
        return (
            "along this path image and baseline differ by noise or fine texture, whose own unevenness enters DI: it "
            "does not say how far the network looks"
        )
    return ""
