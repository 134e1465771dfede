"""A network with its weights, and all that was found out about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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

    @property
    def other_range(self) -> float:
        """White at the input, of 1 and 255 the one that it is not read at."""
        return 255.0 if self.convention.input_range == 1 else 1.0

    def read_at(self, input_range: float) -> Network:
        """The same network read at another range."""
        return replace(self, convention=replace(self.convention, input_range=float(input_range)))


def plain_values(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are numbers, words and lists alone."""
    return {key: value for key, value in hyperparameters.items() if _is_plain(value)}


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(item) for item in value)
    return value is None or isinstance(value, bool | int | float | str)
