"""PSNR and SSIM of a network over a set of pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lam_core.images import Pixels, luma, psnr, ssim
from zoo.training.patches import TrainingSet

Upscale = Callable[[Tensor], Tensor]
"""LR [1, 3, h, w] in [0, 1] to SR [1, 3, s·h, s·w], not clamped; a network in evaluation mode, or a call of one."""


@dataclass(frozen=True)
class Quality:
    """Means over pictures: PSNR in dB and SSIM, on luma, `scale` pixels shaved."""

    psnr: float
    ssim: float


@torch.no_grad()
def restored(upscale: Upscale, pictures: TrainingSet, device: torch.device) -> Iterator[tuple[NDArray, Pixels]]:
    """Every picture's output (in [0, 255], clamped, not rounded) beside its HR original."""
    for low, high in zip(pictures.lr, pictures.hr, strict=True):
        x = torch.from_numpy(low.transpose(2, 0, 1)[None].copy()).to(device).float() / 255
        y = upscale(x).clamp(0, 1)[0].float().cpu().numpy() * 255
        yield y.transpose(1, 2, 0), high


def mean_psnr(upscale: Upscale, pictures: TrainingSet, device: torch.device) -> float:
    """Mean PSNR in dB over every picture of a set."""
    outputs = restored(upscale, pictures, device)
    return float(np.mean([psnr(y, high, shave=pictures.scale) for y, high in outputs]))


def mean_quality(upscale: Upscale, pictures: TrainingSet, device: torch.device) -> Quality:
    """Mean PSNR and SSIM over every picture of a set."""
    shave = pictures.scale
    outputs = restored(upscale, pictures, device)
    figures = [(psnr(y, high, shave=shave), ssim(y, high, shave=shave)) for y, high in outputs]
    return Quality(*np.mean(figures, axis=0).tolist())


def gradient_energy(upscale: Upscale, pictures: TrainingSet, device: torch.device) -> float:
    """Mean over all pictures of the mean squared difference of neighbouring luma values: how sharp outputs are."""
    planes = [luma(y) for y, _ in restored(upscale, pictures, device)]
    return float(np.mean([(np.diff(p, axis=0) ** 2).mean() + (np.diff(p, axis=1) ** 2).mean() for p in planes]))
