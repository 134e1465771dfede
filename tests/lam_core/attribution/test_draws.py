"""A network is said to draw random numbers if it does, whatever other threads draw meanwhile."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lam_core import Region, SuperResolver, attribute
from lam_core.attribution import passes
from lam_core.attribution.detectors import Detector
from lam_core.attribution.passes import draws, untouched

DETECTOR = Detector("gradient", Region(4, 4, 8), 24, 24)
X = torch.rand(1, 3, 12, 12, generator=torch.Generator().manual_seed(0))


class Enlarging(nn.Module):
    """Repeats every pixel, with noise if asked for, from the generator of that name."""

    def __init__(self, generator: str = "") -> None:
        super().__init__()
        self.generator = generator

    def forward(self, x: Tensor) -> Tensor:
        noise = {"torch": torch.rand, "numpy": lambda _: np.random.rand(), "python": lambda _: random.random()}  # noqa: NPY002
        y = x * x + (0.1 * noise[self.generator](1) if self.generator else 0.0)
        return nn.functional.interpolate(y, scale_factor=2)


@pytest.mark.parametrize("generator", ["torch", "numpy", "python"])
def test_a_network_that_draws_is_found_out(generator: str) -> None:
    model = SuperResolver(Enlarging(generator), 2)
    assert draws(model, DETECTOR, X, untouched(model, DETECTOR, X.clone()))


def test_what_another_thread_draws_is_not_the_networks() -> None:
    model = SuperResolver(Enlarging(), 2)
    found = untouched(model, DETECTOR, X.clone())
    assert not found.drew
    assert not draws(model, DETECTOR, X, replace(found, drew=True))


def test_a_map_beside_a_thread_that_draws_once_is_not_random(monkeypatch: pytest.MonkeyPatch) -> None:
    real, left = passes.untouched, [1]

    def disturbed(*args, **kwargs):
        found = real(*args, **kwargs)
        return replace(found, drew=True) if left and left.pop() else found

    for module in ("passes", "verification", "gradients"):
        monkeypatch.setattr(f"lam_core.attribution.{module}.untouched", disturbed)
    image = (X[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    result = attribute(SuperResolver(Enlarging(), 2), image, Region(4, 4, 8))
    assert not left
    assert result.computation.deterministic
