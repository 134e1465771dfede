"""Files, checkpoints, entries and addresses that make no sense: written by hand, and by a seeded hand that slips."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

Case = tuple[str, bytes]

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")


def saved(pixels: np.ndarray, kind: str, **options: object) -> bytes:
    """A picture as a file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    """A piece of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, depth: int = 8, colour: int = 2, body: bytes = b"", *more: bytes) -> bytes:
    """A PNG whose header may say anything."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(body))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(more) + data + chunk(b"IEND", b"")


def slipped(content: bytes, random: np.random.Generator) -> bytes:
    """A file in which something went wrong: bytes changed, lost, doubled, or its end missing."""
    damaged = bytearray(content)
    match int(random.integers(5)):
        case 0:
            return bytes(damaged[: int(random.integers(1, len(damaged)))])
        case 1:
            for _ in range(int(random.integers(1, 9))):
                damaged[int(random.integers(len(damaged)))] = int(random.integers(256))
        case 2:
            # Headers are where sizes and kinds are said.
            for _ in range(3):
                damaged[int(random.integers(min(64, len(damaged))))] = int(random.choice([0, 1, 127, 128, 255]))
        case 3:
            start = int(random.integers(len(damaged)))
            del damaged[start : start + int(random.integers(1, 200))]
        case _:
            start = int(random.integers(len(damaged)))
            damaged[start:start] = damaged[start : start + 100]
    return bytes(damaged)


def written_pictures() -> Iterator[Case]:
    """Files that are no usable picture, each for a reason of its own."""
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    whole = saved(noise, "PNG")
    yield "empty", b""
    yield "a zero", b"\0"
    yield "zeros", bytes(5000)
    yield "words", b"this is no picture at all"
    yield "html", b"<!doctype html><script>alert(1)</script>"
    yield "svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)" width="64" height="64"/>'
    yield "script", b"#!/bin/sh\nrm -rf /\n"
    yield "pickle", pickle.dumps({"pixels": [1, 2, 3]})
    yield "pdf", b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n"
    yield "postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\nshowpage\n"
    yield "zip", zip_of({"a.txt": b"a"})
    yield "archive of zeros", zip_of({"zeros": bytes(10_000_000)})
    yield "signature alone", whole[:8]
    yield "header alone", whole[:33]
    yield "end missing", whole[:-30]
    yield "half", whole[: len(whole) // 2]
    yield "one pixel", saved(noise[:1, :1], "PNG")
    yield "one row", saved(noise[:1], "PNG")
    yield "one column", saved(noise[:, :1], "PNG")
    yield "too small", saved(noise[:15, :15], "PNG")
    yield "no width", png(0, 100)
    yield "no height", png(100, 0)
    yield "wide beyond reason", png(2**31 - 1, 2**31 - 1)
    yield "a bomb", png(30_000, 30_000, 8, 0, bytes(1_000_000))
    yield "a long bomb", png(1_000_000, 25)
    yield "depth of 3", png(64, 64, 3)
    yield "colour of 9", png(64, 64, 8, 9)
    yield "palette without one", png(64, 64, 8, 3, bytes(65 * 64))
    yield "no data", png(64, 64)
    yield "too little data", png(64, 64, 8, 2, bytes(100))
    yield "text bomb", png(64, 64, 8, 2, bytes(193 * 10), chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(80_000_000))))
    yield "profile bomb", png(64, 64, 8, 2, b"", chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(80_000_000))))
    yield (
        "bmp of minus size",
        b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, -64, -64, 1, 24, 0, 0, 0, 0, 0, 0),
    )
    yield (
        "bmp beyond reason",
        b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 99999, 99999, 1, 24, 0, 0, 0, 0, 0, 0),
    )
    yield "ppm of words", b"P6\nsixty four\n255\n" + bytes(64 * 64 * 3)
    yield "ppm beyond reason", b"P6\n99999999 99999999\n255\n"
    yield "ppm of no maximum", b"P6\n64 64\n0\n" + bytes(64 * 64 * 3)
    yield "tiff that eats its tail", b"II*\0\x08\0\0\0" + struct.pack("<H", 0) + struct.pack("<I", 8)
    yield "tiff of numbers", saved_float()
    yield "gif without frames", b"GIF89a" + struct.pack("<HHBBB", 64, 64, 0, 0, 0) + b";"
    yield "webp without a picture", b"RIFF" + struct.pack("<I", 12) + b"WEBPVP8 " + struct.pack("<I", 0)
    yield "jpeg of markers", b"\xff\xd8" + b"\xff\xe0\x00\x02" * 500 + b"\xff\xd9"


def saved_float() -> bytes:
    """A floating-point TIFF, whose white nobody knows."""
    return saved(np.random.default_rng(0).random((32, 32)).astype(np.float32), "TIFF")


def slipped_pictures(count: int, seed: int = 0) -> Iterator[Case]:
    """Pictures of every format with something wrong in each; some are still readable."""
    random = np.random.default_rng(seed)
    noise = random.integers(0, 256, (48, 40, 3), dtype=np.uint8)
    whole = {kind: saved(noise, kind) for kind in FORMATS}
    for number in range(count):
        kind = FORMATS[number % len(FORMATS)]
        yield f"{kind} {number}", slipped(whole[kind], random)


def slipped_files(name: str, content: bytes, count: int, seed: int = 3) -> Iterator[Case]:
    """A file with something wrong, again and again."""
    random = np.random.default_rng(seed)
    for number in range(count):
        yield f"{name} {number}", slipped(content, random)


