"""A pair of networks whose restoring filters are known by construction."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lam_core import SuperResolver
from lam_core.filters.pair import NetworkPair
from lam_core.filters.pictures import ImagePair

CHANNELS = 24
GATE = 4.0


class Gated(nn.Module):
    """x + B · relu(A · x): 3×3 convolutions without bias, ×1."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(3, CHANNELS, 3, padding=1, bias=False)
        self.b = nn.Conv2d(CHANNELS, 3, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.b(torch.relu(self.a(x)))


@dataclass(frozen=True, eq=False)
class Known:
    """A pair, the filters that restore degraded images, and images of both kinds."""

    pair: NetworkPair
    restoring: NDArray[np.int64]
    clean: list[ImagePair]
    degraded: list[ImagePair]


def known(seed: int, *, images: int = 3, side: int = 12) -> Known:
    """A random pair. Blue marks a clean image: it closes the gate of the channels that restore red.

    Degraded images have no blue and half the contrast of red; the target's `restoring` channels add what is missing,
    each a random share. Other filters change as well: some feed channels that nothing reads (the largest changes),
    some disturb green alike on clean and degraded images.
    """
    random = np.random.default_rng(seed)
    baseline, target = Gated(), Gated()
    number = int(random.integers(2, 6))
    with torch.no_grad():
        a, b = torch.zeros(CHANNELS, 3, 3, 3), torch.zeros(3, CHANNELS, 3, 3)
        restoring = np.arange(number)
        shares = random.dirichlet(np.full(number, 5.0))
        a[:number, 2, 1, 1] = -GATE
        b[0, :number, 1, 1] = 1
        disturbing = np.arange(number, number + 2)
        b[1, disturbing, 1, 1] = torch.tensor(random.uniform(0.5, 1, 2), dtype=torch.float32)
        baseline.a.weight.copy_(a)
        baseline.b.weight.copy_(b)
        a[:number, 0, 1, 1] = torch.from_numpy(shares).float()
        a[disturbing, 1, 1, 1] = torch.tensor(random.uniform(0.05, 0.2, 2), dtype=torch.float32)
        unread = np.arange(number + 2, CHANNELS)
        a[unread] = torch.from_numpy(random.normal(size=(len(unread), 3, 3, 3))).float() * 3
        target.a.weight.copy_(a)
        target.b.weight.copy_(b)
    high = random.uniform(0.2, 1, (images, side, side, 3))
    high[..., 2] = 1
    # Duller greens: what disturbs green does so a little less here, so that it is not told apart by an exact zero.
    clean = [ImagePair(_bytes(one), _bytes(one)) for one in high * (1, 0.9, 1)]
    low = high.copy()
    low[..., 0] /= 2
    low[..., 2] = 0
    degraded = [ImagePair(_bytes(one), _bytes(other)) for one, other in zip(low, high, strict=True)]
    pair = NetworkPair(SuperResolver(baseline, 1, name="baseline"), SuperResolver(target, 1, name="target"))
    return Known(pair, restoring * 3, clean, degraded)


def fine_tuned(seed: int, *, side: int = 8) -> tuple[NetworkPair, list[ImagePair]]:
    """A random network with ReLUs, a random change of its weights, and two random images."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    baseline = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(6, 6, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(6, 3, 3, padding=1),
    )
    target = copy.deepcopy(baseline)
    with torch.no_grad():
        for weight in target.parameters():
            weight += float(random.uniform(0.02, 0.3)) * torch.randn_like(weight)
    images = random.integers(0, 256, (2, 2, side, side, 3), np.uint8)
    pair = NetworkPair(SuperResolver(baseline, 1, name="baseline"), SuperResolver(target, 1, name="target"))
    return pair, [ImagePair(*one) for one in images]


def _bytes(image: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.rint(image * 255).astype(np.uint8)
