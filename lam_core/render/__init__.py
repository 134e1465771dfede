"""Arrays to pictures, with Pillow alone: maps over their image, window frames, the paper figure."""

from lam_core.render.figure.paper_figure import Panel, paper_figure
from lam_core.render.figure.sheet import Tile, sheet
from lam_core.render.pictures import (
    FRAME,
    cut_around,
    density_over,
    difference_over,
    enlarged,
    framed,
    informative_over,
    map_over,
    png,
    ramp,
    red,
    seismic,
)

__all__ = [
    "FRAME",
    "Panel",
    "Tile",
    "cut_around",
    "density_over",
    "difference_over",
    "enlarged",
    "framed",
    "informative_over",
    "map_over",
    "paper_figure",
    "png",
    "ramp",
    "red",
    "seismic",
    "sheet",
]
