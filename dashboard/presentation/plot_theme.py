"""The look of every chart: one mark for each network wherever it appears, one layout, one toolbar.

Fonts, text and grid colours are Streamlit's, so a chart is light or dark as the page is. Every colour of the palette
stands out from both backgrounds, and a marker's shape says the same as its colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import plotly.graph_objects as go

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#b65f95", "#b07d00", "#3b95c9", "#8264cc", "#7d7d7d")
"""After Okabe and Ito, those too faint on white made darker: each has contrast 3 on white and on the dark ground."""
SHAPES = ("circle", "square", "diamond", "triangle-up", "star", "cross", "x", "pentagon", "hexagram")
"""As many more than colours that a colour and a shape together part 72 networks."""
MUTED = "#8b8680"
"""Of what stands back: lines of reference, published values."""
INDEX_TICKS = (0.2, 0.5, 1, 2, 5, 10, 20, 50)
"""Where a logarithmic axis of DI has its ticks."""

COMPACT = " (compact)"
"""Ending of the names of networks trained by this project."""
_KNOWN = (
    *("FSRCNN", "CARN", "EDSR", "MSRN", "RRDBNet", "IMDN", "RFDN", "RCAN", "RNAN", "SAN"),
    *("CARN-M", "PAN", "SRGAN", "CRAFT", "FSRCNN (RGB)", "SwinIR", "SRResNet", "ESRGAN"),
)


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


def mark_of(model: str) -> Mark:
    """The mark of a network by the name on its card; the compact network of a name has a dot in its shape.

    >>> mark_of("EDSR"), mark_of("EDSR (compact)").shape
    (Mark(colour='#009e73', shape='diamond'), 'diamond-dot')
    """
    family = model.removesuffix(COMPACT)
    place = _KNOWN.index(family) if family in _KNOWN else int(sha256(family.encode()).hexdigest()[:8], 16)
    mark = mark_at(place)
    return mark if family == model else Mark(mark.colour, f"{mark.shape}-dot")


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


def toolbar(name: str, *, lasso: bool = False) -> dict[str, Any]:
    """The configuration of a chart: a picture of it is saved under `name`, twice as fine as on the screen.

    `lasso`: whether groups of points can be selected.
    """
    groups = [] if lasso else ["select2d", "lasso2d"]
    return {
        "displaylogo": False,
        "displayModeBar": "hover",
        "modeBarButtonsToRemove": [*groups, "autoScale2d", "zoomIn2d", "zoomOut2d"],
        "toImageButtonOptions": {"format": "png", "filename": name, "scale": 2},
    }