def zip_of(members: dict[str, bytes]) -> bytes:
    """A zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


class Evil:
    """What a hostile checkpoint holds: reading it would run something."""

    def __reduce__(self) -> tuple:
        return print, ("code of a checkpoint ran",)


def written_checkpoints() -> Iterator[Case]:
    """Files that are no weights of a super-resolution network."""
    header = json.dumps({"a": {"dtype": "F32", "shape": [10**9, 10**9], "data_offsets": [0, 4]}}).encode()
    yield "empty.pth", b""
    yield "words.pth", b"no weights at all"
    yield "picture.pth", saved(np.zeros((32, 32, 3), np.uint8), "PNG")
    yield "pickle.pth", pickle.dumps({"weight": [1.0, 2.0]})
    yield "evil.pth", pickle.dumps(Evil())
    yield "evil-old.pth", pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps(Evil(), 2)
    yield "evil-zip.pth", zip_of({"archive/data.pkl": pickle.dumps(Evil(), 2), "archive/version": b"3\n"})
    yield "zip.pth", zip_of({"a.txt": b"a"})
    yield "bomb.pth", zip_of({"archive/data.pkl": bytes(50_000_000), "archive/version": b"3\n"})
    yield "empty.safetensors", b""
    yield "words.safetensors", b"no weights at all"
    yield "long-header.safetensors", struct.pack("<Q", 2**60) + b"{}"
    yield "lying.safetensors", struct.pack("<Q", len(header)) + header + bytes(4)
    yield "list.safetensors", struct.pack("<Q", 2) + b"[]"
    yield "no-tensors.safetensors", struct.pack("<Q", 2) + b"{}"
    yield "half.safetensors", struct.pack("<Q", 500) + b'{"a":'


def entries() -> Iterator[tuple[str, str]]:
    """Entries that say nothing usable."""
    good = {
        "name": '"Net"',
        "kind": '"super-resolver"',
        "architecture": '"imdn"',
        "family": '"distillation"',
        "scale": "4",
        "licence": '"MIT"',
        "tag": '"published"',
    }
    wrong = {
        "name": ("5", "[]", '""'),
        "kind": ('"oracle"', "1", "true"),
        "architecture": ('"../../etc"', "7", '""'),
        "scale": ('"four"', "0", "-2", "4.5", "99999"),
        "licence": ("3", "{}"),
        "tag": ('"genuine"', "[]"),
        "family": ("1", "[1]"),
    }
    yield "empty", ""
    yield "binary", "\0\1\2"
    yield "no TOML", "name = = 3"
    yield "unclosed", 'name = "Net'
    yield "a list", "[[a]]\n[[a]]"
    yield "unknown key", "\n".join(f"{k} = {v}" for k, v in good.items()) + "\ncolour = 1\n"
    for key in good:
        yield f"without {key}", "\n".join(f"{k} = {v}" for k, v in good.items() if k != key)
        for value in wrong[key]:
            yield f"{key} = {value}", "\n".join(f"{k} = {value if k == key else v}" for k, v in good.items())
    sources = (
        'source = "hub"\nrepo = "a"\nfile = "x"',
        'source = "hub"\nrepo = "../a/b"\nfile = "x"',
        'source = "hub"\nrepo = "a/b"\nfile = "../../x"',
        'source = "hub"\nrepo = "a/b"\nfile = "/etc/passwd"',
        'source = "github"\nrepo = "a/b"\nrevision = "main"\nfile = "x"',
        'source = "ftp"\nfile = "x"',
        'source = "bundled"\nfile = "../x"',
    )
    for source in sources:
        yield source, "\n".join(f"{k} = {v}" for k, v in good.items()) + f"\n[weights]\n{source}\n"


QUERIES: tuple[dict[str, str], ...] = tuple(
    {name: value}
    for name, values in {
        "image": ("", "..", "../../etc/passwd", "<script>alert(1)</script>", "upload-", "upload-" + "g" * 64,
                  "x" * 5000, "cat ", "\0", "猫", "upload-" + "0" * 64),
        "scale": ("0", "-1", "4.0", "many", "99", "1e3", "⁴", " 4 ", "9" * 400),
        "window": ("1", "1,2", "1,2,3,4", "a,b,c", "-1,0,16", "0,0,0", "0,0,-5", "0,0,99999", "999999,0,16", "1e3,0,16",
                   ",,", "0,0,16;drop", "9" * 300 + ",0,16"),
        "models": (",", ",,,", "a b", "../../etc/passwd", "/etc/passwd", "evil.py:build", "x" * 300,
                   "owner/repo:file.pth", "https://evil.example/x.pth", "imdn-c," * 50, "<b>"),
        "rule": ("", "none", "REFERENCE", "0"),
        "nodes": ("0", "1", "-5", "1.5", "1e9", "999999999999999999999", "nan"),
        "tolerance": ("-1", "2", "nan", "inf", "-inf", "1e400", "x"),
        "detector": ("edges", "gradient;", "0"),
        "path": ("..", "blur/..", "none"),
        "sigma": ("0", "-3", "nan", "inf", "1e309", "1e9", "x"),
        "kernel": ("0", "-1", "2", "4", "1e3", "99999999", "x"),
        "field": ("0", "-64", "1", "63.5", "fill", "FULL", "999999"),
        "dtype": ("float16", "int8", "object", "bfloat16"),
        "map": ("", "KDE", "density", "1"),
        "lr": ("2", "yes", "true", "-1"),
        "embed": ("true", "x"),
        "unknown": ("1", "<script>"),
    }.items()
    for value in values
)  # fmt: skip
"""Addresses that ask for nonsense, one part at a time."""
