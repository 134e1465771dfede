"""Arrays to pictures, with Pillow alone: maps over their image, window frames, the paper figure."""

from lam_core.render.figure import Panel, paper_figure
from lam_core.render.pictures import (
    FRAME,
    cut_around,
    density_over,
    enlarged,
    framed,
    map_over,
    png,
    red,
    seismic,
)

__all__ = [
    "FRAME",
    "Panel",
    "cut_around",
    "density_over",
    "enlarged",
    "framed",
    "map_over",
    "paper_figure",
    "png",
    "red",
    "seismic",
]
