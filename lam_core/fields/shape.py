"""The shape of an effective receptive field: a cross, or a disc; and whether training or the architecture made it."""

from __future__ import annotations

from typing import Literal

import numpy as np

from lam_core.fields.result import EffectiveField

Shape = Literal["cross", "disc"]

CROSS = 3.0
"""Times the contributions of an even disc from which row and column of the middle count as a cross."""
NEAR = 2.5
"""LR pixels around the middle that say nothing of a shape: interpolation itself prefers its row and column there."""
ALIKE = 0.8
"""Share in common with the untrained network's field from which training has hardly changed it."""


def axis_weight(field: EffectiveField) -> float:
    """How many times what an even disc would hold lies on the middle's row and column; 1 for every round field.

    Even: each ring of equal distance, a pixel wide, holds what it holds, spread evenly over its pixels. 1 where nothing
    contributes outside of the middle's neighbours.
    """
    side, shares = field.side, field.shares
    offset = np.arange(side) - side // 2
    distance = np.hypot(offset[:, None], offset[None, :])
    ring = np.rint(distance).astype(int)
    on_axis = (offset[:, None] == 0) | (offset[None, :] == 0)
    outside = distance > NEAR
    pixels, weight = (np.bincount(ring[outside], values, side * 2) for values in (None, shares[outside]))
    on_axes = np.bincount(ring[outside & on_axis], None, side * 2)
    even = float((weight * on_axes / np.maximum(pixels, 1)).sum())
    return float(shares[outside & on_axis].sum()) / even if even else 1.0


def shape_of(field: EffectiveField) -> Shape:
    """A cross, which comes from attention along rows and columns or strip kernels, or a disc, as of stacked kernels."""
    return "cross" if axis_weight(field) >= CROSS else "disc"


def reading(trained: EffectiveField, untrained: EffectiveField) -> str:
    """What a field says of training and what of the architecture alone, in sentences."""
    now, before = shape_of(trained), shape_of(untrained)
    common = trained.common(untrained)
    if now == "cross" == before:
        shape = "The cross is the architecture's: it is there before training."
    elif now == "cross":
        shape = "The cross came with training: the untrained network has none."
    elif before == "cross":
        shape = "Training has turned the architecture's cross into a disc."
    else:
        shape = "A disc, as before training."
    told = (
        "so this field is nearly the architecture's and says little of what was learned"
        if common >= ALIKE
        else "the rest was moved by training"
    )
    return f"{shape} {100 * common:.0f} % of the contributions lie where those of untrained weights do; {told}."
