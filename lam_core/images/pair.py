"""An LR picture with its own HR picture: whether they belong together, and how the one was made from the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

from lam_core.errors import LamError
from lam_core.images.pixels import Pixels, as_pixels, luma, mod_crop, psnr

ALIKE = 52.0
"""dB on luma from which a kernel explains an LR picture: MATLAB's is 60 from Pillow's, other kernels at most 50."""
MARGIN = 3.0
"""dB by which another kernel must explain it better than the usual one."""
BELONGING = 0.5
"""Correlation of luma from which an LR picture and a reduced HR picture show one scene: fine stripes under a wide blur
have 0.57, two of the bundled pictures at most 0.45."""
CLEARLY = 0.5
"""Share of what is left unexplained, 1 - correlation, below which a turned picture fits clearly better."""
TURNS: Mapping[str, Callable[[Pixels], Pixels]] = {
    "upside down": lambda picture: picture[::-1],
    "mirrored": lambda picture: picture[:, ::-1],
    "turned by 180°": lambda picture: picture[::-1, ::-1],
    "turned by 90°": lambda picture: np.rot90(picture),
    "turned by 270°": lambda picture: np.rot90(picture, 3),
}


class PairError(LamError, ValueError):
    """An LR and an HR picture that are no pair."""


def _pillow(filter_: Image.Resampling) -> Callable[[Pixels, int], Pixels]:
    def reduce(hr: Pixels, scale: int) -> Pixels:
        return np.asarray(Image.fromarray(hr).resize((hr.shape[1] // scale, hr.shape[0] // scale), filter_))

    return reduce


def _opencv(kind: str) -> Callable[[Pixels, int], Pixels]:
    def reduce(hr: Pixels, scale: int) -> Pixels:
        import cv2  # not at the top: the first page is painted without it

        size = (hr.shape[1] // scale, hr.shape[0] // scale)
        return np.asarray(cv2.resize(hr, size, interpolation=getattr(cv2, kind)), np.uint8)

    return reduce


USUAL = "bicubic with antialiasing (Pillow, MATLAB's imresize)"
KERNELS: Mapping[str, Callable[[Pixels, int], Pixels]] = {
    USUAL: _pillow(Image.Resampling.BICUBIC),
    "bicubic without antialiasing (OpenCV's INTER_CUBIC)": _opencv("INTER_CUBIC"),
    "the mean of each block (OpenCV's INTER_AREA)": _opencv("INTER_AREA"),
    "bilinear with antialiasing (Pillow)": _pillow(Image.Resampling.BILINEAR),
    "bilinear without antialiasing (OpenCV's INTER_LINEAR)": _opencv("INTER_LINEAR"),
    "Lanczos with antialiasing (Pillow)": _pillow(Image.Resampling.LANCZOS),
    "Lanczos without antialiasing (OpenCV's INTER_LANCZOS4)": _opencv("INTER_LANCZOS4"),
    "one pixel of each block (nearest neighbour)": lambda hr, scale: hr[::scale, ::scale],
    "the middle pixel of each block (nearest neighbour)": _pillow(Image.Resampling.NEAREST),
}
"""Ways in which LR pictures are made from HR pictures, the one of SR benchmarks first."""


@dataclass(frozen=True, eq=False)
class Pair:
    """An LR picture and the HR picture of the same scene, pixel on pixel."""

    lr: Pixels
    """[h, w, 3]."""
    hr: Pixels
    """[s·h, s·w, 3]."""
    scale: int
    kernel: str | None
    """How the LR picture was made from the HR one, a key of `KERNELS`; none where none of them comes near."""
    psnr: float
    """In dB on luma, of the LR picture to that made by the kernel that comes nearest."""
    notes: tuple[str, ...] = ()
    """What is unusual, a sentence each."""


def pair(lr: Pixels, hr: Pixels, scale: int) -> Pair:
    """The LR and HR pictures as a pair at a scale; HR may have up to `scale` - 1 rows and columns more.

    Raises `PairError` if the sizes do not go together or the pictures show different scenes, `ImageShapeError` for
    arrays that are no pictures.
    """
    height, width = as_pixels(lr).shape[:2]
    found = as_pixels(hr).shape[:2]
    if (found[0] // scale, found[1] // scale) != (height, width):
        raise PairError(_size_sentence((width, height), (found[1], found[0]), scale))
    hr = mod_crop(hr, scale)
    reduced = {name: reduce(hr, scale) for name, reduce in KERNELS.items()}
    figures = {name: min(psnr(picture, lr, shave=1), 100.0) for name, picture in reduced.items()}
    nearest = max(figures, key=figures.__getitem__)
    if min(np.std(luma(reduced[nearest])), np.std(luma(lr))) > 1:
        _check_scene(lr, reduced[nearest])
    best = USUAL if figures[USUAL] > figures[nearest] - MARGIN else nearest
    kernel = best if figures[best] >= ALIKE else None
    if kernel == USUAL or scale == 1:
        notes = ()
    elif kernel:
        notes = (
            f"the LR picture was made by {kernel}, {figures[USUAL]:.1f} dB from {USUAL}, by which most networks are "
            "trained: they restore it worse, and their maps are of that",
        )
    else:
        notes = (
            f"the LR picture was made by no known kernel: nearest comes {best} at {figures[best]:.1f} dB (blur, noise, "
            "compression, a shift or another kernel)",
        )
    return Pair(lr, hr, scale, kernel, figures[best], notes)


def _check_scene(lr: Pixels, reduced: Pixels) -> None:
    """Raises `PairError` if the LR picture and the reduced HR picture show different scenes, or one is turned."""
    alike = _correlation(lr, reduced)
    turned = {how: turn(lr) for how, turn in TURNS.items()}
    fits = {how: _correlation(other, reduced) for how, other in turned.items() if other.shape == reduced.shape}
    how = max(fits, key=fits.__getitem__)
    if fits[how] >= BELONGING and 1 - fits[how] < CLEARLY * (1 - alike):
        raise PairError(
            f"the LR picture fits the HR picture better {how} (correlation {fits[how]:.2f}, as it is {alike:.2f}); "
            "give both the same way up"
        )
    if alike < BELONGING:
        raise PairError(
            f"the LR picture and the reduced HR picture have a correlation of {alike:.2f}: they show different scenes, "
            "or one is cut or shifted; give the two of one scene"
        )


def _correlation(one: Pixels, other: Pixels) -> float:
    """Of luma, from -1 to 1."""
    return float(np.corrcoef(luma(one).ravel(), luma(other).ravel())[0, 1])


def _size_sentence(lr: tuple[int, int], hr: tuple[int, int], scale: int) -> str:
    said = f"an LR picture of {lr[0]}×{lr[1]} and an HR picture of {hr[0]}×{hr[1]} are no pair at ×{scale}"
    if lr[0] * scale == hr[1] and lr[1] * scale == hr[0]:
        return f"{said}: one of them is turned by 90°; turn it back"
    if (hr[0] // scale, hr[1] // scale) < lr and lr[0] // scale == hr[0] and lr[1] // scale == hr[1]:
        return f"{said}: they seem to be exchanged; give the smaller one as LR"
    other = hr[0] // lr[0]
    if other != scale and other and hr[1] // lr[1] == other:
        return f"{said}, but at ×{other}; choose a network for ×{other}"
    return f"{said}; an HR picture of {lr[0] * scale}×{lr[1] * scale} would be"
