"""PSNR and SSIM of a network over a set of pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lam_core.images import Pixels, psnr, ssim
from zoo.training.patches import TrainingSet


@dataclass(frozen=True)
class Quality:
    """Means over pictures: PSNR in dB and SSIM, on luma, `scale` pixels shaved."""

    psnr: float
    ssim: float


@torch.no_grad()
def restored(
    network: nn.Module, pictures: TrainingSet, *, white: float, device: torch.device
) -> Iterator[tuple[NDArray, Pixels]]:
    """Every picture's output (in [0, 255], clamped, not rounded) beside its HR original."""
    training = network.training
    network.eval()
    for low, high in zip(pictures.lr, pictures.hr, strict=True):
        x = torch.from_numpy(low.transpose(2, 0, 1)[None].copy()).to(device).float() / 255
        y = (network(x * white) / white).clamp(0, 1)[0].float().cpu().numpy() * 255
        yield y.transpose(1, 2, 0), high
    network.train(training)


def mean_psnr(network: nn.Module, pictures: TrainingSet, *, white: float, device: torch.device) -> float:
    """Mean PSNR in dB over every picture of a set."""
    outputs = restored(network, pictures, white=white, device=device)
    return float(np.mean([psnr(y, high, shave=pictures.scale) for y, high in outputs]))


def mean_quality(network: nn.Module, pictures: TrainingSet, *, white: float, device: torch.device) -> Quality:
    """Mean PSNR and SSIM over every picture of a set."""
    outputs = restored(network, pictures, white=white, device=device)
    shave = pictures.scale
    figures = [(psnr(y, high, shave=shave), ssim(y, high, shave=shave)) for y, high in outputs]
    return Quality(*np.mean(figures, axis=0).tolist())
