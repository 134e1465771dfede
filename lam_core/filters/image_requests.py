"""What can be asked of a pair's filters about images, without loading what computes it; every answer can be kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lam_core.filters.prediction import FilterClassifier
from lam_core.filters.settings import METHOD_VERSION
from lam_core.images import Pixels, digest
from lam_core.reference import ModelReference
from lam_core.semantics.detection import Verdict
from lam_core.service.progress import Progress, Step
from lam_core.service.store import Stored, key_of

if TYPE_CHECKING:
    from lam_core.filters.pair import NetworkPair
    from lam_core.model import SuperResolver

Report = Callable[[Progress], None]


@dataclass(frozen=True, eq=False)
class Returned:
    """SR images of a network some of whose filters are the baseline's."""

    images: NDArray[np.uint8]
    """[inputs, shares, s·h, s·w, 3]."""
    baseline: NDArray[np.uint8]
    """The baseline's own, [inputs, s·h, s·w, 3]."""


@dataclass(frozen=True, eq=False)
class ReturnedRequest:
    """SR images with the first filters of an order returned to the baseline: a `Returned`."""

    model: ModelReference
    baseline: ModelReference
    order: NDArray[np.int64]
    """Filter numbers, first returned first."""
    counts: tuple[int, ...]
    """How many filters are returned."""
    inputs: Sequence[Pixels]
    """LR images of one size."""

    def identity(self, device: str) -> dict[str, Any]:
        """What the result depends on and nothing else."""
        first = self.order[: max(self.counts, default=0)]
        return {
            **_identity("filters-returned", self.model, self.baseline, device),
            "order": key_of({"first": first.tolist()}),
            "counts": list(self.counts),
            "inputs": [digest(low) for low in self.inputs],
        }

    def compute(self, model: SuperResolver, report: Report) -> Returned:
        """The images. Raises `FilterPairError`."""
        pair = _pair(self.baseline, model)
        found = []
        for k, count in enumerate(self.counts):
            report(Step(k / len(self.counts), "SR images"))
            with pair.returned(self.order[:count]) as changed:
                found.append([changed.upscale(low) for low in self.inputs])
        images = np.stack([np.stack(row) for row in found], axis=1)
        return Returned(images, np.stack([pair.baseline.upscale(low) for low in self.inputs]))

    def pack(self, result: Returned) -> Stored:
        """The images."""
        return Stored({}, {"images": result.images, "baseline": result.baseline})

    def restore(self, stored: Stored) -> Returned:
        """The inverse of `pack`."""
        return Returned(stored.arrays["images"], stored.arrays["baseline"])


@dataclass(frozen=True, eq=False)
class FilterResponse:
    """One filter before and after fine-tuning, and what it responds with on an image."""

    kernels: NDArray[np.float32]
    """Of the target, then of the baseline, [2, kernel height, kernel width]."""
    responses: NDArray[np.float32]
    """Each kernel on the channel that it reads, as the target computes that channel, without bias, [2, h, w]."""


@dataclass(frozen=True, eq=False)
class ResponseRequest:
    """The kernel and the response of one filter on an LR image: a `FilterResponse`."""

    model: ModelReference
    baseline: ModelReference
    filter: int
    """Its number in the layout."""
    low: Pixels

    def identity(self, device: str) -> dict[str, Any]:
        """What the result depends on and nothing else."""
        about = _identity("filter-response", self.model, self.baseline, device)
        return {**about, "filter": self.filter, "input": digest(self.low)}

    def compute(self, model: SuperResolver, report: Report) -> FilterResponse:
        """The response. Raises `FilterPairError`."""
        from lam_core.filters.response import response_of

        report(Step(0.0, "Response"))
        return FilterResponse(*response_of(_pair(self.baseline, model), self.filter, self.low))

    def pack(self, result: FilterResponse) -> Stored:
        """Kernels and responses."""
        return Stored({}, {"kernels": result.kernels, "responses": result.responses})

    def restore(self, stored: Stored) -> FilterResponse:
        """The inverse of `pack`."""
        return FilterResponse(stored.arrays["kernels"], stored.arrays["responses"])


@dataclass(frozen=True, eq=False)
class NamingRequest:
    """What the use of filters says about the degradation of an LR image: a `Verdict`."""

    model: ModelReference
    baseline: ModelReference
    classifier: FilterClassifier
    low: Pixels

    def identity(self, device: str) -> dict[str, Any]:
        """What the result depends on and nothing else."""
        learned = self.classifier
        known = {
            "names": list(learned.names),
            "sets": [one.tolist() for one in learned.sets],
            "centres": learned.centres.tolist(),
            "spread": learned.spread.tolist(),
        }
        about = _identity("filters-naming", self.model, self.baseline, device)
        return {**about, "classifier": key_of(known), "input": digest(self.low)}

    def compute(self, model: SuperResolver, report: Report) -> Verdict:
        """The verdict. Raises `FilterPairError`."""
        report(Step(0.0, "Use of filters"))
        return self.classifier.verdict(_pair(self.baseline, model), self.low)

    def pack(self, result: Verdict) -> Stored:
        """Probabilities."""
        return Stored({"probabilities": result.probabilities}, {})

    def restore(self, stored: Stored) -> Verdict:
        """The inverse of `pack`, in the classifier's order."""
        found = stored.summary["probabilities"]
        return Verdict({name: float(found[name]) for name in self.classifier.names})


def _pair(baseline: ModelReference, model: SuperResolver) -> NetworkPair:
    from lam_core.filters.pair import NetworkPair

    return NetworkPair(baseline.load().on(str(model.device)), model)


def _identity(kind: str, model: ModelReference, baseline: ModelReference, device: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "version": METHOD_VERSION,
        "fingerprint": model.fingerprint,
        "baseline": baseline.fingerprint,
        "device": device,
    }
