"""The exact dependency cone: a window of the SR output from only the part of each layer that it depends on."""

from lam_core.attribution.cone.dependency_cone import MINIMUM_SAVING, Cone, RectangleError, cone, independent, share
from lam_core.attribution.cone.program import SpentError
from lam_core.attribution.cone.shared_forward import SharedForward, WayBack

__all__ = [
    "MINIMUM_SAVING",
    "Cone",
    "RectangleError",
    "SharedForward",
    "SpentError",
    "WayBack",
    "cone",
    "independent",
    "share",
]
