"""Reading any picture file a visitor may have: 8-bit RGB out, and one note for everything that was left behind."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from lam_core.errors import LamError
from lam_core.images import Pixels
from lam_core.images.pixels import strips
from lam_core.images.tiff_header import COLOURS, WHITE_IS_ZERO, TiffHeader, tiff_header
from lam_core.images.unread_formats import READ, unread

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "JPEG2000")
"""What is read; formats that run code or other programs are not among them."""
SHORTEST_SIDE = 16
"""Pixels below which a picture leaves nothing to attribute to."""
PIXEL_LIMIT = 24_000_000

_ORIENTATION = 0x0112
_TURNED = range(2, 9)
"""Orientations that turn or mirror a picture; 1 does not, and other numbers mean nothing."""
_PNG_GREY_ALPHA = 4
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
        raise UnreadableImageError(f"the file is empty; {READ}")
    header = tiff_header(content)
    try:
        with warnings.catch_warnings():
            # The limit below is ours; Pillow's own one only warns.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                _check_size(image.width, image.height, pixel_limit)
                if header and (fault := header.fault()):
                    raise UnreadableImageError(fault)
                return _read(image, content, header)
    except UnidentifiedImageError:
        raise UnreadableImageError((header and header.fault()) or unread(content)) from None
    except Image.DecompressionBombError:
        raise UnreadableImageError(_too_large("this picture is", pixel_limit)) from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError) as error:
        if isinstance(error, UnreadableImageError):
            raise
        if header and (fault := header.fault()):
            raise UnreadableImageError(fault) from None
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


def _read(image: Image.Image, content: bytes, header: TiffHeader | None) -> Decoded:
    notes = []
    if getattr(image, "n_frames", 1) > 1:
        notes.append(f"The first of {image.n_frames} frames is used.")  # pyright: ignore[reportAttributeAccessIssue]
    bits = _bits(image, content, header)
    icc, gamma = image.info.get("icc_profile"), image.info.get("gamma")
    turned = image.getexif().get(_ORIENTATION, 1) in _TURNED
    image.load()
    if image.mode == "F":
        raise UnreadableImageError("a floating-point picture has no fixed white; save it with 8 or 16 bits a channel")
    has_alpha = image.mode in _TRANSPARENT or "transparency" in image.info
    if bits > 8 and image.mode not in _WIDE_GREY and image.format != "PPM":
        image = _narrowed_colours(image, content)
    elif image.mode in _WIDE_GREY:
        image = _narrowed(image, bits, header)
    if turned:
        notes.append("The picture is turned upright as its EXIF orientation says.")
        image = ImageOps.exif_transpose(image)
    if bits > 8:
        notes.append(f"{bits} bits a channel are rounded to 8.")
    if has_alpha:
        notes.append("Transparency is dropped; the colours beneath it are used.")
    if header and header.spare:
        notes.append(_spare(header))
    if image.mode in ("1", "L", "LA", "La"):
        notes.append("The picture is grey: its three channels are equal.")
    elif image.mode not in ("RGB", "RGBA", "RGBa", "RGBX", "P", "PA"):
        notes.append(f"Colours are converted from {image.mode} to RGB.")
    if icc and image.mode not in ("1", "L", "LA"):
        notes.append("The colour profile is ignored: values are taken as they are stored.")
    if image.format == "PNG" and (coding := _unusual_coding(content)):
        notes.append(coding)
    if gamma and not 0.4 < gamma < 0.5:
        notes.append(f"The gamma of {gamma:g} is ignored: values are taken as they are stored.")
    return Decoded(_rgb(image), tuple(notes))


def _unusual_coding(content: bytes) -> str:
    """A sentence where a PNG file says by code points (cICP) that its numbers mean other light than sRGB's."""
    place = content.find(b"cICP", 0, content.find(b"IDAT"))
    if place < 0 or content[place + 4 : place + 6] in (b"\x01\x0d", b"\x01\x01", b"\x01\x06"):
        return ""
    primaries, transfer = content[place + 4], content[place + 5]
    hdr = {16: ", PQ, for high dynamic range", 18: ", HLG, for high dynamic range"}.get(transfer, "")
    return (
        f"The colour coding (cICP, primaries {primaries}, transfer {transfer}{hdr}) is ignored: values are taken as "
        "they are stored."
    )


