"""A model one can speak of before it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lam_core.model import FeatureModel, SuperResolver

Fetching = Callable[[int, int | None], None]
"""Called during a download with the bytes received and their total, None if unknown; an exception cancels it."""


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

    def load(self, progress: Fetching | None = None) -> SuperResolver | FeatureModel:
        """The network itself, from a pool if possible; `progress` hears of its weights being fetched."""
        ...


class ModelReference(NetworkReference, Protocol):
    """A super-resolution network that need not be loaded yet."""

    @property
    def scale(self) -> int:
        """Enlargement of the model."""
        ...

    def load(self, progress: Fetching | None = None) -> SuperResolver:
        """The network itself, from a pool if possible; `progress` hears of its weights being fetched."""
        ...
