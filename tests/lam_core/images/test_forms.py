"""Every form in which a picture is met: the right pixels, known beforehand or from another decoder, or one sentence.

docs/files.md lists the rows of this table.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from lam_core.images.decode import UnreadableImageError, decode

GREY = (np.add.outer(np.arange(32), 2 * np.arange(40)) * 2 % 256).astype(np.uint8)
RGB = np.dstack([GREY, GREY[::-1], 255 - GREY])
AS_RGB = np.dstack([GREY] * 3)
WIDE = np.random.default_rng(0).integers(0, 65536, (32, 40, 3)).astype(np.uint16)
NARROW = np.rint(WIDE / 257).astype(np.uint8)
WIDE_GREY = GREY.astype(np.uint16) * 257
ALPHA = 255 - GREY


def tiff(pixels: NDArray[Any], **tags: Any) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, **tags)
    return buffer.getvalue()


def saved(pixels: NDArray[Any] | Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def opencv(ending: str, pixels: NDArray[Any], *options: int) -> bytes:
    return cv2.imencode(ending, pixels, options)[1].tobytes()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(depth: int, colour: int, rows: list[bytes], *more: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", 40, 32, depth, colour, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = (chunk(b"IHDR", header), *more, chunk(b"IDAT", body), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def few_bits(depth: int) -> bytes:
    bits = np.unpackbits(np.asarray(GREY >> (8 - depth), np.uint8)[..., None], axis=2)[..., 8 - depth :].reshape(32, -1)
    return png(depth, 0, [row.tobytes() for row in np.packbits(bits, axis=1)])


def exact_grey(depth: int) -> NDArray[np.uint8]:
    levels = 2**depth - 1
    return np.dstack([np.rint((GREY >> (8 - depth)) * (255 / levels)).astype(np.uint8)] * 3)


def turned(orientation: int, kind: str = "PNG") -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(RGB, kind, exif=exif)


def pnm(head: str, values: NDArray[Any]) -> bytes:
    return head.encode() + values.tobytes()


def with_profile(kind: str) -> bytes:
    return saved(RGB, kind, icc_profile=b"a profile of another space")


def palette_of(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(pixels).quantize(16).convert("RGB"))


LADDER = np.arange(256, dtype=np.uint16)
PAINTED = np.stack([LADDER * 257, LADDER[::-1] * 257, np.full(256, 128 * 257, np.uint16)])
BILEVEL = np.where(GREY < 128, 0, 255).astype(np.uint8)
UNTURNED = {2: RGB[:, ::-1], 3: RGB[::-1, ::-1], 4: RGB[::-1], 5: RGB.transpose(1, 0, 2), 6: np.rot90(RGB, -1),
            7: RGB[::-1, ::-1].transpose(1, 0, 2), 8: np.rot90(RGB)}  # fmt: skip


@dataclass(frozen=True)
class Form:
    name: str
    content: bytes
    pixels: NDArray[Any] | None = None
    """What must come out; none where the file is refused."""
    says: str = ""
    """In the notes, or in the refusal."""
    within: int = 0
    """How far each value may be off, for lossy formats."""


def alike(name: str, content: bytes, says: str = "", within: int = 3) -> Form:
    """A lossy form, which another decoder reads too."""
    return Form(name, content, np.asarray(imageio.imread(content))[..., :3], says, within)


def grey_pair(*bands: NDArray[Any]) -> NDArray[Any]:
    return np.dstack(bands)


READ = [
    Form("TIFF 8 bits", tiff(RGB, photometric="rgb"), RGB),
    Form("TIFF grey, white as 0", tiff(255 - GREY, photometric="miniswhite"), AS_RGB, "grey"),
    Form("TIFF grey 16, white as 0", tiff(65535 - WIDE_GREY, photometric="miniswhite"), AS_RGB, "16 bits"),
    Form("TIFF grey 16", tiff(WIDE[..., 0], photometric="minisblack"), np.dstack([NARROW[..., 0]] * 3), "16 bits"),
    Form("TIFF grey 16, high byte first", tiff(WIDE_GREY, photometric="minisblack", byteorder=">"), AS_RGB, "16 bits"),
    Form("TIFF RGB 16", tiff(WIDE, photometric="rgb"), NARROW, "16 bits"),
    Form("TIFF RGB 16, high byte first", tiff(WIDE, photometric="rgb", byteorder=">"), NARROW, "16 bits"),
    Form("TIFF RGBA 16", tiff(np.dstack([WIDE, WIDE[..., :1]]), photometric="rgb", extrasamples=["unassalpha"]),
         NARROW, "Transparency"),
    Form("TIFF RGB in planes", tiff(np.moveaxis(RGB, 2, 0).copy(), photometric="rgb", planarconfig="separate"), RGB),
    Form("TIFF RGBA", tiff(np.dstack([RGB, ALPHA]), photometric="rgb", extrasamples=["unassalpha"]), RGB, "Transp"),
    Form("TIFF RGB and one band more", tiff(np.dstack([RGB, ALPHA]), photometric="rgb", extrasamples=["unspecified"]),
         RGB, "Band 4 of 4"),
    Form("TIFF RGB and two bands more", tiff(np.dstack([RGB, ALPHA, GREY]), photometric="rgb",
         extrasamples=["unspecified"] * 2), RGB, "Bands 4 to 5"),
    Form("TIFF grey and one band more", tiff(grey_pair(GREY, ALPHA), photometric="minisblack", planarconfig="contig"),
         AS_RGB, "Band 2 of 2"),
    Form("TIFF grey and alpha", tiff(grey_pair(GREY, ALPHA), photometric="minisblack", planarconfig="contig",
         extrasamples=["unassalpha"]), AS_RGB, "Transparency"),
    Form("TIFF CMYK", saved(Image.fromarray(RGB).convert("CMYK"), "TIFF"), RGB, "CMYK", 1),
    Form("TIFF YCbCr", saved(Image.fromarray(RGB).convert("YCbCr"), "TIFF"), RGB, "YCbCr", 3),
    Form("TIFF palette", tiff(GREY, photometric="palette", colormap=PAINTED),
         np.dstack([GREY, 255 - GREY, np.full_like(GREY, 128)])),
    Form("TIFF bilevel", saved(Image.fromarray(BILEVEL).convert("1"), "TIFF"), np.dstack([BILEVEL] * 3), "grey"),
    Form("TIFF fax group 4", saved(Image.fromarray(BILEVEL).convert("1"), "TIFF", compression="group4"),
         np.dstack([BILEVEL] * 3), "grey"),
    Form("TIFF LZW", saved(RGB, "TIFF", compression="tiff_lzw"), RGB),
    Form("TIFF deflate", saved(RGB, "TIFF", compression="tiff_deflate"), RGB),
    Form("TIFF RGB 16 deflate", tiff(WIDE, photometric="rgb", compression="zlib"), NARROW, "16 bits"),
    Form("TIFF of two pages", tiff(np.stack([RGB, 255 - RGB]), photometric="rgb"), RGB, "first of 2"),
    Form("TIFF in tiles", tiff(RGB, photometric="rgb", tile=(16, 16)), RGB),
    Form("BigTIFF", tiff(RGB, photometric="rgb", bigtiff=True), RGB),
    Form("BigTIFF grey 16, white as 0", tiff(65535 - WIDE_GREY, photometric="miniswhite", bigtiff=True), AS_RGB, "16"),
    Form("PNG RGB 16", opencv(".png", WIDE[..., ::-1]), NARROW, "16 bits"),
    Form("PNG grey 16", opencv(".png", WIDE[..., 0]), np.dstack([NARROW[..., 0]] * 3), "16 bits"),
    Form("PNG RGBA 16", opencv(".png", np.dstack([WIDE[..., ::-1], WIDE[..., :1]])), NARROW, "Transparency"),
    Form("PNG grey and alpha 16", png(16, 4, [np.dstack([WIDE[i, :, 0], WIDE[i, :, 0]]).astype(">u2").tobytes()
         for i in range(32)]), np.dstack([NARROW[..., 0]] * 3), "grey"),
    Form("PNG RGB 16, one colour transparent", png(16, 2, [row.astype(">u2").tobytes() for row in WIDE],
         chunk(b"tRNS", bytes(6))), NARROW, "Transparency"),
    *(Form(f"PNG grey {depth}", few_bits(depth), exact_grey(depth), "grey") for depth in (1, 2, 4)),
    Form("PNG palette", saved(Image.fromarray(RGB).quantize(16), "PNG"), palette_of(RGB)),
    Form("PNG palette, one colour transparent", saved(Image.fromarray(RGB).quantize(16), "PNG", transparency=0),
         palette_of(RGB), "Transparency"),
    Form("PNG of linear gamma", png(8, 2, [row.tobytes() for row in RGB], chunk(b"gAMA", struct.pack(">I", 100_000))),
         RGB, "gamma of 1"),
    Form("PNG of the usual gamma", png(8, 2, [row.tobytes() for row in RGB], chunk(b"gAMA", struct.pack(">I", 45_455))),
         RGB),
    Form("PNG coded for high dynamic range",
         png(8, 2, [row.tobytes() for row in RGB], chunk(b"cICP", bytes([9, 16, 0, 1]))), RGB,
         "transfer 16, PQ, for high dynamic range"),
    Form("PNG that says it is sRGB", png(8, 2, [row.tobytes() for row in RGB], chunk(b"cICP", bytes([1, 13, 0, 1]))),
         RGB),
    Form("PNG with a profile", with_profile("PNG"), RGB, "profile"),
    Form("PNG, animated", saved(RGB, "PNG", save_all=True, append_images=[Image.fromarray(255 - RGB)]), RGB, "first"),
    Form("PGM 16", pnm("P5 40 32 65535\n", WIDE_GREY.astype(">u2")), AS_RGB, "16 bits"),
    Form("PGM of 1023", pnm("P5 40 32 1023\n", np.rint(GREY * (1023 / 255)).astype(">u2")), AS_RGB, "16 bits"),
    Form("PPM 16", pnm("P6 40 32 65535\n", WIDE.astype(">u2")), NARROW, "16 bits"),
    Form("PPM of 127", pnm("P6 40 32 127\n", RGB >> 1), np.rint((RGB >> 1) * (255 / 127)).astype(np.uint8)),
    Form("PPM in words", b"P3\n40 32\n255\n" + b" ".join(b"%d" % value for value in RGB.ravel()), RGB),
    Form("PBM", pnm("P4 40 32\n", np.packbits(GREY < 128, axis=1)), np.dstack([BILEVEL] * 3), "grey"),
    *(Form(f"EXIF orientation {n}", turned(n), UNTURNED[n], "upright") for n in range(2, 9)),
    *(Form(f"EXIF orientation {n}", turned(n), RGB) for n in (0, 1, 9, 99, 65535)),
    Form("TIFF orientation 6", turned(6, "TIFF"), UNTURNED[6], "upright"),
    Form("TIFF orientation 99", turned(99, "TIFF"), RGB),
    Form("JPEG CMYK", saved(Image.fromarray(RGB).convert("CMYK"), "JPEG", quality=100), RGB, "CMYK", 8),
    alike("JPEG progressive", saved(RGB, "JPEG", progressive=True)),
    alike("JPEG with a profile", with_profile("JPEG"), "profile"),
    Form("JPEG grey", saved(GREY, "JPEG", quality=100), AS_RGB, "grey", 2),
    Form("WebP lossless", saved(RGB, "WEBP", lossless=True), RGB),
    Form("WebP with alpha", saved(np.dstack([RGB, ALPHA]), "WEBP", lossless=True, exact=True), RGB, "Transparency"),
    Form("WebP, animated", saved(RGB, "WEBP", lossless=True, save_all=True,
         append_images=[Image.fromarray(255 - RGB)]), RGB, "first of 2"),
    alike("AVIF", saved(RGB, "AVIF", quality=90)),
    Form("JPEG 2000", saved(RGB, "JPEG2000"), RGB),
    Form("JPEG 2000 grey 16", saved(WIDE_GREY, "JPEG2000"), AS_RGB, "16 bits"),
    Form("JPEG 2000 RGB 16", opencv(".jp2", WIDE[..., ::-1], cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000), NARROW,
         "16 bits"),
    Form("GIF", saved(GREY, "GIF"), AS_RGB),
    Form("BMP with alpha", saved(np.dstack([RGB, ALPHA]), "BMP"), RGB),
    Form("BMP grey", saved(GREY, "BMP"), AS_RGB, "grey"),
]  # fmt: skip

REFUSED = [
    Form("TIFF 16, signed", tiff(WIDE_GREY.astype(np.int16), photometric="minisblack"), says="signed whole numbers"),
    Form("TIFF grey 32", tiff(GREY.astype(np.uint32) * 16843009, photometric="minisblack"), says="32 bits a channel"),
    Form("TIFF grey 32, signed", tiff(GREY.astype(np.int32), photometric="minisblack"), says="signed whole"),
    Form("TIFF RGB 32", tiff(RGB.astype(np.uint32), photometric="rgb"), says="32 bits a channel"),
    *(Form(f"TIFF float {bits}", tiff((GREY / 255).astype(f"f{bits // 8}"), photometric="minisblack"),
           says=f"{bits}-bit floating-point") for bits in (16, 32, 64)),
    Form("TIFF float RGB", tiff((RGB / 255).astype(np.float32), photometric="rgb"), says="32-bit floating-point"),
    Form("TIFF of five bands", tiff(np.dstack([GREY] * 5), photometric="minisblack", planarconfig="contig"),
         says="5 bands"),
    Form("TIFF CMYK 16", tiff(np.dstack([WIDE, WIDE[..., :1]]), photometric="separated"), says="as RGB"),
    Form("TIFF RGB 16 in planes", tiff(np.moveaxis(WIDE, 2, 0).copy(), photometric="rgb", planarconfig="separate"),
         says="separate planes"),
    Form("TIFF with a preview first", tiff(RGB, photometric="rgb", subfiletype=1), says="preview"),
    Form("raw file of a camera", tiff(WIDE[..., 0], photometric="cfa"), says="camera's raw"),
    Form("PAM", b"P7\nWIDTH 40\nHEIGHT 32\nDEPTH 3\nMAXVAL 255\nENDHDR\n" + RGB.tobytes(), says="PAM.*PPM"),
    Form("PFM", pnm("PF\n40 32\n-1.0\n", (RGB / 255).astype("<f4")), says="PFM.*no fixed white"),
    Form("PFM grey", pnm("Pf\n40 32\n-1.0\n", (GREY / 255).astype("<f4")), says="no fixed white"),
    Form("Radiance", opencv(".hdr", RGB.astype(np.float32) / 255), says="Radiance.*no fixed white"),
    Form("OpenEXR", b"\x76\x2f\x31\x01" + bytes(100), says="OpenEXR"),
    Form("Photoshop", b"8BPS\0\1" + bytes(100), says="Photoshop"),
    Form("HEIC", b"\0\0\0\x18ftypheic" + bytes(100), says="HEIC"),
    Form("JPEG XL", b"\xff\x0a" + bytes(100), says="JPEG XL"),
    Form("icon", saved(RGB, "ICO"), says="icon"),
    Form("DICOM", bytes(128) + b"DICM" + bytes(100), says="DICOM"),
    Form("NumPy array", b"\x93NUMPY\x01\0" + bytes(100), says="NumPy.*fromarray"),
    Form("MATLAB", b"MATLAB 5.0 MAT-file" + bytes(200), says="MATLAB.*imwrite"),
    Form("MATLAB 7.3", b"MATLAB 7.3 MAT-file" + bytes(200), says="MATLAB.*imwrite"),
    Form("video", b"\0\0\0\x18ftypmp42" + bytes(100), says="video.*frames"),
    Form("SVG", b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", says="drawing"),
    Form("PDF", b"%PDF-1.7", says="PDF"),
    Form("web page", b"<!DOCTYPE html><html></html>", says="web page"),
    Form("archive", b"PK\x03\x04" + bytes(100), says="ZIP archive.*unpack"),
    Form("Git LFS pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:aa\n", says="git lfs pull"),
    Form("macOS's ._ file", b"\0\x05\x16\x07" + bytes(100), says="without ._"),
    Form("Targa", saved(RGB, "TGA"), says="not a picture that can be read; choose"),
]  # fmt: skip


def named(forms: list[Form]) -> Callable[..., Any]:
    return pytest.mark.parametrize("form", forms, ids=[form.name for form in forms])


@named(READ)
def test_is_read_right(form: Form) -> None:
    decoded = decode(form.content)
    assert form.pixels is not None
    assert decoded.pixels.shape == form.pixels.shape
    assert np.abs(decoded.pixels.astype(int) - form.pixels).max() <= form.within
    notes = " ".join(decoded.notes)
    assert form.says in notes
    assert form.says or not notes, "what is left as it is needs no note"


@named(REFUSED)
def test_is_refused_with_what_it_is_and_what_to_do(form: Form) -> None:
    with pytest.raises(UnreadableImageError, match=form.says) as caught:
        decode(form.content)
    assert "\n" not in str(caught.value)
    assert "; " in str(caught.value)


def test_the_table_is_long_enough() -> None:
    assert len(READ) + len(REFUSED) >= 100
    assert len({form.name for form in READ + REFUSED}) == len(READ) + len(REFUSED)
