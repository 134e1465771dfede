"""Images: pixels and figures of merit on them, decoding, degradations, sets of images.

The functions on pixels are this package's own names; what needs more is imported from its modules.
"""

from lam_core.images.pixels import (
    ImageShapeError,
    Pixels,
    as_pixels,
    bicubic,
    digest,
    downscale,
    luma,
    middle,
    mod_crop,
    psnr,
    ssim,
)

__all__ = [
    "ImageShapeError",
    "Pixels",
    "as_pixels",
    "bicubic",
    "digest",
    "downscale",
    "luma",
    "middle",
    "mod_crop",
    "psnr",
    "ssim",
]
