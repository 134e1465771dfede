"""A network with its weights, and all that was found out about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from lam_core.convention import Convention
from zoo.catalog.entry import network_identity


@dataclass(frozen=True)
class Network:
    """A network as it was read from a checkpoint."""

    module: nn.Module
    architecture: str
    scale: int
    convention: Convention
    hyperparameters: Mapping[str, Any]
    """What the architecture is built from; plain numbers, words and lists alone."""

    notes: tuple[str, ...] = ()
    """What was decided or guessed where the weights left it open, a sentence each."""

    @property
    def identity(self) -> str:
        """Architecture and hyperparameters as the fingerprint takes them."""
        return network_identity(self.architecture, dict(self.hyperparameters))
