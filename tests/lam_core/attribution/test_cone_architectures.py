"""Cones of real architectures in small configurations, against the whole network in float64."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from spandrel.architectures.ESRGAN import ESRGAN
from spandrel.architectures.SwinIR import SwinIR
from torch import nn

from lam_core.model import Convention
from tests.lam_core.attribution.cone_oracle import check, resolver
from zoo.architectures.carn import CARN
from zoo.architectures.edsr import EDSR
from zoo.architectures.fsrcnn import FSRCNN
from zoo.architectures.imdn import IMDN

SWIN = {
    "upscale": 4,
    "img_size": 16,
    "window_size": 4,
    "img_range": 1.0,
    "depths": [2],
    "embed_dim": 12,
    "num_heads": [2],
    "mlp_ratio": 2,
    "upsampler": "pixelshuffledirect",
}

NETWORKS: dict[str, tuple[Callable[[], nn.Module], float, Convention]] = {
    "EDSR": (lambda: EDSR(channels=8, blocks=3, scale=4), 0.8, Convention()),
    "FSRCNN": (lambda: FSRCNN(d=8, s=4, m=2, channels=3, scale=4), 0.8, Convention(pad_multiple=8)),
    "FSRCNN, luma": (
        lambda: FSRCNN(d=8, s=4, m=2, channels=1, scale=4),
        0.8,
        Convention(colour="luma", minimum_size=32),
    ),
    "IMDN": (lambda: IMDN(channels=16, modules=2, scale=4), 0.2, Convention(mean=(0.4, 0.3, 0.2), input_range=255.0)),
    "CARN": (lambda: CARN(channels=8, scale=4, scales=[]), 0.6, Convention()),
    "CARN-M": (lambda: CARN(channels=8, scale=4, scales=[2, 4], groups=4, efficient=True), 0.6, Convention()),
    "RRDBNet": (lambda: ESRGAN(num_filters=8, num_blocks=1, scale=4), 0.25, Convention()),
    "SwinIR": (lambda: SwinIR(**SWIN), 0.3, Convention()),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_cropped_equals_uncropped(name: str) -> None:
    build, saving, convention = NETWORKS[name]
    torch.manual_seed(0)
    cones = check(resolver(build(), 4, convention), 16, 20, 9)
    assert all(part.fallback == "" for part in cones)
    assert min(part.saving for part in cones) > saving
