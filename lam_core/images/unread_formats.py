"""Files that are no picture that can be read, recognised by their first bytes: each with what it is and what to do."""

from __future__ import annotations

import re

SAVE = "save it as PNG"
READ = "choose a PNG, JPEG, WebP, AVIF, GIF, BMP, TIFF, JPEG 2000 or PNM picture"
MAGIC: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"8BPS", "a Photoshop document", SAVE),
    (0, b"gimp xcf", "a GIMP document", SAVE),
    (0, b"v/1\x01", "an OpenEXR picture of floating-point numbers, which have no fixed white", SAVE),
    (0, b"#?RADIANCE", "a Radiance picture of floating-point numbers, which have no fixed white", SAVE),
    (0, b"PF\n", "a PFM picture of floating-point numbers, which have no fixed white", SAVE),
    (0, b"Pf\n", "a PFM picture of floating-point numbers, which have no fixed white", SAVE),
    (0, b"P7\n", "a PAM picture", f"{SAVE} or as PPM (P6)"),
    (4, b"ftyphe", "a HEIC picture, as telephones write them", f"{SAVE} or JPEG"),
    (4, b"ftypmif1", "a HEIF picture, as telephones write them", f"{SAVE} or JPEG"),
    (0, b"\xff\x0a", "a JPEG XL picture", SAVE),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL picture", SAVE),
    (0, b"\xff\xd8\xff\xf7", "a JPEG-LS picture", SAVE),
    (0, b"II\xbc\x01", "a JPEG XR picture", SAVE),
    (0, b"BPG\xfb", "a BPG picture", SAVE),
    (0, b"qoif", "a QOI picture", SAVE),
    (0, b"farbfeld", "a farbfeld picture", SAVE),
    (0, b"\0\0\x01\0", "an icon with pictures of several sizes", f"{SAVE} the size that is meant"),
    (0, b"DDS ", "a texture (DDS)", SAVE),
    (0, b"\xabKTX", "a texture (KTX)", SAVE),
    (128, b"DICM", "a DICOM file", "save the picture in it as PNG, with 8 or 16 bits"),
    (0, b"SIMPLE  =", "a FITS file", "save the picture in it as PNG, with 8 or 16 bits"),
    (0, b"CDF", "a NetCDF file", "save the picture in it as PNG"),
    (0, b"\x89HDF", "an HDF5 file", "save the picture in it as PNG"),
    (0, b"MATLAB ", "a MATLAB file", "save the picture in it as PNG: imwrite(x, 'x.png')"),
    (0, b"\x93NUMPY", "a NumPy array", "save it as PNG: PIL.Image.fromarray(x).save('x.png')"),
    (0, b"FUJIFILM", "a camera's raw file", "develop it and save it as PNG"),
    (0, b"II\x1a\0\0\0HEAP", "a camera's raw file", "develop it and save it as PNG"),
    (0, b"FOVb", "a camera's raw file", "develop it and save it as PNG"),
    (4, b"ftypcrx", "a camera's raw file", "develop it and save it as PNG"),
    (4, b"ftyp", "a video", "save one of its frames as PNG"),
    (0, b"\x1aE\xdf\xa3", "a video", "save one of its frames as PNG"),
    (8, b"AVI ", "a video", "save one of its frames as PNG"),
    (0, b"%PDF", "a PDF document", "save its picture as PNG"),
    (0, b"%!PS", "a PostScript document", "save its picture as PNG"),
    (0, b"PK\x03\x04", "a ZIP archive", "unpack it and choose a picture that is in it"),
    (0, b"Rar!", "a RAR archive", "unpack it and choose a picture that is in it"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it and choose a picture that is in it"),
    (0, b"\x1f\x8b", "a file packed by gzip", "unpack it and choose the picture that is in it"),
    (0, b"\0\x05\x16\x07", "what macOS leaves beside a file (._name)", "choose the file of the same name without ._"),
    (
        0,
        b"version https://git-lfs",
        "a Git LFS pointer, not the picture itself",
        "run `git lfs pull` in its repository",
    ),
)
"""Offset, bytes, what such a file is, and what to do."""


def unread(content: bytes) -> str:
    """One sentence on a file that no reader of pictures knows."""
    for offset, magic, what, remedy in MAGIC:
        if content[offset : offset + len(magic)] == magic:
            return f"this file is {what}; {remedy}"
    start = content[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if re.match(rb"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?(<!doctype svg[^>]*>\s*)?<svg\b", start, re.DOTALL):
        return f"this file is a drawing (SVG), not a picture of pixels; {SAVE}"
    if re.match(rb"<(!doctype html|html|head)\b", start):
        return "this file is a web page, not the picture that it shows; open it in a browser and save the picture"
    if start.startswith(b"<?xml"):
        return "this file is an XML document, not a picture; check its address and download it again"
    return f"this file is not a picture that can be read; {READ}"
