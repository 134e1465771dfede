"""Feature detectors D: one number that says how much of a feature a window of the SR output holds."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from lam_core.attribution.settings import SettingsError
from lam_core.region import Region

UNDER_ROOT = 1e-12
"""Added under the root of the gradient magnitude, whose derivative at an exactly flat pixel is not finite."""


def gradient(window: Tensor) -> Tensor:
    """Σ over channels and pixels of the gradient magnitude by forward differences (section 3.2).

    `window` is [B, 3, s + 1, s + 1]; each of the s×s magnitudes uses the pixel below and the pixel to the right.
    """
    corner = window[..., :-1, :-1]
    down, right = corner - window[..., 1:, :-1], corner - window[..., :-1, 1:]
    return (down.square() + right.square() + UNDER_ROOT).sqrt().sum((1, 2, 3))


def gradient_with_slope(window: Tensor) -> tuple[Tensor, Tensor]:
    """`gradient`, and its derivative [B, 3, s + 1, s + 1] written out: autograd takes longer over so few pixels than
    small networks do.
    """
    corner = window[..., :-1, :-1]
    down, right = window[..., 1:, :-1] - corner, window[..., :-1, 1:] - corner
    magnitude = torch.addcmul(down.square(), right, right).add_(UNDER_ROOT).sqrt_()
    down /= magnitude
    right /= magnitude
    slope = torch.zeros_like(window)
    slope[..., :-1, :-1].sub_(down).sub_(right)
    slope[..., 1:, :-1].add_(down)
    slope[..., :-1, 1:].add_(right)
    return magnitude.sum((1, 2, 3)), slope


def intensity(window: Tensor) -> Tensor:
    """Σ of the window's values over channels and pixels."""
    return window.sum((1, 2, 3))


def _gabor_kernels(like: Tensor, *, wavelength: float = 4.0, sigma: float = 2.0, side: int = 9) -> Tensor:
    """Even Gabor kernels at 0°, 45°, 90° and 135° without response to brightness, [4, 1, side, side]."""
    y, x = torch.meshgrid(*(torch.arange(side, dtype=torch.float64) - side // 2,) * 2, indexing="ij")
    envelope = torch.exp(-(x**2 + y**2) / (2 * sigma**2))
    kernels = []
    for quarter in range(4):
        along = x * math.cos(quarter * math.pi / 4) + y * math.sin(quarter * math.pi / 4)
        wave = torch.cos(2 * math.pi * along / wavelength)
        kernel = envelope * (wave - (envelope * wave).sum() / envelope.sum())
        kernels.append(kernel / kernel.abs().sum())
    return torch.stack(kernels)[:, None].to(like)


def gabor(window: Tensor) -> Tensor:
    """Σ of the magnitudes of four oriented Gabor responses of the window's mean over channels."""
    grey = window.mean(1, keepdim=True)
    side = min(9, grey.shape[-1] - (grey.shape[-1] + 1) % 2)
    response = F.conv2d(grey, _gabor_kernels(grey, side=side), padding=side // 2)
    return (response.square() + UNDER_ROOT).sqrt().sum((1, 2, 3))


_DETECTORS: dict[str, tuple[Callable[[Tensor], Tensor], int]] = {
    "gradient": (gradient, 1),
    "intensity": (intensity, 0),
    "gabor": (gabor, 0),
}


class Detector:
    """D on one window: which rectangle of the SR output it reads, and the number it makes of it."""

    def __init__(self, name: str, region: Region, height: int, width: int) -> None:
        """`height`, `width`: size of the SR picture, in whose pixels `region` is given."""
        if name not in _DETECTORS:
            raise SettingsError(f"no detector {name!r}; choose {', '.join(_DETECTORS)}")
        region.check_inside(height, width)
        self._measure, reach = _DETECTORS[name]
        # At the bottom and right border there is no next pixel: the window loses its last row or column.
        self.rows = (region.y, min(region.y + region.size + reach, height))
        self.columns = (region.x, min(region.x + region.size + reach, width))
        if reach and min(self.rows[1] - self.rows[0], self.columns[1] - self.columns[0]) < 2:
            raise SettingsError(
                "a window of one pixel at the border holds no gradient; enlarge the window or move it inwards"
            )

    def __call__(self, rectangle: Tensor) -> Tensor:
        """D of every picture of a batch, [B], from the SR pixels [B, 3, rows, columns] that it reads."""
        return self._measure(rectangle)

    def with_slope(self, rectangle: Tensor) -> tuple[Tensor, Tensor]:
        """D of every picture of a batch, [B], and its derivative by the rectangle [B, 3, rows, columns]."""
        if self._measure is gradient:
            return gradient_with_slope(rectangle)
        with torch.enable_grad():
            rectangle = rectangle.detach().requires_grad_(True)
            values = self._measure(rectangle)
            (slope,) = torch.autograd.grad(values.sum(), rectangle)
        return values.detach(), slope
