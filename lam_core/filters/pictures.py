"""Image pairs for filter attribution: LR images with a degradation beside the HR originals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lam_core.errors import LamError
from lam_core.images import Pixels, downscale
from lam_core.images.degradations import Degradation

CROP = 32
"""Side of the central LR crop of every image, in pixels, that of a training patch: what bounds memory and time."""


LEAST = 6
"""Images below which no interval over images is worth showing."""


class ImageTooSmallError(LamError, ValueError):
    """An image that does not hold a crop."""


class TooFewImagesError(LamError, ValueError):
    """Fewer images than a study can be made of."""


@dataclass(frozen=True, eq=False)
class ImagePair:
    """One LR image beside the HR image that a network should restore."""

    low: NDArray[np.uint8]
    """[h, w, 3]."""
    high: NDArray[np.uint8]
    """[s·h, s·w, 3]."""


def split(images: Sequence[Pixels]) -> tuple[list[Pixels], list[Pixels]]:
    """The images that score filters, every third, and those that try them. Raises `TooFewImagesError`."""
    if len(images) < LEAST:
        number = "1 image is" if len(images) == 1 else f"{len(images)} images are"
        raise TooFewImagesError(f"{number} too few; give {LEAST} or more: a third scores filters, the others try them")
    return list(images[::3]), [image for i, image in enumerate(images) if i % 3]


def degraded_pairs(
    images: Sequence[Pixels], scale: int, degradation: Degradation, *, crop: int = CROP, seed: int = 0
) -> list[ImagePair]:
    """The central crops of HR images, uint8 [H, W, 3], each beside its LR image with a degradation.

    LR is Pillow's bicubic of the crop, then degraded; image i has the seed (`seed`, i). Raises `ImageTooSmallError`.
    """
    pairs = []
    for i, image in enumerate(images):
        side = crop * scale
        height, width = image.shape[:2]
        if min(height, width) < side:
            raise ImageTooSmallError(
                f"image {i + 1} is {width}×{height} pixels; filter attribution at ×{scale} needs {side}×{side} or more"
            )
        y, x = (height - side) // 2, (width - side) // 2
        high = np.ascontiguousarray(image[y : y + side, x : x + side])
        low = downscale(high, scale) if scale > 1 else high
        pairs.append(ImagePair(degradation.apply(low, (seed, i)), high))
    return pairs
