"""Integrating a gradient along a path by nested trapezoids that tell smooth stretches from rough ones.

A ReLU network's gradient jumps wherever a unit switches: along the path it looks like a random walk, of which the
straight line between two known points is the best guess. A network of GELU, SiLU and softmax has a smooth gradient, for
which Richardson's extrapolation is far better. Which of the two a stretch is shows in how the sum changes when its
cells are halved. Let E₁ be the change from one trapezoid to two, and E₂ the change from two to four (each a plane of
pixels). A smooth integrand gives E₂ = E₁/4 and leaves an error of E₂/3, which can be added. A random walk gives
planes E₁ and E₂ that are uncorrelated, and leaves an error of variance |E₂|²/3 around the sum as it is. So the share
of E₂ that is smooth is taken as λ = cos²(E₁, E₂), the sum as T + λE₂/3, and the estimated error from both parts.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lam_core.attribution.path import Image

FIRST_NODES = 5
"""Nodes before the first halving by need: the fewest that tell smooth from rough."""
SPACING_SAMPLES = 129
"""Points at which the path's length is measured."""
SIMULATIONS = 64
"""Draws of the error behind the interval of the Diffusion Index."""
MARGIN = 1.06
"""Factor on the estimated error: a run ends where its estimate happens to be low."""

Gradient = Callable[[Sequence[Image]], list[tuple[float, NDArray]]]
"""D and its gradient [h, w, 3] at each of several points of the path."""


@dataclass(frozen=True, eq=False)
class Node:
    """A point of the path with the gradient there."""

    u: float
    """Place on the path, 0 at the baseline and 1 at the image."""
    image: Image
    value: float
    """D."""
    slope: NDArray
    """Gradient of D, [h, w, 3]."""


@dataclass(eq=False)
class Piece:
    """A stretch of the path between two nodes, halved by a third."""

    low: Node
    middle: Node
    high: Node
    plane: NDArray[np.float64] = field(init=False)
    """Σ over channels of `change`, [h, w]."""
    smooth: float = 0.0
    """Share λ of the change that is smooth; 0 where nothing coarser is known."""
    variance: float = field(init=False)
    """Squared error that the displayed map is expected to owe to this piece."""

    def __post_init__(self) -> None:
        self.plane = self.change.sum(2)
        self.variance = _energy(self.plane) / 3

    @property
    def change(self) -> NDArray[np.float64]:
        """Its two trapezoids minus its one, [h, w, 3]."""
        slope, image = self.middle.slope.astype(np.float64), self.middle.image
        first, second = image - self.low.image, self.high.image - image
        return 0.5 * ((slope - self.high.slope) * first + (slope - self.low.slope) * second)

    @property
    def quarters(self) -> tuple[float, float]:
        """Places of the two nodes that halve its halves."""
        return (self.low.u + self.middle.u) / 2, (self.middle.u + self.high.u) / 2

    @property
    def jump(self) -> NDArray[np.float64]:
        """What it may be off by, [h, w]: it looks like the change, and (½ − u)·jump has the expected size."""
        energy = _energy(self.plane)
        return self.plane * np.sqrt(12 * MARGIN**2 * self.variance / energy) if energy else self.plane

    def halves(self, left: Node, right: Node) -> tuple[Piece, Piece]:
        """Its two halves, halved by nodes at `quarters`, with what the two changes say about each other."""
        pieces = Piece(self.low, left, self.middle), Piece(self.middle, right, self.high)
        change = pieces[0].plane + pieces[1].plane
        energy, own = _energy(change), [_energy(piece.plane) for piece in pieces]
        agreement = max(float((change * self.plane).sum()), 0.0)
        both = energy * _energy(self.plane)
        smooth = agreement**2 / both if both else 0.0
        # What λ leaves of the change is rough, or was added wrongly; of the smooth part the next order remains.
        rough = (1 - smooth) * (1 / 3 + smooth / 9) * energy
        next_order = smooth * (4 / 45) ** 2 * _energy(change - self.plane / 4)
        for piece, share in zip(pieces, own, strict=True):
            piece.smooth = smooth
            piece.variance = (rough + next_order) * share / sum(own) if share else 0.0
        return pieces


@dataclass(frozen=True, eq=False)
class Integral:
    """A sum along the path, so far."""

    signed: NDArray[np.float64]
    """[h, w, 3]."""
    error: float
    """Estimated relative L2 error of |Σ_channels signed|."""
    jumps: Sequence[NDArray[np.float64]]
    """What each piece may be off by, [h, w] a piece; piece k's error is (½ − u)·jumps[k], u uniform in [0, 1]."""
    bias: NDArray[np.float64]
    """What the rule is off by on average, [h, w]; zero but for the published rule."""
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
    lengths = [_energy(b - a) ** 0.5 for a, b in itertools.pairwise(images)]
    travelled = np.concatenate([[0.0], np.cumsum(lengths)])
    if travelled[-1] == 0:
        return lambda u: u
    # A little of the plain parameter keeps the map strictly increasing where the path stands still.
    travelled = 0.999 * travelled / travelled[-1] + 0.001 * alphas
    return lambda u: float(np.interp(u, travelled, alphas))


