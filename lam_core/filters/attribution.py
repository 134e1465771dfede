"""FAIG: the restoration loss attributed to every convolution filter, integrated from target to baseline weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lam_core.filters.pair import NetworkPair
from lam_core.filters.pictures import ImagePair
from lam_core.filters.progress import Tick, no_tick
from lam_core.filters.settings import FilterSettings


@dataclass(frozen=True, eq=False)
class FilterScores:
    """What every filter contributes to restoring images of one kind."""

    scores: NDArray[np.float64]
    """FAIG [images, filters]: the sum over a filter's weights of |(θ̄ - θ) · ∫ ∂L/∂θ dα| (equation 6), ≥ 0. The loss is
    the squared error summed over RGB in [0, 1]."""
    plain: NDArray[np.float64]
    """The same without a path: the sum of |(θ̄ - θ) · ∂L/∂θ| at the target, [images, filters]."""
    error: float
    """Estimated relative error ‖mean - true mean‖ / ‖mean‖ of the scores' mean over images."""
    nodes: tuple[int, ...]
    """Gradients computed for each image."""


def attribute_filters(
    pair: NetworkPair,
    images: Sequence[ImagePair],
    settings: FilterSettings | None = None,
    *,
    tick: Tick = no_tick,
) -> FilterScores:
    """FAIG of every filter for every image pair (Xie et al., NeurIPS 2021, equations 3 to 6).

    Deterministic; memory does not grow with the number of nodes. `tick(done, total)` is called after every image; an
    exception that it raises cancels the computation.
    """
    settings = settings or FilterSettings()
    found = []
    for i, image in enumerate(images):
        found.append(_of_image(pair, image, settings, partial(tick, i, len(images))))
    tick(len(images), len(images))
    scores = np.stack([one.scores for one in found])
    mean = scores.mean(0)
    doubt = np.mean([one.difference for one in found], axis=0)
    size = float(np.linalg.norm(mean))
    return FilterScores(
        scores,
        np.stack([one.plain for one in found]),
        float(np.linalg.norm(doubt)) / size if size else 0.0,
        tuple(one.nodes for one in found),
    )


@dataclass(frozen=True, eq=False)
class _OfImage:
    scores: NDArray[np.float64]
    plain: NDArray[np.float64]
    difference: NDArray[np.float64]
    """Expected error of each score, signed."""
    nodes: int


def _of_image(pair: NetworkPair, image: ImagePair, settings: FilterSettings, alive: Callable[[], None]) -> _OfImage:
    weight = pair.differences[0]
    like = next(pair.target.module.parameters())
    low, high = (
        torch.from_numpy(np.ascontiguousarray(part.transpose(2, 0, 1)))[None].to(like) / 255
        for part in (image.low, image.high)
    )

    def slopes(alpha: float) -> list[Tensor]:
        alive()
        return [slope.to(weight) for slope in pair.gradients(alpha, low, high)[1]]

    def score(integral: Sequence[Tensor]) -> NDArray[np.float64]:
        return pair.layout.per_filter([i * d for i, d in zip(integral, pair.differences, strict=True)])

    start = slopes(0.0)
    plain = score(start)
    if settings.rule == "reference":
        total = start
        for step in range(1, settings.nodes):
            _add(total, slopes(step / settings.nodes))
        scores = score([t / settings.nodes for t in total])
        return _OfImage(scores, plain, np.zeros_like(scores), settings.nodes)
    # Nested trapezoids: T_n over n intervals; Simpson's rule is (4 T_n - T_{n/2}) / 3.
    trapezoid = [(a + b) / 2 for a, b in zip(start, slopes(1.0), strict=True)]
    intervals, before = 1, None
    while True:
        middle = slopes(0.5 / intervals)
        for k in range(1, intervals):
            _add(middle, slopes((k + 0.5) / intervals))
        finer = [(t + m / intervals) / 2 for t, m in zip(trapezoid, middle, strict=True)]
        intervals *= 2
        scores = score([(4 * f - t) / 3 for f, t in zip(finer, trapezoid, strict=True)])
        trapezoid = finer
        if before is not None:
            difference = scores - before
            size, doubt = float(np.linalg.norm(scores)), float(np.linalg.norm(difference))
            if doubt <= settings.tolerance * size or intervals + 1 >= settings.nodes:
                return _OfImage(scores, plain, difference, intervals + 1)
        before = scores


def _add(total: Sequence[Tensor], more: Sequence[Tensor]) -> None:
    for t, m in zip(total, more, strict=True):
        t += m
