"""Reading any picture file a visitor may have: 8-bit RGB out, and one note for everything that was left behind."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from lam_core.errors import LamError
from lam_core.images import Pixels

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
"""What is read; formats that run code or other programs are not among them."""
SHORTEST_SIDE = 16
"""Pixels below which a picture leaves nothing to attribute to."""
PIXEL_LIMIT = 24_000_000

_ORIENTATION = 0x0112
_BITS_PER_SAMPLE = 258
_WIDE_GREY = {"I", "I;16", "I;16B", "I;16L", "I;16N"}
_TRANSPARENT = {"RGBA", "LA", "PA", "La", "RGBa"}


class UnreadableImageError(LamError, ValueError):
    """A file that gives no usable picture; the message says why and what would."""


@dataclass(frozen=True, eq=False)
class Decoded:
    """A picture out of a file."""

    pixels: Pixels
    """uint8 [height, width, 3]."""
    notes: tuple[str, ...]
    """What was changed on the way, a sentence each."""


def decode(content: bytes, *, pixel_limit: int = PIXEL_LIMIT) -> Decoded:
    """The picture in a file's bytes, upright, 8-bit RGB, without its metadata.

    Raises `UnreadableImageError` with one sentence: empty, no picture, truncated, too small or too large. The size
    is checked before anything is decompressed.
    """
    if not content:
        raise UnreadableImageError("the file is empty; choose a PNG, JPEG, WebP, GIF, BMP or TIFF picture")
    try:
        with warnings.catch_warnings():
            # The limit below is ours; Pillow's own one only warns.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                _check_size(image.width, image.height, pixel_limit)
                return _read(image, content)
    except UnidentifiedImageError:
        raise UnreadableImageError(
            "this file is not a picture that can be read; choose a PNG, JPEG, WebP, GIF, BMP or TIFF picture"
        ) from None
    except Image.DecompressionBombError:
        raise UnreadableImageError(_too_large("this picture is", pixel_limit)) from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError) as error:
        if isinstance(error, UnreadableImageError):
            raise
        raise UnreadableImageError(
            "this picture is damaged or cut short and cannot be read to its end; save or download it again"
        ) from error


def _check_size(width: int, height: int, pixel_limit: int) -> None:
    if width * height > pixel_limit:
        raise UnreadableImageError(_too_large(f"a picture of {width}×{height} pixels is", pixel_limit))
    if min(width, height) < SHORTEST_SIDE:
        raise UnreadableImageError(
            f"a picture of {width}×{height} pixels is too small; use one of at least {SHORTEST_SIDE}×{SHORTEST_SIDE}"
        )


def _too_large(subject: str, pixel_limit: int) -> str:
    return f"{subject} too large; use one of at most {pixel_limit / 1e6:g} million pixels, or crop it"


def _read(image: Image.Image, content: bytes) -> Decoded:
    notes = []
    if getattr(image, "n_frames", 1) > 1:
        notes.append(f"The first of {image.n_frames} frames is used.")  # pyright: ignore[reportAttributeAccessIssue]
    deep = _is_deep(image, content)
    icc = image.info.get("icc_profile")
    turned = image.getexif().get(_ORIENTATION, 1) not in (0, 1)
    image.load()
    if turned:
        notes.append("The picture is turned upright as its EXIF orientation says.")
        image = ImageOps.exif_transpose(image)
    if image.mode == "F":
        raise UnreadableImageError("a floating-point picture has no fixed white; save it with 8 or 16 bits a channel")
    if deep:
        notes.append("16 bits a channel are rounded to 8.")
    if image.mode in _TRANSPARENT or "transparency" in image.info:
        notes.append("Transparency is dropped; the colours beneath it are used.")
    if image.mode in _WIDE_GREY:
        image = _narrowed(image)
    if image.mode in ("1", "L", "LA", "La"):
        notes.append("The picture is grey: its three channels are equal.")
    elif image.mode not in ("RGB", "RGBA", "RGBa", "P", "PA"):
        notes.append(f"Colours are converted from {image.mode} to RGB.")
    if icc and image.mode not in ("1", "L", "LA"):
        notes.append("The colour profile is ignored: values are taken as they are stored.")
    return Decoded(_rgb(image), tuple(notes))


def _rgb(image: Image.Image) -> Pixels:
    if image.mode == "PA" or (image.mode == "P" and "transparency" in image.info):
        # Straight to RGB, Pillow would blend nothing but warn; RGBA keeps the colour beneath.
        image = image.convert("RGBA")
    if image.mode in ("RGBA", "RGBa"):
        return np.ascontiguousarray(np.asarray(image.convert("RGBA"))[..., :3])
    if image.mode in ("LA", "La"):
        grey = np.asarray(image.convert("LA"))[..., :1]
        return np.ascontiguousarray(np.repeat(grey, 3, axis=2))
    return np.array(image.convert("RGB"))


def _is_deep(image: Image.Image, content: bytes) -> bool:
    """Whether channels have 16 bits; Pillow keeps that for grey pictures and silently halves colours."""
    if image.mode in _WIDE_GREY:
        return True
    if image.format == "PNG":
        # Signature (8), chunk length and name (8), width and height (8): then the bit depth.
        return content[24] == 16
    if image.format == "TIFF":
        bits = image.tag_v2.get(_BITS_PER_SAMPLE, (8,))  # pyright: ignore[reportAttributeAccessIssue]
        return max(bits if isinstance(bits, tuple) else (bits,)) == 16
    if image.format == "PPM":
        return _maximum_of_ppm(content) > 255
    return False


def _maximum_of_ppm(content: bytes) -> int:
    lines = [line.split(b"#")[0] for line in content[:512].splitlines()]
    fields = b" ".join(lines).split()
    return int(fields[3]) if len(fields) > 3 and fields[0] in (b"P3", b"P6") and fields[3].isdigit() else 255


def _narrowed(image: Image.Image) -> Image.Image:
    wide = np.asarray(image).astype(np.int64).clip(0, 65535)
    return Image.fromarray(((wide * 255 + 32767) // 65535).astype(np.uint8))