class NestedSum:
    """The sum of one gradient over pieces of the path, which are halved one by one.

    `first` are the 2, 3 or 5 equally spaced nodes to start from.
    """

    def __init__(self, first: Sequence[Node]) -> None:
        low, high = first[0], first[-1]
        self.nodes = len(first)
        self._ends = low, high
        self._trapezoids = (low.slope.astype(np.float64) + high.slope) * 0.5 * (high.image - low.image)
        self._extrapolated = np.zeros_like(self._trapezoids)
        self.pieces: list[Piece] = []
        """All of the path, in no particular order."""
        if len(first) > 2:
            self._add(Piece(low, first[len(first) // 2], high))
        if len(first) > 3:
            self.nodes -= 2
            self.halve(self.pieces[0], first[1], first[3])

    def widest(self, count: int) -> list[Piece]:
        """The pieces with the largest expected errors, at most so many, the largest first."""
        return heapq.nlargest(count, self.pieces, key=lambda piece: piece.variance)

    def halve(self, piece: Piece, left: Node, right: Node) -> None:
        """Replaces a piece by its halves, given the nodes at its quarters."""
        self.pieces.remove(piece)
        if piece.smooth:
            self._extrapolated -= piece.smooth / 3 * piece.change
        for half in piece.halves(left, right):
            self._add(half)
        self.nodes += 2

    def _add(self, piece: Piece) -> None:
        change = piece.change
        self._trapezoids += change
        self._extrapolated += piece.smooth / 3 * change
        self.pieces.append(piece)

    @property
    def size(self) -> float:
        """L2 norm of the displayed map as it stands."""
        return float(np.linalg.norm((self._trapezoids + self._extrapolated).sum(2)))

    @property
    def error(self) -> float:
        """Estimated relative L2 error of the displayed map as it stands."""
        if self.pieces:
            variance = MARGIN**2 * sum(piece.variance for piece in self.pieces)
        else:
            variance = _energy(self._jumps()[0]) / 12
        return float(np.sqrt(variance)) / self.size if self.size else float("inf")

    def integral(self) -> Integral:
        """The sum, and how far off it is expected to be."""
        signed = self._trapezoids + self._extrapolated
        unbiased = np.zeros(signed.shape[:2])
        low, high = self._ends
        return Integral(signed, self.error, self._jumps(), unbiased, self.nodes, low.value, high.value)

    def _jumps(self) -> list[NDArray]:
        if self.pieces:
            return [piece.jump for piece in self.pieces]
        # All that is known of a single trapezoid is by how much the gradient changes; if in one jump, then so.
        low, high = self._ends
        return [((high.slope.astype(np.float64) - low.slope) * (high.image - low.image)).sum(2)]


def nested_trapezoids(
    path: Callable[[float], Image],
    spacing: Callable[[float], float],
    gradient: Gradient,
    *,
    nodes: int,
    tolerance: float,
    report: Report,
    batch: int = 1,
) -> Integral:
    """Halves the piece with the largest expected error until the whole is below `tolerance` or `nodes` are used.

    Nodes come in pairs, so that of an even number one is left over. `report` is called after the first `FIRST_NODES`
    and after every further pair. Where `batch` gradients cost little more than one, those of the pieces that come
    next are asked for too: the sum is the same, pair by pair.
    """

    def at(places: Sequence[float]) -> list[Node]:
        images = [path(spacing(u)) for u in places]
        return [Node(u, image, *found) for u, image, found in zip(places, images, gradient(images), strict=True)]

    start = FIRST_NODES if nodes >= FIRST_NODES else min(nodes, 3)
    total = NestedSum(at(np.linspace(0, 1, start).tolist()))
    ready: dict[Piece, tuple[Node, Node]] = {}
    while True:
        integral = total.integral()
        report(integral)
        if integral.error <= tolerance or total.nodes + 2 > nodes:
            return integral
        widest = total.widest(max(batch // 2, 1))
        if widest[0] not in ready:
            room = (nodes - total.nodes) // 2 - len(ready)
            wanted = [piece for piece in widest if piece not in ready][: max(room, 1)]
            found = at([u for piece in wanted for u in piece.quarters])
            ready.update(zip(wanted, zip(found[::2], found[1::2], strict=True), strict=True))
        total.halve(widest[0], *ready.pop(widest[0]))


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

    Of two kinds of draws: each piece's jump lies at one place as a whole, or every pixel's lies by itself. The truth,
    many jumps that each reach some pixels, is nearer to the one or to the other from network to network.
    """
    random = np.random.default_rng(0)
    plane = integral.signed.sum(2) - integral.bias
    jumps = np.array(integral.jumps)
    spread = np.sqrt((jumps**2).sum(0) / 12)
    half = SIMULATIONS // 2
    together = np.tensordot(0.5 - random.random((half, len(jumps))), jumps, 1)
    apart = spread * random.standard_normal((half, *spread.shape))
    kinds = [[measure(np.abs(plane + error)) for error in errors] for errors in (together, apart)]
    return tuple((float(np.mean(figures)), float(np.std(figures, ddof=1))) for figures in kinds)


def _energy(plane: NDArray) -> float:
    return float(np.vdot(plane, plane))


def _relative(variance: float, signed: NDArray) -> float:
    norm = float(np.linalg.norm(signed.sum(2)))
    return float(np.sqrt(variance)) / norm if norm else float("inf")
