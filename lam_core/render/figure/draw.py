"""Drawing a layout with matplotlib: PDF and SVG with text as text and images at their own pixels, PNG at any dpi."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from lam_core.errors import LamError
from lam_core.render.figure.canvas import EMPTY, POINT, Frame, Layout, Words
from lam_core.render.figure.material import FigureError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Format = Literal["pdf", "svg", "png"]
FONTS = ("DejaVu Sans", "DejaVu Serif", "STIXGeneral", "cmr10")
"""Families that come with matplotlib, so a figure in them is the same everywhere; STIXGeneral looks like Times."""
MOST_PIXELS = 120_000_000
"""Of a PNG."""
SMALLEST = 0.6
"""Share of its size to which a line of text may shrink before its end is cut."""

_drawing = threading.Lock()
"""matplotlib's settings are the process's, and a page draws for several visitors."""


class NoMatplotlibError(LamError, ImportError):
    """The library that draws figures is not installed."""


def draw(layout: Layout, form: Format, *, font: str, dpi: int, recipe: str, title: str = "") -> bytes:
    """The file of a layout, the same bytes for equal input; `recipe` is embedded as it is, in ASCII.

    Raises `NoMatplotlibError`, or `FigureError` for a font that is not there or lacks a sign, or a PNG too large.
    """
    if form == "png" and layout.width * layout.height * (dpi / 25.4) ** 2 > MOST_PIXELS:
        raise FigureError(
            f"a PNG of {layout.width:.0f}×{layout.height:.0f} mm at {dpi} dpi has more than "
            f"{MOST_PIXELS // 10**6} million pixels; choose fewer dpi, or PDF"
        )
    with matplotlib_alone(font):
        check_font(font, (words.text for words in layout.words))
        return _saved(_figure(layout, form), form, dpi, recipe, title)


@contextmanager
def matplotlib_alone(font: str = FONTS[0]) -> Iterator[None]:
    """matplotlib with settings that give equal bytes for equal figures, for one thread at a time.

    Raises `NoMatplotlibError`.
    """
    try:
        import matplotlib
    except ImportError:
        raise NoMatplotlibError(
            "figures are drawn by matplotlib, which is not installed; install it with `pip install 'sr-lam[figure]'`"
        ) from None
    with _drawing, matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "pdf.fonttype": 42,
                "svg.fonttype": "none",
                "svg.hashsalt": "lam",
                "image.composite_image": False,
                "font.family": [font, *(name for name in FONTS[:1] if name != font)],
                # Else matplotlib warns of cmr10, whose axes would lack a minus; there are none here.
                "axes.formatter.use_mathtext": True,
            }
        )
        yield


def check_font(font: str, texts: Iterable[str]) -> None:
    """Raises `FigureError` for a family that is not there, or a sign that neither it nor DejaVu Sans has."""
    from matplotlib import font_manager
    from matplotlib.ft2font import FT2Font

    try:
        paths = [font_manager.findfont(name, fallback_to_default=False) for name in (font, FONTS[0])]
    except ValueError:
        raise FigureError(f"there is no font {font!r} here; choose one of {', '.join(FONTS)}") from None
    signs = set().union(*(FT2Font(path).get_charmap() for path in paths))
    for text in texts:
        if missing := [sign for sign in text if ord(sign) not in signs]:
            raise FigureError(
                f"the font {font} has no sign {missing[0]!r} of {text[:60]!r}; choose a font that is installed here "
                "and has it, or another word"
            )


def _figure(layout: Layout, form: Format) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    figure = Figure(figsize=(layout.width / 25.4, layout.height / 25.4))
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    for order, mark in enumerate(layout.marks):
        x, y, width, height = mark.x, mark.y, mark.width, mark.height
        if isinstance(mark, Frame):
            out = mark.points * POINT / 2
            axes.add_patch(
                Rectangle(
                    (x - out, y - out),
                    width + 2 * out,
                    height + 2 * out,
                    fill=False,
                    edgecolor=mark.colour,
                    linewidth=mark.points,
                    joinstyle="miter",
                    zorder=order,
                )
            )
        elif mark.pixels is None:
            axes.add_patch(Rectangle((x, y), width, height, facecolor=EMPTY, edgecolor="none", zorder=order))
        else:
            # `none` hands the pixels to PDF and SVG as they are, and repeats them in PNG. PDF stores the rows from
            # the last to the first, so that an image taken out of the file would stand on its head.
            rows, origin = (mark.pixels[::-1], "lower") if form == "pdf" else (mark.pixels, "upper")
            extent = (x, x + width, y + height, y)
            axes.imshow(rows, extent=extent, origin=origin, interpolation="none", aspect="auto", zorder=order)
    # Each image that is added moves the limits.
    axes.set(xlim=(0, layout.width), ylim=(layout.height, 0))
    for words in layout.words:
        _write(axes, canvas.get_renderer(), words)
    return figure


def _write(axes: Any, renderer: Any, words: Words) -> None:
    """One line of text, made smaller and then shorter until it fits."""
    text = axes.text(
        words.x,
        words.y,
        words.text,
        fontsize=words.points,
        color=words.colour,
        ha=words.align,
        va="center_baseline" if not words.upright else "center",
        rotation=90 if words.upright else 0,
        parse_math=False,
        zorder=1e6,
    )

    def length() -> float:
        box = text.get_window_extent(renderer)
        return (box.height if words.upright else box.width) / renderer.dpi * 25.4

    now = length()
    if now <= words.widest:
        return
    share = max(words.widest / now, SMALLEST)
    text.set_fontsize(words.points * share)
    shorter = words.text
    while len(shorter) > 1 and length() > words.widest * 1.001:
        shorter = shorter[:-1].rstrip()
        text.set_text(f"{shorter}…")


def _saved(figure: Figure, form: Format, dpi: int, recipe: str, title: str) -> bytes:
    buffer = io.BytesIO()
    title = title or "Local attribution maps"
    if form == "pdf":
        about: dict[str, Any] = {"Title": title, "Keywords": recipe, "Creator": "lam figure", "CreationDate": None}
    elif form == "svg":
        about = {"Title": title, "Description": recipe, "Creator": "lam figure", "Date": None}
    else:
        about = {"Title": title, "Description": recipe, "Software": "lam figure"}
    figure.savefig(buffer, format=form, dpi=dpi, facecolor="white", metadata=about)
    return buffer.getvalue()
