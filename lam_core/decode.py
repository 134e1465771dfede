"""`lam_core.images.decode` under its earlier name."""

from lam_core.images.decode import Decoded, UnreadableImageError, decode

__all__ = ["Decoded", "UnreadableImageError", "decode"]
