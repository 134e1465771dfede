"""How far a loaded network looks, measured."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lam_core.diagnosis import explain
from lam_core.model import SuperResolver
from lam_core.readings import Tell, silent

WIDTHS = (64, 256)
"""Lengths in LR pixels of the strips on which a receptive field is looked for."""
NEARLY_ALL = 0.9
"""Share of a strip beyond which it is too short: strides leave a few columns at its ends out."""


@dataclass(frozen=True)
class Extent:
    """How far a network looks along a row."""

    size: int
    """LR pixels that an output pixel's block depends on."""
    complete: bool
    """Whether the network looks no further; else `size` is what was tried, and a global network looks that far."""

    def __str__(self) -> str:
        return str(self.size) if self.complete else f"at least {self.size}"


def receptive_field(model: SuperResolver, tell: Tell = silent) -> Extent:
    """The extent along a row of the LR pixels on which the middle of the output depends, by its gradient.

    A lower bound in principle (a gradient may vanish by chance), so three random pictures are joined.
    """
    width = size = 0
    for width in WIDTHS:
        touched = np.zeros(width, bool)
        for seed in range(3):
            tell(f"How far it looks in {width} pixels")
            touched |= _touched(model, width, seed)
            places = np.flatnonzero(touched)
            size = int(places[-1] - places[0] + 1) if len(places) else 0
            if size > width * NEARLY_ALL:
                break
        else:
            return Extent(size, complete=True)
    return Extent(width, complete=False)


def _touched(model: SuperResolver, width: int, seed: int) -> NDArray[np.bool_]:
    """Which columns of a random strip the middle of the output depends on."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(1, 3, 16, width, generator=generator).to(model.device).requires_grad_(True)
    scale = model.scale
    try:
        y = model(x)
    except Exception as error:  # it may be anybody's network
        explain(model, x, error)
    middle = y[..., 8 * scale : 9 * scale, width // 2 * scale : (width // 2 + 1) * scale]
    weights = torch.randn(middle.shape, generator=generator).to(middle)
    try:
        (gradient,) = torch.autograd.grad((middle * weights).sum(), x)
    except RuntimeError:  # it writes over values that its own backward pass needs
        return _touched_by_changes(model, x.detach(), generator)
    return (gradient.abs().sum((0, 1, 2)) != 0).cpu().numpy()


def _touched_by_changes(model: SuperResolver, x: Tensor, generator: torch.Generator) -> NDArray[np.bool_]:
    """As `_touched`, found by changing the strip up to a column and from a column on."""
    width, scale = x.shape[-1], model.scale
    other = torch.rand(x.shape, generator=generator).to(x)
    columns = torch.arange(width, device=x.device)

    def middle(picture: Tensor) -> Tensor:
        y = model.restored(picture)
        return y[..., 8 * scale : 9 * scale, width // 2 * scale : (width // 2 + 1) * scale]

    before = middle(x)

    def changes(is_changed: Tensor) -> bool:
        return not torch.equal(middle(torch.where(is_changed, other, x)), before)

    first = bisect_left(range(width), True, key=lambda last: changes(columns <= last))
    last = width - 1 - bisect_left(range(width), True, key=lambda back: changes(columns >= width - 1 - back))
    return (np.arange(width) >= first) & (np.arange(width) <= last)
