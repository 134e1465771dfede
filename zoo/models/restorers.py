"""Classical methods: no weights, no gradient, no semantics."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lam_core.images import Pixels, bicubic
from lam_core.model import Restorer
from zoo.catalog.entry import Entry
from zoo.errors import ZooError


class UnknownMethodError(ZooError):
    """A classical method that this project does not have, or whose library is not installed."""


def restorer(entry: Entry) -> Restorer:
    """The classical method that an entry names. Raises `UnknownMethodError`."""
    if entry.architecture not in METHODS:
        raise UnknownMethodError(f"{entry.id} names the method {entry.architecture!r}; there are {', '.join(METHODS)}")
    return Restorer(entry.name, entry.scale, METHODS[entry.architecture](entry.scale))


def interpolation(scale: int) -> Callable[[Pixels], Pixels]:
    """Pillow's bicubic enlargement."""
    return lambda image: bicubic(image, scale)


def non_local_means(scale: int) -> Callable[[Pixels], Pixels]:
    """Non-local means (Buades et al., CVPR 2005) with the noise level estimated from the picture, then bicubic."""

    def restore(image: Pixels) -> Pixels:
        from skimage.restoration import denoise_nl_means

        x = image / 255
        sigma = noise_level(x)
        y = denoise_nl_means(x, patch_size=5, patch_distance=6, h=0.8 * max(sigma, 1e-4), sigma=sigma, channel_axis=2)
        return _enlarged(y, scale)

    return restore


def block_matching(scale: int) -> Callable[[Pixels], Pixels]:
    """BM3D (Dabov et al., TIP 2007) with the noise level estimated from the picture, then bicubic.

    Its library is free for non-commercial use alone and therefore an optional extra.
    """

    def restore(image: Pixels) -> Pixels:
        try:
            from bm3d import bm3d_rgb  # pyright: ignore[reportMissingImports]
        except ImportError:
            raise UnknownMethodError(
                "BM3D needs its library, free for non-commercial use: pip install 'sr-lam[bm3d]'"
            ) from None
        x = image / 255
        return _enlarged(bm3d_rgb(x, max(noise_level(x), 1e-3)), scale)

    return restore


METHODS: dict[str, Callable[[int], Callable[[Pixels], Pixels]]] = {
    "bicubic": interpolation,
    "non-local-means": non_local_means,
    "bm3d": block_matching,
}
"""Every classical method, by the name that entries use for its architecture."""


def noise_level(image: NDArray[np.floating]) -> float:
    """Standard deviation of a picture's noise, from the median of its diagonal Haar details (Donoho 1994).

    >>> round(noise_level(np.random.default_rng(0).normal(0.5, 0.1, (200, 200, 3))), 2)
    0.1
    """
    even = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]
    details = (even[::2, ::2] - even[1::2, ::2] - even[::2, 1::2] + even[1::2, 1::2]) / 2
    return float(np.median(np.abs(details)) / 0.6745) if details.size else 0.0


def _enlarged(image: np.ndarray, scale: int) -> Pixels:
    pixels = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    return bicubic(pixels, scale) if scale > 1 else pixels
