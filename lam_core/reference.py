"""A model one can speak of before it is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lam_core.model import FeatureModel, SuperResolver


class NetworkReference(Protocol):
    """A network that need not be loaded yet: its identity is known, so stored results are found without it."""

    @property
    def name(self) -> str:
        """Shown to people."""
        ...

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the network that `load` gives."""
        ...

    def load(self) -> SuperResolver | FeatureModel:
        """The network itself, from a pool if possible."""
        ...


class ModelReference(NetworkReference, Protocol):
    """A super-resolution network that need not be loaded yet."""

    @property
    def scale(self) -> int:
        """Enlargement of the model."""
        ...

    def load(self) -> SuperResolver:
        """The network itself, from a pool if possible."""
        ...
