"""Pictures of a study: named, read when they are needed, and each fault of a file said in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lam_core.errors import LamError
from lam_core.images import Pixels
from lam_core.images.decode import UnreadableImageError, decode
from lam_core.samples import Sample

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm"})
"""Endings of the files in a folder that are taken for pictures."""


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
    """An RGB picture from a file. Raises `PictureError` with the file's name and what is wrong with it."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PictureError(f"{path.name} cannot be read: {error.strerror or error}") from None
    try:
        decoded = decode(content)
    except UnreadableImageError as error:
        raise PictureError(f"{path.name}: {error}") from None
    return Opened(decoded.pixels, f"{path.name}: {' '.join(decoded.notes)}" if decoded.notes else "")
