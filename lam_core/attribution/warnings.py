"""What a reader of a map must be warned of."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from torch import nn

from lam_core.attribution.quadrature import Integral

COMPLETENESS = 0.2
"""A completeness error above this is hardly ever that of a sound map."""
ROUNDING = {"float32": 1e-5, "tf32": 1e-2, "float64": 1e-12}
"""Relative rounding error of D."""
STEPS = 256
"""Values that eight bits can tell apart."""
FEW = 500
"""Weights below which nothing is concluded from their digits."""


def completeness_error(integral: Integral) -> float:
    """|Σ signed − (D(F(I)) − D(F(I')))| / |D(F(I)) − D(F(I'))|; infinite where D ends as it began."""
    change = integral.end - integral.start
    return float(abs(integral.signed.sum() - change) / abs(change)) if change else math.inf


def of_completeness(integral: Integral, precision: str) -> str:
    """A warning if the map's sum misses the change of D by more than sound maps do; empty if it does not.

    Where D hardly changes along the path, the share says nothing: the change is below its own numerical error.
    """
    error = completeness_error(integral)
    change = abs(integral.end - integral.start)
    if error <= COMPLETENESS or change <= _resolution(integral, precision):
        return ""
    return (
        f"the map sums up to something else than the change of D (completeness error {error:.0%}); check that the "
        "network is differentiable everywhere before this map is trusted"
    )


def _resolution(integral: Integral, precision: str) -> float:
    """What the map's sum may be off by: two standard deviations of the rule's error, and rounding."""
    spread = math.sqrt(sum(float(jump.sum()) ** 2 for jump in integral.jumps) / 12)
    rounding = ROUNDING[precision] * max(abs(integral.start), abs(integral.end))
    return 2 * spread + abs(float(np.sum(integral.bias))) + rounding


def of_weights(module: nn.Module) -> str:
    """A warning if all weights have the few digits of half precision or of eight bits; empty if they do not."""
    if _all_of_some(_is_in_steps, (weight for weight in _weights(module) if weight[0].numel() > 2 * STEPS)):
        return (
            "the weights were stored in 8 bits: that moves a map by some 48 % and DI by 4 % from those of the original"
        )
    for to in (torch.float16, torch.bfloat16):
        if _all_of_some(partial(_is_rounded, to=to), _weights(module)):
            return (
                "the weights were stored in half precision: that moves a map by some 6 % and DI by 0.6 % from those of "
                "the original"
            )
    return ""


def _weights(module: nn.Module) -> Iterator[torch.Tensor]:
    """Those that are many enough to conclude from."""
    parameters = (p.detach() for p in module.parameters() if p.is_floating_point() and p.dim() > 1)
    return (weight for weight in parameters if weight.numel() >= FEW)


def _all_of_some(holds: Callable[[torch.Tensor], bool], weights: Iterator[torch.Tensor]) -> bool:
    """Whether there are weights, and it holds for all of them; a single one that it does not hold for tells."""
    first = next(weights, None)
    return first is not None and holds(first) and all(map(holds, weights))


def _is_rounded(weight: torch.Tensor, to: torch.dtype) -> bool:
    return weight.dtype == to or bool(weight.to(to).to(weight.dtype).equal(weight))


def _is_in_steps(weight: torch.Tensor) -> bool:
    """Whether no output channel's weights, of the first few channels, have more values than eight bits tell apart."""
    return all(channel.unique().numel() <= STEPS for channel in weight[:8])
