"""Why features cannot be compared; every message says what to give instead."""

from lam_core.errors import LamError


class LayerError(LamError, LookupError):
    """A layer that a network does not have, that never runs, or that gives nothing to compare."""


class DesignError(LamError, ValueError):
    """Images, contents or degradations that do not make a comparison: too few, of several sizes, all alike."""


class ConstantFeaturesError(LamError, ValueError):
    """Features that are the same for every picture, so that there is nothing to tell apart."""


class TooManyPointsError(LamError, MemoryError):
    """More pictures than the promised memory can compare."""


class ProbeFileError(LamError, ValueError):
    """A file that holds no degradation probe, or one for another network."""
