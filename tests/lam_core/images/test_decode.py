"""Files a visitor may bring: what is read, with which note, and what is refused, with which sentence."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from lam_core.images.decode import UnreadableImageError, decode

RANDOM = np.random.default_rng(0)
RGB = RANDOM.integers(0, 256, (20, 24, 3), dtype=np.uint8)


def saved(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_rgb_comes_back_exactly_and_without_notes(kind):
    decoded = decode(saved(Image.fromarray(RGB), kind))
    np.testing.assert_array_equal(decoded.pixels, RGB)
    assert decoded.pixels.dtype == np.uint8
    assert decoded.notes == ()


def test_alpha_is_dropped_not_blended():
    rgba = np.dstack([RGB, np.full(RGB.shape[:2], 3, np.uint8)])
    decoded = decode(saved(Image.fromarray(rgba)))
    np.testing.assert_array_equal(decoded.pixels, RGB)
    assert any("Transparency" in note for note in decoded.notes)


def test_grey_and_grey_with_alpha_become_three_equal_channels():
    grey = RGB[..., 0]
    for image in (Image.fromarray(grey), Image.merge("LA", [Image.fromarray(grey)] * 2)):
        decoded = decode(saved(image))
        np.testing.assert_array_equal(decoded.pixels, np.dstack([grey] * 3))
        assert any("grey" in note for note in decoded.notes)


def test_palette_keeps_its_colours_with_and_without_transparency():
    image = Image.fromarray(RGB).quantize(16)
    expected = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(decode(saved(image)).pixels, expected)
    decoded = decode(saved(image, transparency=0))
    np.testing.assert_array_equal(decoded.pixels, expected)
    assert any("Transparency" in note for note in decoded.notes)


def test_cmyk_is_converted_with_a_note():
    decoded = decode(saved(Image.fromarray(RGB).convert("CMYK"), "TIFF"))
    assert np.abs(decoded.pixels.astype(int) - RGB).max() <= 1
    assert any("CMYK" in note for note in decoded.notes)


def test_sixteen_bit_grey_is_rounded():
    wide = np.arange(20 * 24, dtype=np.uint16).reshape(20, 24) * 136
    decoded = decode(saved(Image.fromarray(wide)))
    np.testing.assert_array_equal(decoded.pixels[..., 0], np.rint(wide / 257).astype(np.uint8))
    assert any("16 bits" in note for note in decoded.notes)


def test_sixteen_bit_colour_is_noticed():
    wide = (RGB.astype(">u2") * 257).reshape(20, -1)
    rows = b"".join(b"\x00" + row.tobytes() for row in wide)
    decoded = decode(png(24, 20, 16, 2, rows))
    np.testing.assert_array_equal(decoded.pixels, RGB)
    assert any("16 bits" in note for note in decoded.notes)


def test_the_first_frame_of_an_animation_is_used():
    frames = [Image.fromarray(np.full((20, 24, 3), level, np.uint8)) for level in (10, 200, 90)]
    decoded = decode(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert (decoded.pixels == 10).all()
    assert any("first of 3 frames" in note for note in decoded.notes)


def test_a_turned_photograph_is_put_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    decoded = decode(saved(Image.fromarray(RGB), "PNG", exif=exif))
    np.testing.assert_array_equal(decoded.pixels, np.rot90(RGB, -1))
    assert any("upright" in note for note in decoded.notes)


def test_a_colour_profile_is_named_as_ignored():
    decoded = decode(saved(Image.fromarray(RGB), "PNG", icc_profile=b"not read at all"))
    assert any("profile" in note for note in decoded.notes)


def refused(content: bytes, match: str, **options) -> None:
    with pytest.raises(UnreadableImageError, match=match) as caught:
        decode(content, **options)
    assert "\n" not in str(caught.value)


def test_empty_and_foreign_files_are_refused():
    refused(b"", "empty")
    refused(b"%PDF-1.7 and more", "PDF document; save")
    refused(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture of pixels; save")
    refused(RANDOM.bytes(4096), "not a picture")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF"])
def test_a_picture_cut_short_anywhere_never_gives_pixels_or_another_error(kind):
    content = saved(Image.fromarray(np.tile(RGB, (4, 4, 1))), kind)
    for share in (0.05, 0.3, 0.6, 0.9):
        refused(content[: int(len(content) * share)], "damaged|not a picture|too")


def test_a_picture_of_one_pixel_is_refused():
    refused(saved(Image.new("RGB", (1, 1))), "1×1.*at least 16×16")


def test_a_picture_over_the_limit_is_refused_by_its_header_alone():
    refused(saved(Image.fromarray(RGB)), "24×20.*at most", pixel_limit=400)
    bomb = png(60_000, 60_000, 8, 2, b"\x00" * 100)
    refused(bomb, "too large")


def test_a_floating_point_picture_is_refused():
    refused(saved(Image.fromarray(RGB[..., 0].astype(np.float32)), "TIFF"), "floating-point")
