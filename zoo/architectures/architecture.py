"""What the zoo must know of an architecture to build it from nothing but a state dict."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

StateDict = Mapping[str, Tensor]
Hyperparameters = dict[str, Any]


@dataclass(frozen=True)
class Reading:
    """One way to use a set of weights: the value of white, and hyperparameters that no shape tells."""

    input_range: float
    hyperparameters: Hyperparameters = field(default_factory=dict)


def either_range(state: StateDict) -> tuple[Reading, ...]:
    """Both ranges, for networks whose weights do not tell which they were trained on."""
    return Reading(1.0), Reading(255.0)


@dataclass(frozen=True)
class Architecture:
    """One super-resolution architecture, described so that a checkpoint alone is enough to rebuild it."""

    id: str
    """Lower-case identifier used in entries and recipes, such as `edsr`."""
    name: str
    """Name as the paper writes it."""
    build: Callable[..., nn.Module]
    """Builds the network from the hyperparameters that `infer` returns."""
    detect: Callable[[StateDict], bool]
    """Whether a state dict (published key names, no wrapper prefixes) belongs to this architecture."""
    infer: Callable[[StateDict], Hyperparameters]
    """Every hyperparameter, read from the shapes of a state dict that `detect` accepted."""
    input_range: Callable[[StateDict], float] = lambda state: 1.0
    """The value that white has at the network's input, as far as the weights tell it (1 or 255)."""
    readings: Callable[[StateDict], tuple[Reading, ...]] = lambda state: ()
    """Ways of use between which the weights do not decide; trying them out on a picture does."""
    channels: Callable[[StateDict], int] = lambda state: 3
    """Colour channels at the input: 3, or 1 for a network of luma alone."""
    minimum_size: int = 1
    """Smallest height and width that the network takes."""
    pad_multiple: int = 1
    """Height and width must be multiples of this."""


def has_keys(*names: str) -> Callable[[StateDict], bool]:
    """A detector that accepts a state dict holding all of `names`."""
    return lambda state: all(name in state for name in names)


def count(state: StateDict, pattern: str) -> int:
    """Number of different values that the first group of `pattern` takes over the keys of `state`.

    >>> count({"body.0.weight": None, "body.1.weight": None, "body.1.bias": None}, r"body\\.(\\d+)\\.")
    2
    """
    return len({match[1] for key in state if (match := re.match(pattern, key))})
