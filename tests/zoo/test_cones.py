"""Cones of real architectures in small configurations, against the whole network in float64."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from spandrel.architectures.CRAFT import CRAFT
from spandrel.architectures.ESRGAN import ESRGAN
from spandrel.architectures.HAT import HAT
from spandrel.architectures.SwinIR import SwinIR
from torch import nn

from lam_core.attribution.cone import MINIMUM_SAVING, cone
from lam_core.model import Convention, SuperResolver
from tests.lam_core.attribution.cone.oracle import check, resolver
from tests.zoo.test_architectures import SMALL
from zoo.architectures import architecture

WINDOWS = {
    "upscale": 4,
    "img_size": 16,
    "window_size": 4,
    "img_range": 1.0,
    "depths": [2],
    "embed_dim": 12,
    "num_heads": [2],
    "mlp_ratio": 2,
}

OTHERS: dict[str, Callable[[], nn.Module]] = {
    "RRDBNet": lambda: ESRGAN(num_filters=8, num_blocks=1, scale=4),
    "SwinIR": lambda: SwinIR(**WINDOWS, upsampler="pixelshuffledirect"),
    "HAT": lambda: HAT(**WINDOWS, upsampler="pixelshuffle", compress_ratio=3, squeeze_factor=4),
    "CRAFT": lambda: CRAFT(
        upscale=4, window_size=4, embed_dim=12, depths=[2], num_heads=[2], split_size_0=4, split_size_1=4
    ),
}

CONVENTIONS = {
    "padded and normalised": Convention(mean=(0.4, 0.3, 0.2), input_range=255.0, pad_multiple=8),
    "padded several times over": Convention(minimum_size=40),
    "luma": Convention(colour="luma"),
}


@pytest.mark.parametrize("name", SMALL)
def test_cropped_equals_uncropped(name: str) -> None:
    torch.manual_seed(0)
    scale = 1 if name == "cincgan" else 4
    network = architecture(name).build(**{**SMALL[name], "scale": scale})
    colour = "luma" if SMALL[name].get("channels") == 1 else "rgb"
    cones = check(resolver(network, scale, Convention(colour=colour)), 16, 20, 9, every=4)
    assert all(part.fallback == "" for part in cones)
    assert min(part.saving for part in cones) >= MINIMUM_SAVING


@pytest.mark.parametrize("name", OTHERS)
def test_cropped_equals_uncropped_elsewhere(name: str) -> None:
    torch.manual_seed(0)
    cones = check(resolver(OTHERS[name](), 4), 16, 20, 9, every=4)
    assert all(part.fallback == "" for part in cones)
    assert min(part.saving for part in cones) >= MINIMUM_SAVING


@pytest.mark.parametrize("convention", CONVENTIONS.values(), ids=CONVENTIONS)
def test_conventions_are_cropped_too(convention: Convention) -> None:
    channels = 1 if convention.colour == "luma" else 3
    network = architecture("fsrcnn").build(d=8, s=4, m=2, channels=channels, scale=4)
    cones = check(resolver(network, 4, convention), 16, 20, 9)
    assert min(part.saving for part in cones) > 0.8


def test_what_a_window_of_edsr_costs() -> None:
    """Operations counted by hand: 33 body layers widen the cone by one pixel each, up to the whole field of 64."""
    model = SuperResolver(architecture("edsr").build(channels=64, blocks=16, scale=4), 4)
    part = cone(model, 64, 64, (120, 137), (120, 137))
    layer = 64 * 64 * 9
    body = sum(min(2 * k + 9, 64) ** 2 for k in range(33)) * layer
    whole = (33 * layer + 4 * layer * (1 + 4) + 16 * 64 * 3 * 9 + 3 * 64 * 9) * 64**2
    # A layer of which more than 85 % is needed is computed whole, hence a little more.
    assert 1 - part.saving == pytest.approx(body / whole, abs=0.02)
