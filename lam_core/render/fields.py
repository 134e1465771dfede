"""Receptive fields of several networks as one figure: trained beside untrained on one scale, and the impulse."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lam_core.fields.area import areas
from lam_core.fields.network_fields import NetworkFields, on_one_scale
from lam_core.fields.result import EffectiveField, ImpulseResponse
from lam_core.render.figure.draw import Format, matplotlib_alone
from lam_core.render.pictures import red

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"response": "#0072b2", "linear": "#d55e00", "bicubic": "#7d7d7d"}
SQUARE, CHART = 46, 70
"""Millimetres: side of a field, width of a chart."""


def draw_fields(networks: Sequence[NetworkFields], form: Format, *, dpi: int = 200) -> bytes:
    """A row for each network: both fields with the squares that hold 50 and 99 %, and the response's middle row.

    Equal input gives equal bytes. Raises `NoMatplotlibError`.
    """
    with matplotlib_alone():
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        width, height = 2 * SQUARE + CHART + 24, len(networks) * (SQUARE + 16)
        figure = Figure(figsize=(width / 25.4, height / 25.4), layout="constrained")
        FigureCanvasAgg(figure)
        grid = figure.add_gridspec(len(networks), 3, width_ratios=(SQUARE, SQUARE, CHART))
        shown = iter(on_one_scale([field for one in networks for field in (one.trained, one.untrained)]))
        for row, one in enumerate(networks):
            for column, (words, field) in enumerate((("trained", one.trained), ("untrained", one.untrained))):
                axes = figure.add_subplot(grid[row, column])
                axes.imshow(red(next(shown)), interpolation="none")
                axes.set_title(words if column else f"{one.name}, {words}", fontsize=7)
                _squares(axes, field)
            axes = figure.add_subplot(grid[row, 2])
            _profiles(axes, one.impulse)
        buffer = io.BytesIO()
        # Files that hold the time of writing would differ each time.
        about = {"pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": {}}[form]
        figure.savefig(buffer, format=form, dpi=dpi, facecolor="white", metadata=about)
        return buffer.getvalue()


def _squares(axes: Axes, field: EffectiveField) -> None:
    from matplotlib.patches import Rectangle

    half, most = areas(field.positive, shares=(0.5, 0.99))
    for area in (half, most):
        edge = field.side // 2 - area.side / 2
        frame = {"fill": False, "edgecolor": "#1a1a1a", "linewidth": 0.6}
        axes.add_patch(Rectangle((edge, edge), area.side, area.side, **frame))
    axes.set(xticks=[], yticks=[])
    axes.set_xlabel(f"50 %: {half.side}×{half.side}, 99 %: {most.side}×{most.side}", fontsize=6)


def _profiles(axes: Axes, impulse: ImpulseResponse) -> None:
    for part, colour in COLOURS.items():
        profile = impulse.profile(getattr(impulse, part))
        axes.plot(impulse.places, profile, color=colour, linewidth=0.9, label=part)
    axes.set_xlim(-6, 6)
    axes.tick_params(labelsize=6)
    axes.set_title(f"impulse: {100 * impulse.nonlinearity:.0f} % of the response is not linear", fontsize=7)
    axes.set_xlabel("LR pixels", fontsize=6)
    axes.legend(fontsize=6, frameon=False)
