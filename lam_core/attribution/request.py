"""A map asked for, without loading what computes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lam_core.attribution.result import Attribution
from lam_core.attribution.settings import METHOD_VERSION, AttributionSettings
from lam_core.images import Pixels, digest
from lam_core.images.degradations import CLEAN, Degradation
from lam_core.reference import ModelReference
from lam_core.region import Region, field_around
from lam_core.service.store import Stored

if TYPE_CHECKING:
    from lam_core.attribution.attribute import Progress
    from lam_core.model import SuperResolver


@dataclass(frozen=True, eq=False)
class AttributionRequest:
    """One map asked for."""

    model: ModelReference
    image: Pixels
    """The LR picture that the network is given, [h, w, 3]."""
    region: Region
    """The window, in SR pixels."""
    settings: AttributionSettings = field(default_factory=AttributionSettings)
    degradation: Degradation = CLEAN
    """What was done to `image` before: `under` does it and says so."""

    def under(self, degradation: Degradation) -> AttributionRequest:
        """The same map asked for of the degraded image. Raises `ImageShapeError`."""
        assert self.degradation == CLEAN, "an image is degraded once, by all steps together"
        return replace(self, image=degradation.applied_to(self.image), degradation=degradation)

    def identity(self, device: str) -> dict[str, Any]:
        """What the map depends on and nothing else, as plain values. Raises `RegionError`."""
        height, width = self.image.shape[:2]
        cut = field_around(self.region, height, width, self.model.scale, self.settings.field)
        # Results of clean images keep the keys that they have had.
        recorded = {} if self.degradation == CLEAN else {"degradation": str(self.degradation)}
        return {
            "kind": "attribution",
            "version": METHOD_VERSION,
            "fingerprint": self.model.fingerprint,
            "image": digest(self.image),
            "field": [cut.x, cut.y, cut.width, cut.height],
            "window": [self.region.x, self.region.y, self.region.size],
            "settings": self.settings.as_dict(),
            "device": device,
            **recorded,
        }

    def compute(self, model: SuperResolver, report: Callable[[Progress], None]) -> Attribution:
        """The map. Raises what `lam_core.attribute` raises."""
        from lam_core.attribution.attribute import attribute

        result = attribute(model, self.image, self.region, self.settings, on_progress=report)
        return replace(result, model=self.model.name, degradation=str(self.degradation))

    def pack(self, result: Attribution) -> Stored:
        """Figures and arrays."""
        return Stored(result.summary(), result.arrays(), lasting=result.computation.deterministic)

    def restore(self, stored: Stored) -> Attribution:
        """The map again, under the name that the model has here."""
        return replace(Attribution.restore(stored.summary, stored.arrays), model=self.model.name)
