"""Integrating a rough gradient along a path, and knowing how far off the sum still is.

A ReLU network's gradient jumps wherever a unit switches: along the path it looks like a random walk. Of a random walk
known at some points, the best guess in between is the straight line, so the sum is that of trapezoids,
Σ ½(gₐ + g_b)(γ_b − γₐ) over the cells [a, b] of the path. If a cell's whole change of gradient Δg happens in one jump
at an unknown place, the cell is off by (½ − u)·Δg·Δγ with u uniform in [0, 1]: variance (Δg·Δγ)²/12. These variances
add up to the error estimate and say which cell to halve next.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lam_core.attribution.path import Image

FIRST_CELLS = 8
"""Cells before the first halving: enough for a preview."""
SPACING_SAMPLES = 129
"""Points at which the path's length is measured."""
SIMULATIONS = 64
"""Draws of the jumps' places behind the interval of the Diffusion Index."""

Gradient = Callable[[Sequence[Image]], list[tuple[float, NDArray]]]
"""D and its gradient [h, w, 3] at each of several points of the path."""


@dataclass(frozen=True, eq=False)
class Cell:
    """A piece of the path between two neighbouring nodes."""

    start: float
    end: float
    increment: NDArray[np.float64]
    """γ(end) − γ(start), [h, w, 3]."""
    first: NDArray
    last: NDArray
    jump: NDArray[np.float64] = field(init=False)
    """Σ over channels of Δg·Δγ, [h, w]: what the displayed map would owe to one jump in this cell."""
    variance: float = field(init=False)

    def __post_init__(self) -> None:
        jump = ((self.last.astype(np.float64) - self.first) * self.increment).sum(2)
        object.__setattr__(self, "jump", jump)
        object.__setattr__(self, "variance", float((jump**2).sum() / 12))

    @property
    def trapezoid(self) -> NDArray[np.float64]:
        """½(g_start + g_end)·Δγ, [h, w, 3]."""
        return (self.first.astype(np.float64) + self.last) * 0.5 * self.increment


@dataclass(frozen=True, eq=False)
class Integral:
    """A sum along the path, so far."""

    signed: NDArray[np.float64]
    """[h, w, 3]."""
    error: float
    """Estimated relative L2 error of |Σ_channels signed|."""
    jumps: Sequence[NDArray[np.float64]]
    """What each cell may be off by, [h, w] a cell; cell k's error is (½ − u)·jumps[k]."""
    bias: NDArray[np.float64]
    """What the rule is off by on average, [h, w]; zero for trapezoids."""
    nodes: int
    start: float
    """D at the baseline."""
    end: float
    """D at the image."""


Report = Callable[[Integral], None]
"""Called with what there is so far; raises to stop."""


def equal_lengths(path: Callable[[float], Image]) -> Callable[[float], float]:
    """Maps [0, 1] to path parameters such that equal steps are equally long, measured as ‖dγ‖₂.

    `path` should be that of the window's surroundings: a stretch on which the image changes only far away matters less.
    """
    alphas = np.linspace(0, 1, SPACING_SAMPLES)
    images = [path(alpha) for alpha in alphas]
    lengths = [float(np.linalg.norm(b - a)) for a, b in itertools.pairwise(images)]
    travelled = np.concatenate([[0.0], np.cumsum(lengths)])
    if travelled[-1] == 0:
        return lambda u: u
    # A little of the plain parameter keeps the map strictly increasing where the path stands still.
    travelled = 0.999 * travelled / travelled[-1] + 0.001 * alphas
    return lambda u: float(np.interp(u, travelled, alphas))


