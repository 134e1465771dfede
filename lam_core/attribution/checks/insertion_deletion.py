"""Insertion and deletion: whether the pixels that a map ranks first change the window most.

Every LR pixel of the field outside the window's own footprint is ranked. Deletion replaces the first q of them by the
blurred baseline; insertion starts from the baseline (the footprint left as it is) and restores the first q. Either
way y(q) is the mean squared change of the SR window against the network's answer to the whole field. Good maps rise
fast under deletion and fall fast under insertion.

Maps are strongest near the window, and so is every network's dependence: plain closeness is a good ranking already.
The control that tells whether a map knows more than distance is therefore random WITHIN rings of equal distance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lam_core.attribution.checks.scene import Report, Scene, ignore, scene_of
from lam_core.attribution.path import Image
from lam_core.attribution.result import Attribution, displayed
from lam_core.attribution.settings import SettingsError
from lam_core.images import Pixels
from lam_core.model import SuperResolver

Order = Literal["map", "distance", "ring", "random"]
"""Ranking by the map, by closeness to the window, by the map shuffled within rings, at random."""
Direction = Literal["deletion", "insertion"]

ORDERS: tuple[Order, ...] = ("map", "distance", "ring", "random")
DIRECTIONS: tuple[Direction, ...] = ("deletion", "insertion")
SMALLEST = 0.001
"""Smallest share of pixels on the logarithmic grid."""


@dataclass(frozen=True)
class FaithfulnessSettings:
    """How insertion and deletion are measured. Raises `SettingsError` for values that nothing can be measured with."""

    largest: float = 0.10
    """Largest share of the ranked pixels; curves saturate by 1 to 5 %."""
    points: int = 9
    """Points of the logarithmic grid of shares, from 0.1 % on."""
    draws: int = 10
    """Random orders of each random control."""
    seed: int = 0

    def __post_init__(self) -> None:
        if not SMALLEST < self.largest <= 1:
            raise SettingsError(f"largest share is {self.largest}; choose above {SMALLEST} and up to 1")
        if self.points < 2 or self.draws < 1:
            raise SettingsError(f"{self.points} points and {self.draws} draws; choose at least 2 points and 1 draw")


@dataclass(frozen=True, eq=False)
class Curve:
    """y(q) of one ranking."""

    mean: NDArray[np.float64]
    """Mean over draws, [points]; the ranking's own value where it is not random."""
    low: NDArray[np.float64]
    """2.5th percentile of the draws, [points]."""
    high: NDArray[np.float64]
    """97.5th percentile of the draws, [points]."""


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """Insertion and deletion curves of one map with their controls."""

    share: NDArray[np.float64]
    """q, the share of the ranked pixels that is replaced or restored, [points]."""
    pixels: NDArray[np.int64]
    """The same in pixels, [points]."""
    curves: dict[Direction, dict[Order, Curve]]
    settings: FaithfulnessSettings

    def advantage(self, direction: Direction, control: Order) -> float:
        """Area under a curve over log q against the control's, such that above 1 the map knows more than the control.

        Deletion: map over control; insertion: control over map. Infinite where the lesser area is zero.
        """
        of_map, of_control = (self._area(direction, order) for order in ("map", control))
        best, other = (of_map, of_control) if direction == "deletion" else (of_control, of_map)
        return best / other if other else float("inf")

    def _area(self, direction: Direction, order: Order) -> float:
        return float(np.trapezoid(self.curves[direction][order].mean, np.log(self.share)))

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "share": self.share.tolist(),
            "pixels": self.pixels.tolist(),
            "curves": {
                direction: {order: {name: y.tolist() for name, y in vars(c).items()} for order, c in of.items()}
                for direction, of in self.curves.items()
            },
            "settings": asdict(self.settings),
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Faithfulness:
        """The inverse of `to_dict`."""
        return cls(
            share=np.array(content["share"]),
            pixels=np.array(content["pixels"]),
            curves={
                direction: {
                    order: Curve(**{name: np.array(y) for name, y in content["curves"][direction][order].items()})
                    for order in ORDERS
                }
                for direction in DIRECTIONS
            },
            settings=FaithfulnessSettings(**content["settings"]),
        )


