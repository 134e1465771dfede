"""What a TIFF picture says of its numbers: how many bands, of which type and meaning. Pillow does not tell all."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL.TiffImagePlugin import ImageFileDirectory_v2

MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR = 0, 1, 2, 3, 5, 6
COLOURS = {0: 1, 1: 1, 2: 3, 3: 1, 4: 1, 5: 4, 6: 3, 8: 3, 9: 3, 10: 3}
"""Bands that carry the colour, by photometric interpretation."""
RAW = (32803, 34892)
"""Photometric interpretations of cameras' raw files."""
NUMBERS = {1: "unsigned whole", 2: "signed whole", 3: "floating-point", 5: "complex whole", 6: "complex"}


@dataclass(frozen=True)
class TiffHeader:
    """The tags of the first picture in a TIFF file that say what its numbers mean."""

    bits: int
    """Of the widest band."""
    bands: int
    numbers: int
    """Sample format: 1 unsigned, 2 signed, 3 floating-point."""
    photometric: int
    extra: Sequence[int]
    """Meaning of the bands beyond the colour: 0 unspecified, 1 and 2 transparency."""
    is_planar: bool
    """Each band lies in a plane of its own."""
    is_preview: bool
    """The first picture is a reduced copy of a later one."""

    @property
    def is_grey(self) -> bool:
        """Whether one band carries the brightness."""
        return self.photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO)

    @property
    def spare(self) -> int:
        """Bands that are neither colour nor transparency."""
        return max(0, self.bands - COLOURS.get(self.photometric, self.bands) - self.alphas)

    @property
    def alphas(self) -> int:
        """Bands of transparency."""
        return sum(kind in (1, 2) for kind in self.extra)

    def fault(self) -> str | None:
        """Why such numbers give no usable picture, and what to do; None where they do."""
        if self.photometric in RAW:
            return "this file is a camera's raw file; develop it and save it as PNG"
        if self.is_preview:
            return "this TIFF file begins with a small preview of its picture; save the picture itself as PNG"
        if self.numbers in (3, 6):
            return (
                f"a picture of {self.bits}-bit {NUMBERS[self.numbers]} numbers has no fixed white; save it with 8 or "
                "16 bits a channel"
            )
        if self.numbers != 1:
            kind = NUMBERS.get(self.numbers, "undefined")
            return f"a picture of {kind} numbers has no fixed white; save it with 8 or 16 unsigned bits a channel"
        if self.bits > 16:
            return f"a picture of {self.bits} bits a channel has no fixed white; save it with 8 or 16 bits a channel"
        if self.is_grey and self.spare > 1:
            return f"this TIFF picture has {self.bands} bands and names no colours; save its red, green and blue as RGB"
        if self.bits > 8 and not self.is_grey and self.photometric != RGB:
            return "a 16-bit picture in other colours than RGB is not read; save it as RGB, or with 8 bits a channel"
        if self.bits > 8 and self.is_planar and self.bands > 1:
            return (
                "a 16-bit picture with its channels in separate planes is not read; save it with interleaved channels"
            )
        if self.bits not in (1, 2, 4, 8, 12, 16):
            return f"a picture of {self.bits} bits a channel is not read; save it with 8 or 16 bits a channel"
        return None


def tiff_header(content: bytes) -> TiffHeader | None:
    """The header of a TIFF file's first picture; None for other files and damaged headers."""
    if content[:4] not in MARKS:
        return None
    try:
        is_big = content[2:4] in (b"+\0", b"\0+")
        directory = ImageFileDirectory_v2(content[: 16 if is_big else 8])
        file = io.BytesIO(content)
        file.seek(directory.next)
        directory.load(file)
        bits = _all(directory.get(258, 1))
        return TiffHeader(
            bits=max(bits),
            bands=int(directory.get(277, len(bits))),
            numbers=max(_all(directory.get(339, 1))),
            photometric=int(directory.get(262, BLACK_IS_ZERO)),
            extra=_all(directory.get(338, ())),
            is_planar=directory.get(284, 1) == 2,
            is_preview=bool(int(directory.get(254, 0)) & 1),
        )
    except Exception:  # a damaged header may go wrong anywhere; Pillow's own reader says what it is
        return None


def _all(value: object) -> tuple[int, ...]:
    return tuple(int(v) for v in value) if isinstance(value, tuple) else (int(str(value)),)