def trapezoids(
    path: Callable[[float], Image],
    spacing: Callable[[float], float],
    gradient: Gradient,
    *,
    nodes: int,
    tolerance: float,
    report: Report,
    batch: int = 1,
) -> Integral:
    """Halves the cell with the largest expected error until the whole is below `tolerance` or `nodes` are used.

    `report` is called after the first `FIRST_CELLS` cells and after every further node. Where `batch` gradients cost
    little more than one, those of the cells that come next are asked for too: the sum is the same, node by node.
    """
    first = np.linspace(0, 1, min(FIRST_CELLS, nodes - 1) + 1)
    points = [path(spacing(u)) for u in first]
    values = gradient(points)
    cells: list[tuple[float, int, Cell]] = []
    signed = np.zeros(points[0].shape)
    serial = itertools.count()
    halves: dict[Cell, tuple[float, Image, NDArray]] = {}

    def add(start: float, end: float, increment: NDArray, low: NDArray, high: NDArray) -> None:
        nonlocal signed
        cell = Cell(start, end, increment, low, high)
        signed = signed + cell.trapezoid
        heapq.heappush(cells, (-cell.variance, next(serial), cell))

    def halve(wanted: Sequence[Cell]) -> None:
        middles = [(cell.start + cell.end) / 2 for cell in wanted]
        images = [path(spacing(u)) for u in middles]
        for cell, u, image, (_, slope) in zip(wanted, middles, images, gradient(images), strict=True):
            halves[cell] = u, image, slope

    for k in range(len(first) - 1):
        add(first[k], first[k + 1], points[k + 1] - points[k], values[k][1], values[k + 1][1])
    used = len(first)
    while True:
        error = _relative(sum(cell.variance for _, _, cell in cells), signed)
        jumps = [cell.jump for _, _, cell in cells]
        unbiased = np.zeros(signed.shape[:2])
        integral = Integral(signed, error, jumps, unbiased, used, values[0][0], values[-1][0])
        report(integral)
        if integral.error <= tolerance or used >= nodes:
            return integral
        widest = cells[0][2]
        if widest not in halves:
            room = min(batch, nodes - used - len(halves))
            halve([cell for _, _, cell in heapq.nsmallest(batch, cells) if cell not in halves][: max(room, 1)])
        heapq.heappop(cells)
        u, image, slope = halves.pop(widest)
        signed = signed - widest.trapezoid
        to_middle = image - path(spacing(widest.start))
        add(widest.start, u, to_middle, widest.first, slope)
        add(u, widest.end, widest.increment - to_middle, slope, widest.last)
        used += 1


def reference_sum(points: Sequence[Image], gradient: Gradient, *, report: Report, batch: int = 1) -> Integral:
    """The published rule: Σ g(γ_{k+1})·(γ_{k+1} − γ_k), the gradient always at the cell's far end.

    If a cell's change of gradient happens at an unknown place, this is off by ½·Δg·Δγ on average and by the
    trapezoid's variance around it. The gradient at the baseline enters this estimate and nothing else.
    """
    ((start, previous),) = gradient(points[:1])
    end = start
    signed = np.zeros(points[0].shape)
    jumps: list[NDArray] = []

    def so_far() -> Integral:
        bias = np.sum(jumps, axis=0) / 2
        variance = float((bias**2).sum() + sum((jump**2).sum() for jump in jumps) / 12)
        return Integral(signed.copy(), _relative(variance, signed), list(jumps), bias, len(jumps), start, end)

    for low in range(1, len(points), batch):
        values = gradient(points[low : low + batch])
        for k, (_, slope) in enumerate(values, low):
            increment = points[k] - points[k - 1]
            signed += slope * increment
            jumps.append(((slope.astype(np.float64) - previous) * increment).sum(2))
            previous = slope
        end = values[-1][0]
        report(so_far())
    return so_far()


def simulated(integral: Integral, measure: Callable[[NDArray], float]) -> tuple[tuple[float, float], ...]:
    """Mean and standard deviation of a figure of |Σ_channels signed| over draws of where the jumps may lie.

    Of two kinds of draws: each cell's jump lies at one place as a whole, or every pixel's lies by itself. The truth,
    many jumps that each reach some pixels, is nearer to the one or to the other from network to network.
    """
    random = np.random.default_rng(0)
    plane = integral.signed.sum(2) - integral.bias
    jumps = np.array(integral.jumps)
    spread = np.sqrt((jumps**2).sum(0) / 12)
    together = [np.tensordot(0.5 - random.random(len(jumps)), jumps, 1) for _ in range(SIMULATIONS // 2)]
    apart = [spread * random.standard_normal(spread.shape) for _ in range(SIMULATIONS // 2)]
    kinds = [[measure(np.abs(plane + error)) for error in errors] for errors in (together, apart)]
    return tuple((float(np.mean(figures)), float(np.std(figures, ddof=1))) for figures in kinds)


def _relative(variance: float, signed: NDArray) -> float:
    norm = float(np.linalg.norm(signed.sum(2)))
    return float(np.sqrt(variance)) / norm if norm else float("inf")
