"""Text in the font that comes with Pillow: a printed page, a sign, a table of figures."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from lam_core.images import Pixels
from lam_core.samples.canvas import FINE, Colour, develop, fractal, linear, noise, place

_PROSE = (
    "What a network restores it has to take from somewhere. A window of sixteen pixels holds too little to tell a "
    "row of bricks from a row of slates; the answer stands further away, where the same row runs on, larger, "
    "sharper or less occluded. A network that looks far can find it there. One that looks near must guess, and the "
    "guess is what we call a texture. To attribute is to ask of every pixel of the input how much of the result it "
    "has made, and to draw the answer as a map. Where the map is wide, the network has looked far; where it follows "
    "the grid of a facade, it has understood what repeats. Width alone proves nothing: noise is wide as well."
)


def page() -> Pixels:
    """Small print on paper, lying a little askew."""
    return _printed(
        _wrapped(_PROSE, 56), (244, 240, 230), (34, 32, 34), seed=41, askew=((-8, 4), (262, -10), (270, 262), (2, 272))
    )


def poster() -> Pixels:
    """Large letters of several sizes."""
    lines = [
        ("RESOLVE", 208),
        ("super · fine", 150),
        ("ABCDEFGHIJKLM", 104),
        ("0123456789", 128),
        ("nopqrstuvwxyz", 104),
        ("SEE FAR", 214),
    ]
    sheet = Image.new("L", (FINE, FINE))
    draw = ImageDraw.Draw(sheet)
    top = 20
    for words, size in lines:
        font = ImageFont.load_default(size)
        left = (FINE - draw.textlength(words, font)) / 2
        draw.text((left, top), words, fill=255, font=font)
        top += round(size * 1.12)
    return _printed(sheet, (190, 44, 36), (246, 240, 226), seed=42, askew=((-4, -6), (258, 4), (252, 258), (4, 250)))


def timetable() -> Pixels:
    """Columns of figures between thin rules."""
    sheet = Image.new("L", (FINE, FINE))
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(50)
    rng = np.random.default_rng(43)
    for row in range(15):
        top = 12 + 68 * row
        draw.line([(0, top + 61), (FINE, top + 61)], fill=120, width=3)
        for column in range(6):
            hour, minute = (5 + row + column // 3) % 24, int(rng.integers(0, 60))
            draw.text((24 + 168 * column, top), f"{hour:02d}:{minute:02d}", fill=255, font=font)
    return _printed(sheet, (24, 42, 74), (240, 232, 190), seed=43, askew=((6, -10), (270, 12), (256, 264), (-16, 268)))


def _wrapped(text: str, size: int) -> Image.Image:
    """A page of text that starts over until the page is full."""
    sheet = Image.new("L", (FINE, FINE))
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size)
    words = text.split() * 3
    top = 24
    while top < FINE and words:
        line = words.pop(0)
        while words and draw.textlength(f"{line} {words[0]}", font) < FINE - 60:
            line += " " + words.pop(0)
        draw.text((30, top), line, fill=255, font=font)
        top += round(size * 1.28)
    return sheet


def _printed(
    ink: Image.Image, paper: Colour, colour: Colour, *, seed: int, askew: tuple[tuple[float, float], ...]
) -> Pixels:
    """The photograph of a print: paper grain, uneven light."""
    rng = np.random.default_rng(seed)
    cover = np.asarray(ink, np.float32)[..., None] * np.float32(1 / 255)
    fibre = 1 + np.float32(0.06) * (noise(rng, FINE, FINE, 5) - np.float32(0.5))[..., None]
    sheet = np.multiply(linear(paper) + (linear(colour) - linear(paper)) * cover, fibre, dtype=np.float32)
    canvas = np.empty((FINE, FINE, 3), np.float32)
    canvas[:] = linear(paper) * np.float32(0.4)
    place(canvas, sheet, askew)
    light = np.float32(0.85) + np.float32(0.3) * fractal(rng, FINE, FINE, 520, 2)
    light *= np.linspace(1.1, 0.8, FINE, dtype=np.float32)
    canvas *= light[..., None]
    return develop(canvas, seed=seed, exposure=1.05)
