"""Receptive fields as a request that the service answers and the store keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from lam_core.fields.network_fields import NetworkFields
from lam_core.fields.result import EffectiveField, Impulse, ImpulseResponse
from lam_core.images import Pixels, digest, downscale
from lam_core.reference import ModelReference
from lam_core.samples import samples
from lam_core.samples.catalogue import PATTERNS
from lam_core.service.progress import Progress, Step
from lam_core.service.store import Stored

if TYPE_CHECKING:
    from lam_core.model import SuperResolver

FIELDS_VERSION = 1
"""Part of every key: raised whenever the same question would give other numbers."""
SEED = 0
"""Of the untrained weights."""
LARGEST_SIDE = 127
"""LR pixels: at small scales the samples would have more, and each image takes as much longer."""


@cache
def standard_images(scale: int) -> tuple[Pixels, ...]:
    """LR images of all samples that are no drawn patterns; callers leave them as they are."""
    return tuple(downscale(one.pixels(), scale) for one in samples() if one.kind not in PATTERNS)


def standard_side(images: Sequence[Pixels]) -> int:
    """The largest odd side that all images have, at most `LARGEST_SIDE`."""
    least = min((min(image.shape[:2]) for image in images), default=1)
    return min(LARGEST_SIDE, least - 1 + least % 2)


@dataclass(frozen=True, eq=False)
class FieldsRequest:
    """The receptive fields of a network: effective ones over LR images, trained and untrained, and its impulse."""

    model: ModelReference
    images: Sequence[Pixels]
    """uint8 [h, w, 3], LR."""
    side: int
    """LR pixels of the middle of each image, odd."""
    impulse: Impulse = field(default_factory=Impulse)

    def identity(self, device: str) -> dict[str, Any]:
        """What the result depends on and nothing else."""
        return {
            "kind": "receptive fields",
            "version": FIELDS_VERSION,
            "fingerprint": self.model.fingerprint,
            "seed": SEED,
            "images": [digest(image) for image in self.images],
            "side": self.side,
            "impulse": asdict(self.impulse),
            "device": device,
        }

    def compute(self, model: SuperResolver, report: Callable[[Progress], None]) -> NetworkFields:
        """The fields. Raises what `effective_field` and `impulse_response` raise."""
        from lam_core.fields.effective import effective_field
        from lam_core.fields.impulse import impulse_response
        from lam_core.model import SuperResolver
        from lam_core.semantics.untrained import untrained

        count = len(self.images)

        def effective(network: SuperResolver, start: float, words: str) -> EffectiveField:
            def tell(share: float) -> None:
                report(Step(start + share / 2, f"{words} weights, {round(share * count)} of {count} images"))

            return effective_field(network, self.images, side=self.side, report=tell)

        report(Step(0.0, "impulse"))
        response = impulse_response(model, self.impulse)
        trained = effective(model, 0.0, "trained")
        fresh = untrained(model, SEED)
        assert isinstance(fresh, SuperResolver), "it is of the model's own kind"
        return self._named(trained, effective(fresh, 0.5, "untrained"), response)

    def pack(self, result: NetworkFields) -> Stored:
        """All planes in single precision, which is what networks compute in."""
        fields = (("trained", result.trained), ("untrained", result.untrained))
        planes = {f"{name}-{sign}": getattr(one, sign) for name, one in fields for sign in ("positive", "negative")}
        planes |= {part: getattr(result.impulse, part) for part in ("response", "linear", "bicubic")}
        arrays = {name: plane.astype(np.float32) for name, plane in planes.items()}
        return Stored({"images": result.trained.images}, arrays)

    def restore(self, stored: Stored) -> NetworkFields:
        """The inverse of `pack`, under the name that the model has here."""
        planes = {name: plane.astype(np.float64) for name, plane in stored.arrays.items()}
        trained, untrained = (
            EffectiveField(planes[f"{weights}-positive"], planes[f"{weights}-negative"], int(stored.summary["images"]))
            for weights in ("trained", "untrained")
        )
        response, linear, bicubic = (planes[part] for part in ("response", "linear", "bicubic"))
        impulse = ImpulseResponse(response, linear, bicubic, self.impulse, self.model.scale)
        return self._named(trained, untrained, impulse)

    def _named(self, trained: EffectiveField, untrained: EffectiveField, impulse: ImpulseResponse) -> NetworkFields:
        return NetworkFields(self.model.name, self.model.fingerprint, self.model.scale, trained, untrained, impulse)


def standard_request(model: ModelReference) -> FieldsRequest:
    """What is asked of a network where nothing else is said: all samples that are no drawn patterns."""
    images = standard_images(model.scale)
    return FieldsRequest(model, images, standard_side(images))
