"""PSNR and SSIM of a network over a set of pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from lam_core.images import psnr, ssim
from zoo.training.patches import TrainingSet


@dataclass(frozen=True)
class Quality:
    """Means over pictures: PSNR in dB and SSIM, on luma, `scale` pixels shaved."""

    psnr: float
    ssim: float


@torch.no_grad()
def mean_quality(network: nn.Module, pictures: TrainingSet, *, white: float, device: torch.device) -> Quality:
    """Mean quality of `network` (outputs clamped, not rounded) over every picture of a set."""
    network.eval()
    figures = []
    for low, high in zip(pictures.lr, pictures.hr, strict=True):
        x = torch.from_numpy(low.transpose(2, 0, 1)[None].copy()).to(device).float() / 255
        y = (network(x * white) / white).clamp(0, 1)[0].float().cpu().numpy() * 255
        y = y.transpose(1, 2, 0)
        shave = pictures.scale
        figures.append((psnr(y, high, shave=shave), ssim(y, high, shave=shave)))
    network.train()
    return Quality(*np.mean(figures, axis=0).tolist())