def faithfulness(
    model: SuperResolver,
    image: Pixels,
    attribution: Attribution,
    settings: FaithfulnessSettings = FaithfulnessSettings(),
    *,
    report: Report = ignore,
) -> Faithfulness:
    """Insertion and deletion curves of a map of this model on this LR picture [h, w, 3].

    Raises `SettingsError` if the field holds nothing but the window; what `report` raises ends the computation.
    """
    scene = scene_of(model, image, attribution.region, attribution.settings)
    candidates = np.flatnonzero(scene.distance.ravel() > 0)
    if candidates.size < 2:
        raise SettingsError("the window fills its field, so no pixels are left to rank; choose a smaller window")
    pixels = grid_of(candidates.size, settings)
    orders = list(_orders(displayed(attribution.signed), scene.distance, candidates, settings))
    total = 2 * len(orders) * len(pixels) + 1
    images = _images(scene, [order for _, order in orders], pixels)
    changes = []
    windows = scene.windows(images)
    whole = next(windows)
    for k, window in enumerate(windows, 2):
        changes.append(float(((window - whole) ** 2).mean()))
        report(k / total)
    table = np.array(changes).reshape(2, len(orders), len(pixels))
    curves: dict[Direction, dict[Order, Curve]] = {}
    for direction, of_orders in zip(DIRECTIONS, table, strict=True):
        curves[direction] = {}
        for order in ORDERS:
            curves[direction][order] = _curve(of_orders[[k for k, (name, _) in enumerate(orders) if name == order]])
    return Faithfulness(pixels / candidates.size, pixels, curves, settings)


def grid_of(candidates: int, settings: FaithfulnessSettings) -> NDArray[np.int64]:
    """Numbers of pixels on the logarithmic grid, each once, at least one pixel.

    >>> grid_of(1000, FaithfulnessSettings(points=3)).tolist()
    [1, 10, 100]
    """
    shares = np.geomspace(SMALLEST, settings.largest, settings.points)
    return np.unique(np.maximum(np.rint(shares * candidates).astype(np.int64), 1))


def _orders(
    plane: NDArray, distance: NDArray, candidates: NDArray, settings: FaithfulnessSettings
) -> Iterator[tuple[Order, NDArray]]:
    """Every ranking of the candidates, first pixel first."""
    random = np.random.default_rng(settings.seed)
    score, away = plane.ravel()[candidates], distance.ravel()[candidates]
    yield "map", candidates[np.argsort(-score, kind="stable")]
    yield "distance", candidates[np.argsort(away, kind="stable")]
    rings = np.rint(away)
    for _ in range(settings.draws):
        yield "ring", candidates[np.argsort(-_shuffled_within(score, rings, random), kind="stable")]
        yield "random", random.permutation(candidates)


def _shuffled_within(score: NDArray, rings: NDArray, random: np.random.Generator) -> NDArray:
    """The scores shuffled inside each ring: any first k pixels hold as many of each ring as the map's first k."""
    shuffled = score.copy()
    for ring in np.unique(rings):
        members = np.flatnonzero(rings == ring)
        shuffled[members] = score[random.permutation(members)]
    return shuffled


def _images(scene: Scene, orders: list[NDArray], pixels: NDArray) -> Iterator[Image]:
    """The whole field, then all deletions, then all insertions."""
    yield scene.lr
    empty = np.where(scene.distance[..., None] > 0, scene.blurred, scene.lr)
    for start, other in ((scene.lr, empty), (empty, scene.lr)):
        for order in orders:
            for count in pixels:
                changed = start.copy().reshape(-1, 3)
                chosen = order[:count]
                changed[chosen] = other.reshape(-1, 3)[chosen]
                yield changed.reshape(start.shape)


def _curve(draws: NDArray) -> Curve:
    low, high = np.percentile(draws, [2.5, 97.5], axis=0)
    return Curve(draws.mean(0), low, high)