def _spare(header: TiffHeader) -> str:
    named = COLOURS.get(header.photometric, header.bands) + header.alphas
    if header.spare == 1:
        return f"Band {named + 1} of {header.bands} says nothing of its meaning and is dropped."
    return f"Bands {named + 1} to {header.bands} say nothing of their meaning and are dropped."


def _rgb(image: Image.Image) -> Pixels:
    if image.mode == "PA" or (image.mode == "P" and "transparency" in image.info):
        # Straight to RGB, Pillow would blend nothing but warn; RGBA keeps the colour beneath.
        image = image.convert("RGBA")
    if image.mode in ("RGBA", "RGBa", "RGBX"):
        return np.ascontiguousarray(np.asarray(image.convert("RGBA"))[..., :3])
    if image.mode in ("LA", "La"):
        grey = np.asarray(image.convert("LA"))[..., :1]
        return np.ascontiguousarray(np.repeat(grey, 3, axis=2))
    return np.array(image if image.mode == "RGB" else image.convert("RGB"))


def _bits(image: Image.Image, content: bytes, header: TiffHeader | None) -> int:
    """Bits of a channel, before Pillow halves the 16 of colours, which it does without a word."""
    if header:
        return header.bits
    if image.format == "PNG":
        # Signature (8), chunk length and name (8), width and height (8): then the bit depth.
        return content[24]
    if image.format == "JPEG2000":
        # In the picture's header box behind height, width and number of channels, or in a bare codestream.
        box = content.find(b"ihdr")
        return (content[box + 14] & 0x7F) + 1 if box >= 0 else (content[42] & 0x7F) + 1
    if image.format == "PPM":
        return 16 if _maximum_of_ppm(content) > 255 else 8
    return 16 if image.mode in _WIDE_GREY else 8


def _maximum_of_ppm(content: bytes) -> int:
    lines = [line.split(b"#")[0] for line in content[:512].splitlines()]
    fields = b" ".join(lines).split()
    is_wide = len(fields) > 3 and fields[0] in (b"P2", b"P3", b"P5", b"P6") and fields[3].isdigit()
    return int(fields[3]) if is_wide else 255


def _narrowed(image: Image.Image, bits: int, header: TiffHeader | None) -> Image.Image:
    """Grey of up to 16 bits, rounded to 8; Pillow leaves white as 0 for pictures that are stored so."""
    # Pillow widens whatever a PGM or a JPEG 2000 file calls white to 16 bits, and leaves 12 bits of a TIFF as they are.
    white = 2**bits - 1 if header else 65535
    narrow = _to_8_bits(np.asarray(image), white)
    return Image.fromarray(255 - narrow if header and header.photometric == WHITE_IS_ZERO else narrow)


def _to_8_bits(wide: NDArray, white: int) -> NDArray[np.uint8]:
    """Values of which `white` is the largest, rounded to 8 bits."""
    narrow = np.empty(wide.shape, np.uint8)
    for rows in strips(slice(0, len(wide))):
        narrow[rows] = (wide[rows].astype(np.int64).clip(0, white) * 255 + white // 2) // white
    return narrow


def _narrowed_colours(image: Image.Image, content: bytes) -> Image.Image:
    """Colours of 16 bits, rounded to 8, as an image of red, green and blue with the orientation of `image`."""
    import cv2  # not at the top: the first page is painted without it

    wide = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if wide is None or wide.dtype != np.uint16 or wide.shape[:2] != (image.height, image.width):
        raise UnreadableImageError("this picture with 16 bits a channel cannot be read; save it with 8 bits a channel")
    wide = wide[..., None] if wide.ndim == 2 else wide
    colours = wide[..., 2::-1] if wide.shape[2] >= 3 else np.repeat(wide[..., :1], 3, axis=2)
    narrow = Image.fromarray(_to_8_bits(colours, 65535))
    narrow.info = {key: value for key, value in image.info.items() if key in ("exif", "icc_profile")}
    is_grey = image.mode in ("LA", "La") or (image.format == "PNG" and content[25] == _PNG_GREY_ALPHA)
    return narrow.convert("L") if is_grey else narrow
