"""The root of everything that the zoo refuses."""

from lam_core.errors import LamError


class ZooError(LamError):
    """A model that cannot be had, with the reason and the remedy in its message."""


class NotASuperResolverError(ZooError):
    """A classifier or a classical method where a super-resolution network is needed."""
