"""The canvas that a figure is laid out on, in millimetres from the top left: images, boxes, lines of text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from lam_core.images import Pixels
from lam_core.render.figure.cells import Cell

INK, FAINT, EMPTY = "#111111", "#555555", "#ececec"
HAIRLINE = 0.25
"""Points of the outline of what is white, as the page is."""
POINT = 25.4 / 72
"""Millimetres of a point."""
_LINE = 1.3
"""Height of a line in font sizes."""
_LETTER = 0.56
"""Width of a mean letter in font sizes, rather too wide than too narrow."""
_BAR_MM, _BAR_WIDTH = 2.0, 34.0

Align = Literal["left", "center", "right"]


@dataclass(frozen=True, eq=False)
class Picture:
    """An image at its own pixels in a rectangle; a grey one where there is no image yet."""

    x: float
    y: float
    width: float
    height: float
    pixels: Pixels | None
    name: str = ""


@dataclass(frozen=True)
class Frame:
    """An unfilled rectangle around, not on, what is inside."""

    x: float
    y: float
    width: float
    height: float
    colour: str
    points: float


@dataclass(frozen=True)
class Words:
    """One line of text; `x`, `y` is the middle of its height, and its left, middle or right."""

    x: float
    y: float
    text: str
    points: float
    widest: float
    """Millimetres that it may take."""
    align: Align = "center"
    upright: bool = False
    """Read from the bottom up."""
    colour: str = INK


@dataclass(frozen=True, eq=False)
class Bar:
    """A colour bar with the values of its ends."""

    pixels: Pixels
    """[1, w, 3]."""
    least: str
    most: str


@dataclass(frozen=True, eq=False)
class Layout:
    """A figure ready to be drawn, in millimetres."""

    width: float
    height: float
    marks: tuple[Picture | Frame, ...]
    """In the order in which they are drawn."""
    words: tuple[Words, ...]

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """The images alone."""
        return tuple(mark for mark in self.marks if isinstance(mark, Picture))


@dataclass(eq=False)
class Canvas:
    """A layout while it is being made."""

    width: float
    """In millimetres."""
    font_size: float
    """In points."""
    gap: float
    """Between cells, in millimetres."""
    box: float
    """Width of boxes in points."""
    marks: list[Picture | Frame] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)

    @property
    def line(self) -> float:
        """Height of a line of text."""
        return self.font_size * POINT * _LINE

    def write(self, x: float, y: float, text: str, widest: float, *, upright: bool = False) -> None:
        """Adds a line of text around its middle, unless it is empty."""
        if text:
            self.words.append(Words(x, y, text, self.font_size, widest, upright=upright))

    def cell(self, cell: Cell, x: float, y: float, width: float, height: float) -> None:
        """Adds a cell in the middle of a rectangle, as large as its shape allows."""
        wide = min(width, height / cell.aspect)
        high = wide * cell.aspect
        x, y = x + (width - wide) / 2, y + (height - high) / 2
        self.marks.append(Picture(x, y, wide, high, cell.pixels, cell.name))
        if cell.is_white:
            self.marks.append(Frame(x, y, wide, high, FAINT, HAIRLINE))
        line = self.box
        for box in cell.boxes:
            self.marks.append(
                Frame(x + box.x * wide, y + box.y * high, box.width * wide, box.height * high, box.colour, line)
            )
        for close in cell.insets:
            side = close.share * min(wide, high)
            edge = line * POINT / 2
            left = x + edge if close.corner.endswith("left") else x + wide - side - edge
            top = y + edge if close.corner.startswith("top") else y + high - side - edge
            self.marks.append(Picture(left, top, side, side, close.pixels, f"{cell.name} inset"))
            self.marks.append(Frame(left, top, side, side, close.colour, line))

    def bars(self, bars: Sequence[Bar], y: float) -> float:
        """Adds colour bars below each other, their words beside them; gives the lower edge."""
        if not bars:
            return y
        y += self.gap + self.line / 4
        small = self.font_size * 0.9
        left = max(len(bar.least) for bar in bars) * small * POINT * _LETTER
        length = min(_BAR_WIDTH, self.width / 3)
        x = left + 1.0 + length + 1.0
        for bar in bars:
            middle = y + self.line / 2
            self.words.append(Words(left, middle, bar.least, small, left, "right", colour=FAINT))
            top = middle - _BAR_MM / 2
            self.marks.append(Picture(left + 1.0, top, length, _BAR_MM, bar.pixels, "colour bar"))
            self.marks.append(Frame(left + 1.0, top, length, _BAR_MM, FAINT, HAIRLINE))
            self.words.append(Words(x, middle, bar.most, small, self.width - x, "left", colour=FAINT))
            y += self.line
        return y

    def note(self, text: str, y: float) -> float:
        """Adds small print in as many lines as it needs; gives the lower edge."""
        if not text:
            return y
        small = self.font_size * 0.8
        letters = max(int(self.width / (small * POINT * _LETTER)), 20)
        y += self.gap
        for row in textwrap.wrap(text, letters):
            self.words.append(Words(0, y + self.line / 2, row, small, self.width, "left", colour=FAINT))
            y += self.line * 0.85
        return y

    def layout(self, height: float) -> Layout:
        """All of it."""
        return Layout(self.width, height, tuple(self.marks), tuple(self.words))
