"""Insertion and deletion over several images: whether a map beats its controls, with intervals over images."""

from __future__ import annotations

from collections.abc import Sequence

from lam_core.attribution.checks.insertion_deletion import DIRECTIONS, ORDERS, Direction, Faithfulness, Order
from lam_core.studies.statistics import Ratio, SampleError, ratio

Advantages = dict[Direction, dict[Order, Ratio]]


def advantages(found: Sequence[Faithfulness], *, seed: int = 0) -> Advantages:
    """The geometric mean over images of the map's advantage over each control; above 1 the map knows more.

    Raises `SampleError` for results of unequal settings, or an image on which a curve is zero throughout.
    """
    if len({result.settings for result in found}) > 1:
        raise SampleError("these curves were measured with unequal settings; measure all images alike")
    return {
        direction: {
            control: ratio([result.advantage(direction, control) for result in found], seed=seed)
            for control in ORDERS
            if control != "map"
        }
        for direction in DIRECTIONS
    }
