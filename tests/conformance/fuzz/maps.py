"""Whole maps of networks of the fuzz, beside the two rules written plainly."""

from __future__ import annotations

import contextlib
import copy
import itertools
import warnings

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lam_core.attribution.attribute import SURROUNDINGS, attribute
from lam_core.attribution.detectors import Detector
from lam_core.attribution.path import path_of
from lam_core.attribution.quadrature import FIRST_NODES, equal_lengths
from lam_core.attribution.settings import AttributionSettings
from lam_core.errors import LamError
from lam_core.model import SuperResolver
from lam_core.randomness import SEED
from lam_core.region import Region
from tests.conformance.fuzz.network import Case, case
from tests.conformance.fuzz.oracle import changed, plain, points
from tests.reference_rule import reference_lam

DEFAULT = AttributionSettings(dtype="float64", nodes=FIRST_NODES, tolerance=0, field="full")
REFERENCE = AttributionSettings(dtype="float64", nodes=5, rule="reference", field="full")


def map_errors(seed: int) -> tuple[float, float]:
    """Relative errors of the maps of `attribute` under the default and the reference rule; the network stays as it was.

    Under the reference rule a network whose published code cannot be differentiated may be refused: error 0.
    """
    what = case(seed)
    network = what.build()
    scale, h, w = network.scale, what.height, what.width
    image = (points(h, w, seed)[-1] * 255).round().astype(np.uint8)
    top, left = (int(share * (side * scale - what.size)) for share, side in zip(what.corner, (h, w), strict=True))
    region = Region(left, top, what.size)
    model = SuperResolver(network, scale, convention=what.convention)
    untouched = copy.deepcopy(network)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = _default_map(what, scale, image / 255, region)
        default = _difference(attribute(model, image, region, DEFAULT).signed, wanted)
        try:
            published = reference_lam(lambda x: _seeded(what, scale, x), image / 255, left, top, what.size, steps=5)
            reference = _difference(attribute(model, image, region, REFERENCE).signed, published)
        except RuntimeError:  # autograd refuses the published code
            with contextlib.suppress(LamError):
                attribute(model, image, region, REFERENCE)
            reference = 0.0
    assert not (said := changed(network, untouched)), said
    return default, reference


def _again(what: Case, scale: int, *, twin: bool = False) -> SuperResolver:
    return SuperResolver(what.build(twin=twin).double(), scale, convention=what.convention, fingerprint="plain")


def _default_map(what: Case, scale: int, lr: NDArray[np.float64], region: Region) -> NDArray[np.float64]:
    """Trapezoids over four equally long cells of the blur path, extrapolated by the share that is smooth, [3, h, w]."""
    h, w = lr.shape[:2]
    detector = Detector("gradient", region, h * scale, w * scale)
    spans = [
        slice(max(start // scale - SURROUNDINGS, 0), min(-(-(start + region.size) // scale) + SURROUNDINGS, side))
        for start, side in ((region.y, h), (region.x, w))
    ]
    spacing, path = equal_lengths(path_of(lr[tuple(spans)], DEFAULT)), path_of(lr, DEFAULT)
    nodes = [path(spacing(u)) for u in np.linspace(0, 1, FIRST_NODES)]
    slopes = [_slope(what, scale, detector, node) for node in nodes]
    one, two, four = (_trapezoids(nodes[::step], slopes[::step]) for step in (4, 2, 1))
    coarse, fine = (two - one).sum(2), (four - two).sum(2)
    both = (coarse**2).sum() * (fine**2).sum()
    smooth = max((coarse * fine).sum(), 0) ** 2 / both if both else 0.0
    return (four + smooth / 3 * (four - two)).transpose(2, 0, 1)


def _seeded(what: Case, scale: int, x: Tensor) -> Tensor:
    """The output of a fresh build; a network that draws numbers draws the same at every point."""
    network = _again(what, scale)
    with torch.random.fork_rng([]):
        torch.manual_seed(SEED)
        return network(x)


def _slope(what: Case, scale: int, detector: Detector, node: NDArray) -> NDArray:
    network = _again(what, scale, twin=True)
    with torch.random.fork_rng([]):
        torch.manual_seed(SEED)
        return plain(network, detector, node)[1]


def _trapezoids(nodes: list[NDArray], slopes: list[NDArray]) -> NDArray:
    pairs = zip(itertools.pairwise(nodes), itertools.pairwise(slopes), strict=True)
    return np.sum([(g + f) / 2 * (b - a) for (a, b), (g, f) in pairs], axis=0)


def _difference(found: NDArray, wanted: NDArray) -> float:
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))
