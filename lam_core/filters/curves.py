"""What returning filters to the baseline costs, by kind of image and beside controls, with intervals over images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHARES = (0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 1.0)
"""Shares of all filters that are returned to the baseline."""
RESAMPLES = 2000
"""Bootstrap resamples of the images."""


Interval = tuple[float, float, float]
"""A mean, and the ends of its 95 % interval."""


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

    def beyond_clean(self, order: str, kind: str) -> NDArray[np.float64]:
        """PSNR lost on images of one kind minus that lost on clean ones, in dB, [shares, images]."""
        return self.lost(order, kind) - self.lost(order, "clean")

    def gain(self, kind: str) -> NDArray[np.float64]:
        """PSNR that fine-tuning brought on images of one kind, in dB, [images]."""
        at = self.kinds.index(kind)
        return self.psnr["faig"][0, at] - self.baseline[at]


def mean_interval(values: NDArray[np.float64], *, seed: int = 0) -> Interval:
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
    lost: Mapping[str, Interval]
    """Lost by kind of image."""
    own: Interval
    """Lost on images with the degradation, beyond what is lost on clean ones."""
    over_controls: Mapping[str, Interval]
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
    for i, share in enumerate(curves.shares):
        if not 0 < share < 1:
            continue
        own = curves.beyond_clean("faig", kind)[i]
        controls = {
            name: mean_interval(own - curves.beyond_clean(name, kind)[i]) for name in curves.psnr if name != "faig"
        }
        lost = {one: curves.lost("faig", one)[i] for one in curves.kinds}
        selective = all(mean_interval(lost[kind] - lost[one])[1] > 0 for one in curves.kinds if one != kind)
        intervals = {one: mean_interval(values) for one, values in lost.items()}
        found.append(Finding(share, intervals, mean_interval(own), controls, selective))
    return tuple(found)
