"""Arrays to pictures, with Pillow alone: colours of maps, maps over their image, window frames."""

from lam_core.render.pictures import (
    DECADES,
    FRAME,
    cut_around,
    density_over,
    difference_over,
    enlarged,
    framed,
    informative_over,
    logarithmic,
    map_over,
    png,
    ramp,
    red,
    seismic,
)

__all__ = [
    "DECADES",
    "FRAME",
    "cut_around",
    "density_over",
    "difference_over",
    "enlarged",
    "framed",
    "informative_over",
    "logarithmic",
    "map_over",
    "png",
    "ramp",
    "red",
    "seismic",
]
