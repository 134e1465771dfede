"""A study of a pair's filters as a request that the service answers and the store keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lam_core.filters.abilities import SHARES, AbilityCurves
from lam_core.filters.attribution import METHOD_VERSION, FilterSettings
from lam_core.filters.layout import Layer
from lam_core.filters.pictures import CROP
from lam_core.filters.study import DegradationFilters, FilterStudy, Progress, study_filters
from lam_core.images import Pixels, digest
from lam_core.images.degradations import Degradation
from lam_core.reference import ModelReference
from lam_core.service.store import Stored

if TYPE_CHECKING:
    from lam_core.model import SuperResolver


@dataclass(frozen=True, eq=False)
class FilterStudyRequest:
    """A `FilterStudy` of a target network against the baseline that it was fine-tuned from."""

    model: ModelReference
    """The target."""
    baseline: ModelReference
    scored: Sequence[Pixels]
    """HR images from which scores come."""
    tried: Sequence[Pixels]
    """HR images from which curves and intervals come."""
    degradations: tuple[Degradation, ...]
    settings: FilterSettings = field(default_factory=FilterSettings)
    crop: int = CROP
    seed: int = 0

    def identity(self, device: str) -> dict[str, Any]:
        """What the result depends on and nothing else."""
        return {
            "kind": "filters",
            "version": METHOD_VERSION,
            "fingerprint": self.model.fingerprint,
            "baseline": self.baseline.fingerprint,
            "scored": [digest(image) for image in self.scored],
            "tried": [digest(image) for image in self.tried],
            "degradations": [str(degradation) for degradation in self.degradations],
            "settings": self.settings.as_dict(),
            "shares": list(SHARES),
            "crop": self.crop,
            "seed": self.seed,
            "device": device,
        }

    def compute(self, model: SuperResolver, report: Callable[[Progress], None]) -> FilterStudy:
        """The study. Raises `FilterPairError` and what `study_filters` raises."""
        from lam_core.filters.pair import NetworkPair

        pair = NetworkPair(self.baseline.load().on(str(model.device)), model)
        return study_filters(
            pair,
            self.scored,
            self.tried,
            self.degradations,
            self.settings,
            crop=self.crop,
            seed=self.seed,
            report=report,
        )

    def pack(self, result: FilterStudy) -> Stored:
        """Figures, and what is numbered by filters as arrays of single precision."""
        arrays: dict[str, NDArray] = {"change": result.change.astype(np.float32)}
        rows = []
        for i, one in enumerate(result.found):
            arrays[f"scores-{i}"] = one.scores.astype(np.float32)
            arrays[f"spread-{i}"] = one.spread.astype(np.float32)
            arrays[f"baseline-{i}"] = one.curves.baseline
            arrays |= {f"psnr-{i}-{name}": values for name, values in one.curves.psnr.items()}
            rows.append(
                {
                    "degradation": one.degradation,
                    "error": one.error,
                    "nodes": list(one.nodes),
                    "shares": list(one.curves.shares),
                    "kinds": list(one.curves.kinds),
                    "orders": list(one.curves.psnr),
                }
            )
        figures = {name: getattr(result, name) for name in _FIGURES}
        return Stored({"layers": [asdict(layer) for layer in result.layers], "found": rows, **figures}, arrays)

    def restore(self, stored: Stored) -> FilterStudy:
        """The inverse of `pack`."""
        summary, arrays = stored.summary, stored.arrays
        found = []
        for i, row in enumerate(summary["found"]):
            curves = AbilityCurves(
                tuple(row["shares"]),
                tuple(row["kinds"]),
                {name: arrays[f"psnr-{i}-{name}"] for name in row["orders"]},
                arrays[f"baseline-{i}"],
            )
            scores, spread = (arrays[f"{name}-{i}"].astype(np.float64) for name in ("scores", "spread"))
            found.append(
                DegradationFilters(row["degradation"], scores, spread, row["error"], tuple(row["nodes"]), curves)
            )
        layers = tuple(Layer(**{**layer, "kernel": tuple(layer["kernel"])}) for layer in summary["layers"])
        figures = {name: summary[name] for name in _FIGURES}
        return FilterStudy(layers, arrays["change"].astype(np.float64), tuple(found), **figures)


_FIGURES = ("scored_on", "tried_on", "named", "named_by_features", "kinds")
