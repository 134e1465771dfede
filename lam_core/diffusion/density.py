"""The density view of a map: a weighted Gaussian kernel density estimate over pixel positions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def density(displayed_map: NDArray) -> NDArray[np.float64]:
    """Gaussian KDE over the pixels of a map [h, w] ≥ 0, weighted by it, at those same pixels, divided by its maximum.

    Scott's bandwidth with the effective number of points 1/Σw²; the full 2×2 covariance of the weighted positions.
    Equal to `scipy.stats.gaussian_kde` evaluated on the grid, but by one convolution in Fourier space. A map whose
    mass lies on a single row, column or pixel has no such covariance: it gets that of half a pixel there.
    """
    height, width = displayed_map.shape
    weights = np.asarray(displayed_map, np.float64)
    weights = weights / weights.sum()
    y, x = np.mgrid[:height, :width].astype(float)
    concentration = float((weights**2).sum())
    positions = np.stack([x - (weights * x).sum(), y - (weights * y).sum()])
    covariance = np.einsum("ahw,bhw,hw->ab", positions, positions, weights) / max(1 - concentration, 1e-12)
    covariance *= concentration ** (2 / 6)
    if np.linalg.det(covariance) < 1e-9:
        covariance += 0.25 * np.eye(2)
    precision = np.linalg.inv(covariance)
    dy, dx = np.mgrid[-(height - 1) : height, -(width - 1) : width].astype(float)
    kernel = np.exp(-0.5 * (precision[0, 0] * dx**2 + 2 * precision[0, 1] * dx * dy + precision[1, 1] * dy**2))
    shape = [1 << (3 * side - 3).bit_length() for side in (height, width)]
    smooth = np.fft.irfft2(np.fft.rfft2(weights, shape) * np.fft.rfft2(kernel, shape), shape)
    smooth = smooth[height - 1 : 2 * height - 1, width - 1 : 2 * width - 1].clip(min=0)
    return smooth / smooth.max()
