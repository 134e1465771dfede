"""A model one can speak of before it is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lam_core.model import SuperResolver


class ModelReference(Protocol):
    """A model that need not be loaded yet: its identity is known, so stored results are found without it."""

    @property
    def name(self) -> str:
        """Shown to people."""
        ...

    @property
    def fingerprint(self) -> str:
        """`SuperResolver.fingerprint` of the model that `load` gives."""
        ...

    @property
    def scale(self) -> int:
        """Enlargement of the model."""
        ...

    def load(self) -> SuperResolver:
        """The model itself, from a pool if possible."""
        ...
