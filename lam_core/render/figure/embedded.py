"""Reading the recipe out of a finished PDF, SVG or PNG, without running a parser of those formats on a stranger's file.

Each holds the recipe uncompressed, as one line of ASCII JSON: PDF in the document's Keywords, SVG in its description,
PNG in a text chunk. So it is found by its first bytes, and read up to where it ends.
"""

from __future__ import annotations

import html
import re
import struct
from collections.abc import Iterator

from lam_core.render.figure.recipe import Recipe, RecipeError
from lam_core.render.figure.recipe_text import LONGEST_RECIPE, MARK, VERSION, from_json, from_toml

LARGEST_FILE = 256 * 1024**2
"""Bytes above which no file is searched."""
_BEGIN = f'{{"{MARK}":{VERSION},'.encode()
_PNG = b"\x89PNG\r\n\x1a\n"
_PDF_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"(": b"(", b")": b")", b"\\": b"\\"}


def read_recipe(content: bytes) -> Recipe:
    """The recipe of a figure's PDF, SVG or PNG, or of a recipe's TOML or JSON. Raises `RecipeError`."""
    if len(content) > LARGEST_FILE:
        raise RecipeError(f"a file of {len(content) / 1e6:.0f} MB is too large; give at most {LARGEST_FILE >> 20} MiB")
    if content.startswith(_PNG):
        found = _of_png(content)
    elif content[:1024].lstrip().startswith(b"%PDF-"):
        found = _of_pdf(content)
    elif b"<svg" in content[:4096]:
        found = _of_svg(content)
    else:
        return _of_text(content)
    if found is None:
        raise RecipeError(
            "this file holds no recipe of a figure; give one that `lam figure` or the Figure page wrote, not converted "
            "by another program"
        )
    return from_json(found)


def _of_text(content: bytes) -> Recipe:
    if len(content) > 4 * LONGEST_RECIPE:
        raise RecipeError("this is neither PDF, SVG, PNG, TOML nor JSON of a figure; give one of them")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise RecipeError("this is neither PDF, SVG, PNG, TOML nor JSON of a figure; give one of them") from None
    return from_json(text) if text.lstrip().startswith("{") else from_toml(text)


def _of_png(content: bytes) -> str | None:
    for kind, start, end in _chunks(content):
        if kind == b"tEXt":
            _, _, text = content[start:end].partition(b"\0")
            if text.startswith(_BEGIN):
                return text[: LONGEST_RECIPE + 1].decode("latin-1")
    return None


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of every chunk of a PNG, as far as they are whole."""
    at = len(_PNG)
    while at + 12 <= len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        end = at + 8 + length
        if end + 4 > len(content):
            return
        yield content[at + 4 : at + 8], at + 8, end
        at = end + 4


def _of_svg(content: bytes) -> str | None:
    quoted = _BEGIN.replace(b'"', b"&quot;")
    found = re.search(
        b">\\s*((?:" + re.escape(_BEGIN) + b"|" + re.escape(quoted) + b")[^<]{0,%d})<" % LONGEST_RECIPE, content
    )
    return html.unescape(found[1].decode("utf-8", "replace")).strip() if found else None


def _of_pdf(content: bytes) -> str | None:
    """A literal string ends at the first bracket that no backslash stands before."""
    start = content.find(b"(" + _BEGIN)
    if start < 0:
        return None
    text, at = bytearray(), start + 1
    while at < len(content) and len(text) <= LONGEST_RECIPE:
        sign = content[at : at + 1]
        if sign == b")":
            return text.decode("latin-1")
        if sign == b"\\":
            at += 1
            sign = _PDF_ESCAPES.get(content[at : at + 1], content[at : at + 1])
        text += sign
        at += 1
    return None
