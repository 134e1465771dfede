"""The look of every chart: one mark for each network wherever it appears, one layout, one toolbar.

Text and grid colours are Streamlit's, so a chart is light or dark as the page is. Every colour of the palette
stands out from both backgrounds, and a marker's shape says the same as its colour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10
from typing import Any

import plotly.graph_objects as go

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#b65f95", "#b07d00", "#3b95c9", "#8264cc", "#7d7d7d")
"""After Okabe and Ito, those too faint on white made darker: each has contrast 3 on white and on the dark ground."""
SHAPES = ("circle", "square", "diamond", "triangle-up", "star", "cross", "x", "pentagon", "hexagram")
"""As many more than colours that a colour and a shape together part 72 networks."""
MUTED = "#8b8680"
"""Of what stands back: lines of reference, published values."""

COMPACT = " (compact)"
"""Ending of the names of networks trained by this project."""
FONT = "Arial, Helvetica, Liberation Sans, sans-serif"
"""Of every chart: a saved picture cannot use the page's own web font, and would be set in another than the screen."""


@dataclass(frozen=True)
class Mark:
    """How one thing is drawn in every chart."""

    colour: str
    shape: str
    """A plotly marker symbol."""

    @property
    def hollow(self) -> str:
        """The shape as an outline: for values taken from a publication."""
        return f"{self.shape}-open"

    def marker(self, size: int) -> dict[str, Any]:
        """A filled plotly marker; a dot within its shape is drawn in white."""
        line = {"line": {"color": "#ffffff", "width": 1}} if self.shape.endswith("-dot") else {}
        return {"color": self.colour, "symbol": self.shape, "size": size, **line}


def marks_of(names: Iterable[str], held: MutableMapping[str, Mark] | None = None) -> dict[str, Mark]:
    """Marks of the networks of one chart, in order: no two alike, and no colour twice while another is free.

    `held`: marks given before, in this session, which are kept wherever they do not clash, and to which new ones are
    added. The shape of a compact network has a dot in it.

    >>> marks_of(["EDSR", "EDSR (compact)"])["EDSR (compact)"]
    Mark(colour='#d55e00', shape='circle-dot')
    """
    held = {} if held is None else held
    names = list(dict.fromkeys(names))
    given: dict[str, Mark] = {}
    for name in names:
        mark, used = held.get(name), Counter(one.colour for one in given.values())
        if mark and mark not in given.values() and used[mark.colour] < -(-len(names) // len(PALETTE)):
            given[name] = mark
    for name in names:
        if name not in given:
            given[name] = _free(name, list(given.values()), held.values())
            held.setdefault(name, given[name])
    return {name: given[name] for name in names}


def _free(name: str, here: Sequence[Mark], held: Iterable[Mark]) -> Mark:
    """A mark of the colour that is used least, in this chart and then in the session."""
    in_chart, in_session = Counter(mark.colour for mark in here), Counter(mark.colour for mark in held)
    colour = min(PALETTE, key=lambda one: (in_chart[one], in_session[one]))
    marks = [Mark(colour, f"{shape}-dot" if name.endswith(COMPACT) else shape) for shape in SHAPES]
    return next((mark for mark in marks if mark not in here), marks[0])


def mark_at(place: int) -> Mark:
    """The mark of the class at that place in a list of classes that are no networks, such as degradations."""
    return Mark(PALETTE[place % len(PALETTE)], SHAPES[place % len(SHAPES)])


def chart(
    traces: Sequence[Any],
    *,
    x: str,
    y: str,
    height: int = 420,
    log_x: bool = False,
    log_y: bool = False,
    legend: bool = True,
) -> go.Figure:
    """A chart of traces with titled axes, its legend below the plot, clicks free for choosing points."""
    # All at once: plotly takes several times as long to change a layout that is there.
    layout = {
        "height": height,
        "font": {"family": FONT},
        "margin": {"l": 8, "r": 8, "t": 24, "b": 8},
        "showlegend": legend,
        "legend": {"orientation": "h", "yanchor": "top", "y": -0.19, "x": 0, "title": None},
        "hoverlabel": {"align": "left"},
        "xaxis": {
            "title": {"text": x, "standoff": 4},
            "type": "log" if log_x else None,
            "automargin": True,
            "zeroline": False,
        },
        "yaxis": {"title": y, "type": "log" if log_y else None, "automargin": True, "zeroline": False},
    }
    # One type throughout: plotly takes traces of all kinds, which its own annotations do not say.
    return go.Figure(list(traces), layout)


def index_ticks(values: Iterable[float]) -> list[float]:
    """Ticks of a logarithmic axis that shows those values: three at least, unless they are all alike.

    >>> index_ticks([0.3, 24]), index_ticks([5.1, 5.4]), index_ticks([2, 2])
    ([0.5, 1.0, 2.0, 5.0, 10.0, 20.0], [5.1, 5.15, 5.2, 5.25, 5.3, 5.35, 5.4], [2.0])
    """
    known = [float(value) for value in values if value > 0 and isfinite(value)]
    if not known:
        return [1.0]
    low, high = min(known), max(known)
    for steps in ((1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8)):
        decades = range(floor(log10(low)), ceil(log10(high)) + 1)
        ticks = [float(f"{step * 10.0**decade:.6g}") for decade in decades for step in steps]
        if len(inside := [tick for tick in ticks if low <= tick <= high]) >= 3:
            return inside
    if high == low:
        return [low]
    # Less than the steps of a logarithmic axis: even ones, of 1, 2 or 5 times a power of ten.
    rough = (high - low) / 4
    power = 10.0 ** floor(log10(rough))
    for step in (5 * power, 2 * power, power, power / 2, power / 5):
        first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
        if last - first >= 2:
            return [float(f"{k * step:.10g}") for k in range(first, last + 1)]
    return [low, high]


def toolbar(name: str, *, lasso: bool = False) -> dict[str, Any]:
    """The configuration of a chart: a picture of it is saved under `name`, as large as it is shown and twice as fine.

    `lasso`: whether groups of points can be selected.
    """
    groups = [] if lasso else ["select2d", "lasso2d"]
    return {
        "displaylogo": False,
        "displayModeBar": "hover",
        "modeBarButtonsToRemove": [*groups, "autoScale2d", "zoomIn2d", "zoomOut2d"],
        # Without a size, Plotly saves 700×450 whatever the screen shows, and legends run into each other.
        "toImageButtonOptions": {"format": "png", "filename": name, "scale": 2, "width": None, "height": None},
    }
