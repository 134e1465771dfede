"""Naming an image's degradation by the filters that it uses: no HR image is needed.

The published study predicts a degradation from discriminative filters. Here the loss without an original is the squared
difference of target and baseline output: what fine-tuning changed for this image. Its gradient by the filters at the
target, times the filters' change, says through which filters; the shares that fall on each degradation's
discriminative filters are compared with those of known images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lam_core.filters.progress import Tick, no_tick
from lam_core.images import Pixels
from lam_core.semantics.detection import Verdict

if TYPE_CHECKING:
    from lam_core.filters.pair import NetworkPair


def use_of_filters(pair: NetworkPair, low: Pixels) -> NDArray[np.float64]:
    """Share of every filter in what fine-tuning changed on an LR image, uint8 [h, w, 3]; sums to 1, [filters]."""
    import torch

    like = next(pair.target.module.parameters())
    x = torch.from_numpy(np.ascontiguousarray(low.transpose(2, 0, 1)))[None].to(like) / 255
    with torch.no_grad():
        reference = pair.baseline(x)
    _, slopes = pair.gradients(0.0, x, reference)
    used = pair.layout.per_filter([s.double() * d for s, d in zip(slopes, pair.differences, strict=True)])
    total = used.sum()
    return used / total if total else used


@dataclass(frozen=True, eq=False)
class FilterClassifier:
    """Tells degradations apart by the use of their discriminative filters: nearest mean, in units of spread."""

    names: tuple[str, ...]
    sets: tuple[NDArray[np.int64], ...]
    """Discriminative filters of every degradation but the clean one."""
    centres: NDArray[np.float64]
    """Mean log use of every set by known images, [names, sets]."""
    spread: NDArray[np.float64]
    """Standard deviation within a degradation, [sets]."""

    def features(self, pair: NetworkPair, low: Pixels) -> NDArray[np.float64]:
        """Log share of each set's filters in an image's use of filters, [sets]."""
        used = use_of_filters(pair, low)
        return np.log([used[one].sum() + 1e-12 for one in self.sets])

    def verdict(self, pair: NetworkPair, low: Pixels) -> Verdict:
        """How likely each degradation is: those whose known images use filters alike, by normal distributions of equal
        spread and equal weight."""
        distance = (((self.features(pair, low) - self.centres) / self.spread) ** 2).sum(1)
        odds = np.exp(-(distance - distance.min()) / 2)
        return Verdict(dict(zip(self.names, (odds / odds.sum()).tolist(), strict=True)))


def train_classifier(
    pair: NetworkPair,
    sets: Mapping[str, NDArray[np.int64]],
    known: Mapping[str, Sequence[Pixels]],
    *,
    tick: Tick = no_tick,
) -> FilterClassifier:
    """A classifier from LR images of known degradation; `sets` are discriminative filters by degradation."""
    names = tuple(known)
    blank = FilterClassifier(names, tuple(sets.values()), np.zeros((0, len(sets))), np.ones(len(sets)))
    total, done, rows = sum(map(len, known.values())), 0, []
    for name in names:
        features = []
        for low in known[name]:
            tick(done, total)
            features.append(blank.features(pair, low))
            done += 1
        rows.append(np.array(features))
    tick(total, total)
    centres = np.stack([row.mean(0) for row in rows])
    within = np.concatenate([row - row.mean(0) for row in rows])
    spread = np.sqrt((within**2).sum(0) / max(len(within) - len(names), 1)) + 1e-12
    return FilterClassifier(names, blank.sets, centres, spread)
