"""Whole maps of networks of the fuzz, beside the two rules written plainly."""

from __future__ import annotations

import contextlib
import copy
import itertools
import warnings

import numpy as np
from numpy.typing import NDArray

from lam_core.attribution.attribute import SURROUNDINGS, attribute
from lam_core.attribution.detectors import Detector
from lam_core.attribution.path import path_of
from lam_core.attribution.quadrature import FIRST_CELLS, equal_lengths
from lam_core.attribution.settings import AttributionSettings
from lam_core.errors import LamError
from lam_core.model import SuperResolver
from lam_core.region import Region
from tests.conformance.fuzz.network import Case, case
from tests.conformance.fuzz.oracle import changed, plain, points
from tests.reference_rule import reference_lam

DEFAULT = AttributionSettings(dtype="float64", nodes=FIRST_CELLS + 1, tolerance=0, field="full")
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
            published = reference_lam(lambda x: _again(what, scale)(x), image / 255, left, top, what.size, steps=5)
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
    """Trapezoids over equally long cells of the blur path, [3, h, w]."""
    h, w = lr.shape[:2]
    detector = Detector("gradient", region, h * scale, w * scale)
    spans = [
        slice(max(start // scale - SURROUNDINGS, 0), min(-(-(start + region.size) // scale) + SURROUNDINGS, side))
        for start, side in ((region.y, h), (region.x, w))
    ]
    spacing, path = equal_lengths(path_of(lr[tuple(spans)], DEFAULT)), path_of(lr, DEFAULT)
    nodes = [path(spacing(u)) for u in np.linspace(0, 1, FIRST_CELLS + 1)]
    slopes = [plain(_again(what, scale, twin=True), detector, node)[1] for node in nodes]
    pairs = zip(itertools.pairwise(nodes), itertools.pairwise(slopes), strict=True)
    total = np.sum([(g + f) / 2 * (b - a) for (a, b), (g, f) in pairs], axis=0)
    return total.transpose(2, 0, 1)


def _difference(found: NDArray, wanted: NDArray) -> float:
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))
