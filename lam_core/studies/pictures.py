"""Pictures of a study: named, read when they are needed, and each fault of a file said in one sentence."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from lam_core.errors import LamError
from lam_core.images import Pixels
from lam_core.samples import Sample

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"})
LARGEST = 64_000_000
"""Pixels of the largest picture that is read."""
SMALLEST = 64
"""Shorter side of the smallest picture that is of use, in pixels."""


class PictureError(LamError):
    """A file that is no usable picture."""


class NoPicturesError(LamError):
    """A folder without pictures."""


@dataclass(frozen=True, eq=False)
class Opened:
    """A picture as it is used."""

    pixels: Pixels
    """RGB, [h, w, 3]."""
    note: str = ""
    """One sentence if it was not taken as it lies on disk, else empty."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A high-resolution picture by name."""

    name: str
    open: Callable[[], Opened]
    """Reads it; raises `PictureError`."""


def of_sample(sample: Sample) -> Picture:
    """A sample as a picture of a study, by its id."""
    return Picture(sample.id, lambda: Opened(sample.pixels()))


def of_file(path: Path, name: str = "") -> Picture:
    """A file as a picture of a study; its name is the file's unless told."""
    return Picture(name or path.name, lambda: open_file(path))


def pictures_in(folder: Path) -> tuple[Picture, ...]:
    """The pictures of a folder and the folders below it, in order of their path from there; none is read yet.

    Raises `NoPicturesError` if there is no such folder or nothing in it looks like a picture.
    """
    if not folder.is_dir():
        raise NoPicturesError(f"there is no folder {str(folder)!r}; give one that holds pictures")
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not paths:
        raise NoPicturesError(f"{str(folder)!r} holds no picture ({', '.join(sorted(SUFFIXES))})")
    return tuple(of_file(path, path.relative_to(folder).as_posix()) for path in paths)


def open_file(path: Path) -> Opened:
    """An RGB picture from a file, turned as its camera says. Raises `PictureError` with what is wrong with it."""
    try:
        with warnings.catch_warnings(), Image.open(path) as image:
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            width, height = image.size
            if width * height > LARGEST:
                raise PictureError(
                    f"{path.name} has {width}×{height} pixels, more than the {LARGEST:,} that are read; crop it"
                )
            if min(width, height) < SMALLEST:
                raise PictureError(
                    f"{path.name} has {width}×{height} pixels; choose one of at least {SMALLEST}×{SMALLEST}"
                )
            if image.mode.startswith(("I", "F")):
                raise PictureError(f"{path.name} has more than 8 bits a channel ({image.mode}); save it with 8 bits")
            note = _note(path.name, image)
            pixels = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(f"{path.name} claims more pixels than can be read; crop it or leave it out") from None
    except UnidentifiedImageError:
        raise PictureError(f"{path.name} is no picture, or a damaged one; save it anew or leave it out") from None
    except FileNotFoundError:
        raise PictureError(f"{path.name} is not there any more") from None
    # Pillow's many readers raise many things on damaged files.
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError) as error:
        raise PictureError(f"{path.name} is damaged ({_first_line(error)}); save it anew or leave it out") from None
    return Opened(pixels, note)


def _note(name: str, image: Image.Image) -> str:
    if image.mode in ("1", "L", "LA"):
        return f"{name} is grey; it is taken as RGB with three equal channels"
    if image.mode in ("RGBA", "PA") or "transparency" in image.info:
        return f"{name} has transparency, which is left out"
    if image.mode == "CMYK":
        return f"{name} is made for print (CMYK); its colours are converted without a profile"
    return ""


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
