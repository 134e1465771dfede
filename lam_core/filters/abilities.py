"""What a network can no longer do once some of its filters are given back to the baseline, beside controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from lam_core.filters.attribution import Tick, no_tick
from lam_core.filters.layout import FilterLayout
from lam_core.filters.pair import NetworkPair
from lam_core.filters.pictures import ImagePair
from lam_core.images import psnr
from lam_core.model import SuperResolver

SHARES = (0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 1.0)
"""Shares of all filters that are returned to the baseline."""
DRAWS = 5
"""Random sets of filters for the random control."""
RESAMPLES = 2000
"""Bootstrap resamples of the images."""


def random_order(
    layout: FilterLayout, order: NDArray[np.int64], share: float, random: np.random.Generator
) -> NDArray[np.int64]:
    """As many filters of every layer as the first `share` of `order` has there, drawn at random."""
    chosen = order[: round(share * layout.count)]
    per_layer = np.bincount(layout.layer_of[chosen], minlength=len(layout.layers))
    drawn = [
        layer.first + random.choice(layer.count, number, replace=False)
        for layer, number in zip(layout.layers, per_layer, strict=True)
    ]
    return np.concatenate(drawn).astype(np.int64)


@dataclass(frozen=True, eq=False)
class AbilityCurves:
    """PSNR in dB on images of several kinds against the share of filters returned to the baseline."""

    shares: tuple[float, ...]
    kinds: tuple[str, ...]
    """Degradations of the images, as `lam_core.images.degradations` writes them; `clean` among them."""
    psnr: Mapping[str, NDArray[np.float64]]
    """By order of return ("faig", "random", "change", "plain"): [shares, kinds, images]."""
    baseline: NDArray[np.float64]
    """PSNR of the baseline network, [kinds, images]."""

    def lost(self, order: str, kind: str) -> NDArray[np.float64]:
        """PSNR lost by returning filters, in dB, [shares, images]."""
        figures = self.psnr[order][:, self.kinds.index(kind)]
        return self.psnr[order][0, self.kinds.index(kind)] - figures


def ability_curves(
    pair: NetworkPair,
    orders: Mapping[str, NDArray[np.int64]],
    images: Mapping[str, Sequence[ImagePair]],
    *,
    shares: Sequence[float] = SHARES,
    seed: int = 0,
    tick: Tick = no_tick,
) -> AbilityCurves:
    """PSNR of the target with the first filters of each order returned to the baseline.

    `orders` are filter numbers, first returned first; "faig" is one of them, and the control "random" is added, which
    takes as many filters of every layer at random (the mean over `DRAWS` sets). `images` are pairs by degradation.
    """
    kinds = tuple(images)
    layout, done = pair.layout, 0
    total = len(shares) * (len(orders) + DRAWS)

    def measured(filters: NDArray[np.int64]) -> NDArray[np.float64]:
        nonlocal done
        tick(done, total)
        done += 1
        with pair.returned(filters) as model:
            return np.array([[_psnr(model, one) for one in images[kind]] for kind in kinds])

    found: dict[str, list[NDArray[np.float64]]] = {name: [] for name in (*orders, "random")}
    for share in shares:
        count = round(share * layout.count)
        for name, order in orders.items():
            found[name].append(measured(order[:count]))
        draws = [
            measured(random_order(layout, orders["faig"], share, np.random.default_rng((seed, k))))
            for k in range(DRAWS)
        ]
        found["random"].append(np.mean(draws, axis=0))
    baseline = np.array([[_psnr(pair.baseline, one) for one in images[kind]] for kind in kinds])
    tick(total, total)
    return AbilityCurves(tuple(shares), kinds, {name: np.stack(f) for name, f in found.items()}, baseline)


def mean_interval(values: NDArray[np.float64], *, seed: int = 0) -> tuple[float, float, float]:
    """Mean over images and its 95 % bootstrap interval.

    >>> mean_interval(np.array([2.0, 2.0, 2.0]))
    (2.0, 2.0, 2.0)
    """
    draws = np.random.default_rng(seed).integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.percentile(values[draws].mean(1), (2.5, 97.5))
    return float(values.mean()), float(low), float(high)


@dataclass(frozen=True)
class Finding:
    """What returning one share of the filters shows about one degradation: differences in dB with 95 % intervals."""

    share: float
    own: tuple[float, float, float]
    """Lost on images with the degradation, beyond what is lost on clean ones."""
    over_controls: Mapping[str, tuple[float, float, float]]
    """The same minus what each control loses."""
    selective: bool
    """Whether the loss on the own degradation is larger than on every other kind of image (interval above 0)."""

    @property
    def beats_controls(self) -> bool:
        """Whether every interval against a control lies above 0."""
        return all(low > 0 for _, low, _ in self.over_controls.values())


def findings(curves: AbilityCurves, kind: str) -> tuple[Finding, ...]:
    """For every share between none and all: does the order take one ability away, and better than its controls do?"""
    found = []
    clean = "clean"
    for i, share in enumerate(curves.shares):
        if not 0 < share < 1:
            continue

        def specific(order: str, i: int = i) -> NDArray[np.float64]:
            return curves.lost(order, kind)[i] - curves.lost(order, clean)[i]

        own = specific("faig")
        controls = {name: mean_interval(own - specific(name)) for name in curves.psnr if name != "faig"}
        others = [k for k in curves.kinds if k != kind]
        lost = curves.lost("faig", kind)[i]
        selective = all(mean_interval(lost - curves.lost("faig", k)[i])[1] > 0 for k in others)
        found.append(Finding(share, mean_interval(own), controls, selective))
    return tuple(found)


@torch.no_grad()
def _psnr(model: SuperResolver, one: ImagePair) -> float:
    return psnr(model.upscale(one.low), one.high, shave=model.scale)
