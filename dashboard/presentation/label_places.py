"""Places of the names beside a chart's marks, such that names neither meet nor cover marks."""

from __future__ import annotations

from collections.abc import Sequence

Box = tuple[float, float, float, float]
"""Left, lower, right and upper edge, in pixels."""

WIDTH, HEIGHT, GAP = 6.2, 12.0, 9.0
"""Of a letter, of a line, and from a mark's middle to its name, in pixels."""
SIDES = ("top center", "bottom center", "middle right", "middle left", "top right", "top left")
"""Plotly's text positions, the first one preferred."""


def label_sides(places: Sequence[tuple[float, float]], names: Sequence[str], frame: tuple[float, float]) -> list[str]:
    """The side on which each mark's name is written, empty where there is no room; earlier marks choose first.

    `places`: marks in pixels of a plot of the size `frame`.

    >>> label_sides([(50, 50), (54, 52)], ["EDSR", "A name that is long"], (300, 100))
    ['top center', 'middle right']
    >>> label_sides([(50, 50)], ["a name wider than the whole plot"], (100, 100))
    ['']
    """
    taken: list[Box] = [(x - 6, y - 6, x + 6, y + 6) for x, y in places]
    sides = []
    for k, ((x, y), name) in enumerate(zip(places, names, strict=True)):
        others = [box for i, box in enumerate(taken) if i != k]
        side = next((side for side in SIDES if _fits(_box(x, y, name, side), others, frame)), "")
        if side:
            taken.append(_box(x, y, name, side))
        sides.append(side)
    return sides


def _box(x: float, y: float, name: str, side: str) -> Box:
    width = WIDTH * len(name)
    left = {"left": x - GAP - width, "right": x + GAP, "center": x - width / 2}[side.split()[1]]
    lower = {"top": y + GAP, "bottom": y - GAP - HEIGHT, "middle": y - HEIGHT / 2}[side.split()[0]]
    return left, lower, left + width, lower + HEIGHT


def _fits(box: Box, others: Sequence[Box], frame: tuple[float, float]) -> bool:
    left, lower, right, upper = box
    inside = left >= 0 and right <= frame[0] and lower >= 0 and upper <= frame[1]
    return inside and not any(left < r and right > x and lower < u and upper > y for x, y, r, u in others)
