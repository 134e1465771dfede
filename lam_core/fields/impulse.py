"""A network's response to an impulse on a flat image, beside that of bicubic interpolation: linear part and rest."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from lam_core.fields.result import Impulse, ImpulseResponse
from lam_core.model import SuperResolver

SMALL = 1e-3
"""Amplitude at which the slope is taken, a quarter of a grey level: above what networks that compute in half precision
inside round away, below where curvature shows."""
KEPT = 15
"""LR pixels a side around the impulse that are kept: responses of trained networks vanish within a few."""


def impulse_response(model: SuperResolver, impulse: Impulse | None = None) -> ImpulseResponse:
    """The response in float64, its slope by a central difference. Raises what `SuperResolver.restored` raises."""
    impulse = impulse or Impulse()
    side, scale, precise = impulse.side, model.scale, model.in_precision(torch.float64)
    kept = min(side, KEPT)
    around = slice((side - kept) // 2 * scale, (side + kept) // 2 * scale)

    def output(size: float) -> NDArray[np.float64]:
        x = torch.full((1, 3, side, side), impulse.level, dtype=torch.float64, device=precise.device)
        x[..., side // 2, side // 2] += size
        return precise.restored(x)[0].mean(0).double().cpu().numpy()[around, around]

    return ImpulseResponse(
        (output(impulse.amplitude) - output(0.0)) / impulse.amplitude,
        (output(SMALL) - output(-SMALL)) / (2 * SMALL),
        _bicubic(side, scale)[around, around],
        impulse,
        scale,
    )


def _bicubic(side: int, scale: int) -> NDArray[np.float64]:
    impulse = np.zeros((side, side), np.float32)
    impulse[side // 2, side // 2] = 1
    enlarged = Image.fromarray(impulse).resize((side * scale, side * scale), Image.Resampling.BICUBIC)
    return np.asarray(enlarged, np.float64)
