"""Low- and high-resolution pairs and the figures of merit computed on them, in NumPy alone."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lam_core.errors import LamError

Pixels = NDArray[np.uint8]
"""An RGB picture, [height, width, 3]."""

STRIP = 512
"""Rows of a large picture that are looked at together."""


class ImageShapeError(LamError, ValueError):
    """An array that is not an RGB picture, or two pictures that should have one shape and do not."""


def as_pixels(image: NDArray) -> Pixels:
    """`image` itself if it is an RGB picture of bytes. Raises `ImageShapeError` with what it is instead."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise ImageShapeError(
            f"expected an RGB picture of bytes, [height, width, 3] of uint8; got {list(image.shape)} of {image.dtype}"
        )
    return image


def mod_crop(image: Pixels, scale: int) -> Pixels:
    """The largest top-left part of `image` whose height and width are multiples of `scale`.

    >>> mod_crop(np.zeros((9, 10, 3), np.uint8), 4).shape
    (8, 8, 3)
    """
    height, width = (side - side % scale for side in image.shape[:2])
    if not height or not width:
        raise ImageShapeError(
            f"an image of {image.shape[1]}×{image.shape[0]} has no ×{scale} low-resolution "
            f"counterpart; use one of at least {scale}×{scale} pixels"
        )
    return image[:height, :width]


def middle(image: Pixels, height: int, width: int) -> Pixels:
    """The middle part of `image`, at most `height` × `width` pixels; a copy, so that the rest need not be kept.

    >>> middle(np.zeros((9, 10, 3), np.uint8), 4, 20).shape
    (4, 10, 3)
    """
    top, left = (max(0, side - wanted) // 2 for side, wanted in zip(image.shape, (height, width), strict=False))
    return image[top : top + height, left : left + width].copy()


def downscale(image: Pixels, scale: int) -> Pixels:
    """The LR counterpart of an HR image by Pillow's antialiased bicubic, as DIV2K's and the papers' LR images are made.

    Args:
        image: the HR image, uint8 [H, W, 3].
        scale: how many times smaller; right and bottom edges that are no multiple of it are cut off.

    Returns:
        The LR image, uint8 [H // scale, W // scale, 3].
    """
    cropped = mod_crop(image, scale)
    size = (cropped.shape[1] // scale, cropped.shape[0] // scale)
    return np.asarray(Image.fromarray(cropped).resize(size, Image.Resampling.BICUBIC))


def bicubic(image: Pixels, scale: int) -> Pixels:
    """Pillow's bicubic enlargement of a picture."""
    size = (image.shape[1] * scale, image.shape[0] * scale)
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))


def digest(image: Pixels) -> str:
    """sha256 over shape and pixels, in hexadecimal: the name of a picture wherever a result refers to it."""
    found = sha256(repr(image.shape).encode())
    # The pixels where they lie: of a large image, two copies would take longer than the digest.
    found.update(np.ascontiguousarray(image).data)
    return found.hexdigest()


def luma(image: NDArray) -> NDArray[np.float64]:
    """BT.601 studio-range luma (16 to 235) of an RGB picture [height, width, 3] in [0, 255]."""
    weights = np.array([65.481, 128.553, 24.966]) / 255
    return np.asarray(image, np.float64) @ weights + 16


def _check_alike(a: NDArray, b: NDArray) -> None:
    if a.shape != b.shape or a.ndim != 3 or a.shape[2] != 3:
        raise ImageShapeError(f"expected two RGB pictures of one shape, got {a.shape} and {b.shape}")


def strips(rows: slice) -> Iterator[slice]:
    """Rows in parts of at most 512, for what takes many times the memory of the rows themselves.

    >>> list(strips(slice(4, 600)))
    [slice(4, 516, None), slice(516, 600, None)]
    """
    for top in range(rows.start, rows.stop, STRIP):
        yield slice(top, min(top + STRIP, rows.stop))


def psnr(a: NDArray, b: NDArray, *, shave: int) -> float:
    """PSNR in dB on BT.601 luma of two RGB pictures in [0, 255], `shave` pixels off every side.

    Infinite for equal pictures. Raises `ImageShapeError` if the shapes differ.
    """
    _check_alike(a, b)
    inner = slice(shave, -shave or None)
    height, width = (max(side - 2 * shave, 0) for side in a.shape[:2])
    parts = strips(slice(shave, shave + height))
    squares = sum(np.sum((luma(a[rows])[:, inner] - luma(b[rows])[:, inner]) ** 2) for rows in parts)
    error = np.divide(squares, height * width)
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def ssim(a: NDArray, b: NDArray, *, shave: int) -> float:
    """SSIM on BT.601 luma (Wang et al. 2004): 11×11 Gaussian of σ 1.5, means over the valid part."""
    _check_alike(a, b)
    inner = slice(shave, -shave or None)
    first, second = luma(a)[inner, inner], luma(b)[inner, inner]
    taps = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    taps /= taps.sum()

    def smooth(plane: NDArray) -> NDArray:
        for axis in (0, 1):
            plane = np.lib.stride_tricks.sliding_window_view(plane, 11, axis=axis) @ taps
        return plane

    mean_a, mean_b = smooth(first), smooth(second)
    variance_a = smooth(first**2) - mean_a**2
    variance_b = smooth(second**2) - mean_b**2
    covariance = smooth(first * second) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    index = ((2 * mean_a * mean_b + c1) * (2 * covariance + c2)) / (
        (mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2)
    )
    return float(index.mean())
