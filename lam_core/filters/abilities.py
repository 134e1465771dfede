"""What a network can no longer do once some of its filters are given back to the baseline, beside controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from lam_core.filters.curves import SHARES, AbilityCurves
from lam_core.filters.layout import FilterLayout
from lam_core.filters.pair import NetworkPair
from lam_core.filters.pictures import ImagePair
from lam_core.filters.progress import Tick, no_tick
from lam_core.images import psnr
from lam_core.model import SuperResolver

DRAWS = 5
"""Random sets of filters for the random control."""


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
        if count in (0, layout.count):
            # None or all: every order returns the same filters.
            same = measured(orders["faig"][:count])
            for figures in found.values():
                figures.append(same)
            done += len(found) + DRAWS - 2
            continue
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


@torch.no_grad()
def _psnr(model: SuperResolver, one: ImagePair) -> float:
    return psnr(model.upscale(one.low), one.high, shave=model.scale)
