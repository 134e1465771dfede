"""What is asked of every bundled pair of networks about its filters, and reading the answers that ship.

The images and degradations were fixed before anything was computed: every third sample that is no drawn pattern scores
filters, the others try them; blur, noise and both at strengths that the networks were fine-tuned for.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lam_core.filters.curves import SHARES
from lam_core.filters.image_requests import Returned, ReturnedRequest
from lam_core.filters.pictures import split
from lam_core.filters.request import FilterStudyRequest
from lam_core.filters.result import FilterStudy
from lam_core.images import Pixels, downscale
from lam_core.images.degradations import CLEAN, Degradation
from lam_core.reference import Fetching, ModelReference
from lam_core.samples import sample, samples
from lam_core.samples.catalogue import PATTERNS
from lam_core.service.store import Stored, read
from zoo.catalog.entry import Bundled
from zoo.catalog.registry import registry

FOLDER = Path(__file__).parent
DEVICE = "cpu"
"""Where the answers were computed."""
DEGRADATIONS = ("blur:1.2", "noise:20", "blur:1.2+noise:20")
EXAMPLE = "brick"
"""The sample whose SR images ship."""
SIDE = 32
"""Side of the part of an image that is shown, in LR pixels."""
SHOWN = tuple(share for share in SHARES if share < 1)
"""Shares of filters whose return is shown on an image."""


@dataclass(frozen=True)
class Pair:
    """A bundled network and the bundled one that it was fine-tuned from, by the ids of their entries."""

    target: str
    baseline: str


@functools.cache
def pairs() -> tuple[Pair, ...]:
    """The bundled pairs, in the order in which they are shown."""
    found = [
        Pair(entry.id, entry.fine_tuned_from)
        for entry in registry()
        if entry.fine_tuned_from is not None and isinstance(entry.weights, Bundled)
    ]
    return tuple(sorted(found, key=lambda pair: pair.target, reverse=True))


@functools.cache
def parts() -> tuple[list[Pixels], list[Pixels]]:
    """The HR images that score filters, and those that try them."""
    return split([one.pixels() for one in samples() if one.kind not in PATTERNS])


def study_request(target: ModelReference, baseline: ModelReference) -> FilterStudyRequest:
    """The study that ships of every pair."""
    scored, tried = parts()
    return FilterStudyRequest(target, baseline, scored, tried, tuple(map(Degradation.parse, DEGRADATIONS)))


def middle_part(image: Pixels, scale: int) -> Pixels:
    """The middle of an HR image, as large as is shown."""
    side = SIDE * scale
    y, x = (max(0, (length - side) // 2) for length in image.shape[:2])
    return np.ascontiguousarray(image[y : y + side, x : x + side])


def inputs(image: Pixels, scale: int, kinds: tuple[str, ...]) -> list[Pixels]:
    """LR images of a part of an HR image, clean and under every degradation."""
    low = downscale(image, scale) if scale > 1 else image
    return [Degradation.parse(kind).apply(low, (0, 0)) for kind in kinds]


def pictures_request(
    target: ModelReference, baseline: ModelReference, study: FilterStudy, degradation: str, image: Pixels
) -> ReturnedRequest:
    """SR images of a part of an HR image under every degradation of a study, while filters for one are returned."""
    count = len(study.change)
    return ReturnedRequest(
        target,
        baseline,
        study.about(degradation).order,
        tuple(round(share * count) for share in SHOWN),
        inputs(image, target.scale, (str(CLEAN), *study.degradations)),
    )


def example() -> Pixels:
    """The part of the sample whose SR images ship; every bundled pair enlarges ×4."""
    return middle_part(sample(EXAMPLE).pixels(), 4)


def study_file(target: str) -> Path:
    """Where the study of a pair lies."""
    return FOLDER / f"study-{target}.npz"


def pictures_file(target: str) -> Path:
    """Where the SR images of a pair lie, with filters for its first degradation returned."""
    return FOLDER / f"pictures-{target}.npz"


@functools.cache
def study(target: str) -> FilterStudy | None:
    """The study of a pair, if it ships."""
    stored = _stored(study_file(target))
    return FilterStudyRequest(_Named(target), _Named(""), (), (), ()).restore(stored) if stored else None


@functools.cache
def pictures(target: str) -> Returned | None:
    """The SR images of a pair, if they ship."""
    stored = _stored(pictures_file(target))
    return (
        ReturnedRequest(_Named(target), _Named(""), np.zeros(0, np.int64), (), ()).restore(stored) if stored else None
    )


def _stored(path: Path) -> Stored | None:
    return read(path.read_bytes()) if path.is_file() else None


@dataclass(frozen=True)
class _Named:
    """A network of which answers alone are here."""

    name: str
    fingerprint: str = ""
    scale: int = 4

    def load(self, progress: Fetching | None = None) -> Any:
        """Nothing: only the answers are here."""
        raise NotImplementedError(f"answers about {self.name} are read here, nothing is computed")
