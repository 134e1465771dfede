"""Paths from a baseline image to the image itself: the curves along which gradients are integrated."""

from __future__ import annotations

from functools import lru_cache
from typing import get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from lam_core.attribution.settings import AttributionSettings, Path, SettingsError
from lam_core.images.degradations import Degradation

Image = NDArray[np.float64]
"""An LR picture [h, w, 3] in [0, 1]; of a tensor, any number of channels and any values."""


SMOOTHED_BELOW = 25 / 255
"""Standard deviation, white being 1, of what counts as noise rather than as an edge."""


def reference_kernel(side: int, sigma: float) -> NDArray[np.float64]:
    """The published kernel: an isotropic Gaussian of σ + 1e-5 sampled on integers, its sum 1."""
    x = np.arange(side) - side // 2
    kernel = np.exp(-(x[:, None] ** 2 + x[None, :] ** 2) / (2 * (sigma + 1e-5) ** 2))
    return kernel / kernel.sum()


def reference_path(image: Image, settings: AttributionSettings) -> list[Image]:
    """The nodes + 1 images of the published path, σ falling linearly to zero."""
    sigmas = np.linspace(settings.sigma, 0, settings.nodes + 1)
    return [_filtered(image, reference_kernel(settings.kernel, sigma)) for sigma in sigmas]


def _filtered(image: Image, kernel: NDArray[np.float64]) -> Image:
    return np.asarray(cv2.filter2D(image, -1, kernel), np.float64).reshape(image.shape)


def _sampled(side: int, sigma: float) -> NDArray[np.float64]:
    x = np.arange(side) - side // 2
    weights = np.exp(-(x**2) / (2 * sigma**2))
    return weights / weights.sum()


def _variance(side: int, sigma: float) -> float:
    x = np.arange(side) - side // 2
    return float(_sampled(side, sigma) @ x**2)


@lru_cache(4096)
def kernel_of_variance(side: int, variance: float, widest: float) -> NDArray[np.float64]:
    """The sampled one-dimensional Gaussian [side] whose own variance is `variance`, no wider than σ = `widest`.

    A Gaussian narrower than a pixel has, sampled, hardly any variance at all: a path linear in σ stands still there.
    One linear in the variance of what is really applied does not. Kept once found, and read-only: every window of
    every picture is blurred by the same kernels.
    """
    kernel = np.eye(side)[side // 2]
    if variance > 0:
        low, high = 0.05, widest
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if _variance(side, middle) < variance else (low, middle)
        kernel = _sampled(side, high)
    kernel.flags.writeable = False
    return kernel


class BlurPath:
    """γ(α) = ω(α) ⊗ I, progressive deblurring: at 0 the image blurred by σ, at 1 the image (equation 5).

    The parameter is chosen so that the applied kernel's variance falls linearly in α.
    """

    def __init__(self, image: Image, sigma: float, side: int) -> None:
        self._image, self._sigma, self._side = image, sigma, side
        self._variance = _variance(side, sigma)

    def __call__(self, alpha: float) -> Image:
        if alpha >= 1:
            return self._image
        taps = kernel_of_variance(self._side, self._variance * (1 - alpha), self._sigma)
        return np.asarray(cv2.sepFilter2D(self._image, -1, taps, taps), np.float64).reshape(self._image.shape)


class LinearPath:
    """γ(α) = I' + α·(I − I'): the straight line of integrated gradients (Sundararajan et al. 2017)."""

    def __init__(self, image: Image, baseline: Image) -> None:
        self._image, self._baseline = image, baseline

    def __call__(self, alpha: float) -> Image:
        return self._baseline + alpha * (self._image - self._baseline)


def path_of(image: Image, settings: AttributionSettings) -> BlurPath | LinearPath:
    """The path that the settings ask for, over one LR picture."""
    match settings.path:
        case "blur":
            return BlurPath(image, settings.sigma, settings.kernel)
        case "linear-blur":
            return LinearPath(image, _filtered(image, reference_kernel(settings.kernel, settings.sigma)))
        case "linear-black":
            return LinearPath(image, np.zeros_like(image))
        case "linear-smooth":
            return LinearPath(image, smoothed(image, settings.kernel))
        case "linear-degraded":
            return LinearPath(image, _degraded(image, Degradation.parse(settings.damage)))
    raise SettingsError(f"no path {settings.path!r}; choose one of {', '.join(get_args(Path))}")


def smoothed(image: Image, side: int) -> Image:
    """An image without noise and fine texture, its edges kept: the guided filter of each channel by itself.

    Windows of `side` pixels whose standard deviation is far below `SMOOTHED_BELOW` become their mean, those far above
    stay (He, Sun and Tang, ECCV 2010).
    """

    def mean(values: Image) -> Image:
        return np.asarray(cv2.blur(values, (side, side)), np.float64).reshape(image.shape)

    average = mean(image)
    variance = np.maximum(mean(image * image) - average * average, 0)
    slope = variance / (variance + SMOOTHED_BELOW**2)
    return mean(slope) * image + mean(average - slope * average)


def _degraded(image: Image, degradation: Degradation) -> Image:
    if image.shape[2] != 3 or image.min() < 0 or image.max() > 1:
        raise SettingsError("path is linear-degraded, which degrades RGB images in [0, 1]; choose another path")
    return degradation.applied_to(np.rint(image * 255).astype(np.uint8)).astype(np.float64) / 255
