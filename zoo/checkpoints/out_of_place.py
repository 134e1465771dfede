"""Layers of spandrel's networks that write over their own input when they are not training: no gradient survives that.

In training they compute the very same out of place.
"""

from __future__ import annotations

import functools
from typing import Any

from torch import nn

OVERWRITING = {"PLKConv2d", "RectSparsePLKConv2d"}
"""Names of their classes, in PLKSR and RealPLKSR."""


def out_of_place(network: nn.Module) -> nn.Module:
    """The network itself, whose overwriting layers compute as in training from now on."""
    for part in network.modules():
        if type(part).__name__ in OVERWRITING and type(part).__module__.startswith("spandrel."):
            part.__class__ = _in_training(type(part))
    return network


@functools.cache
def _in_training(kind: type[Any]) -> type[Any]:
    """A subclass that is in training whatever it is told."""
    members = {"training": property(lambda self: True, lambda self, value: None), "__module__": __name__}
    return type(kind.__name__, (kind,), members)
