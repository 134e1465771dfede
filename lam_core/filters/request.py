"""A study of a pair's filters as a request that the service answers and the store keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lam_core.filters.curves import SHARES, AbilityCurves
from lam_core.filters.layer import Layer
from lam_core.filters.pictures import CROP
from lam_core.filters.prediction import FilterClassifier
from lam_core.filters.result import DegradationFilters, FilterStudy
from lam_core.filters.settings import METHOD_VERSION, FilterSettings
from lam_core.images import Pixels, digest
from lam_core.images.degradations import Degradation
from lam_core.reference import ModelReference
from lam_core.semantics.detection import Detection
from lam_core.service.progress import Progress
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
        from lam_core.filters.study import study_filters

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
        learned = result.classifier
        arrays |= {"centres": learned.centres, "deviations": learned.spread}
        arrays |= {f"set-{i}": one for i, one in enumerate(learned.sets)}
        summary = {
            "layers": [asdict(layer) for layer in result.layers],
            "found": rows,
            "scored_on": result.scored_on,
            "tried_on": result.tried_on,
            "names": list(learned.names),
            "by_filters": result.by_filters.to_json(),
            "by_features": result.by_features.to_json(),
        }
        return Stored(summary, arrays)

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
        sets = tuple(arrays[f"set-{i}"] for i in range(len(found)))
        return FilterStudy(
            layers,
            arrays["change"].astype(np.float64),
            tuple(found),
            summary["scored_on"],
            summary["tried_on"],
            FilterClassifier(tuple(summary["names"]), sets, arrays["centres"], arrays["deviations"]),
            Detection.from_json(summary["by_filters"]),
            Detection.from_json(summary["by_features"]),
        )
