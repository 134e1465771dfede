"""What can be asked of a network's features, without loading what computes it; every answer can be kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lam_core.images import Pixels, digest
from lam_core.images.degradations import Degradation
from lam_core.reference import NetworkReference
from lam_core.semantics.design import Design
from lam_core.semantics.detection import POOLED, Detection, Probe, Trained, Verdict
from lam_core.semantics.progress import Progress
from lam_core.semantics.result import METHOD_VERSION, Analysis
from lam_core.semantics.space import FLATTENED
from lam_core.semantics.srga import RAW_LENGTH, SrgaScore
from lam_core.semantics.strength import StrengthCurve
from lam_core.service.store import Stored, key_of

if TYPE_CHECKING:
    from lam_core.semantics.taps import Network

Report = Callable[[Progress], None]


@dataclass(frozen=True, eq=False)
class AnalysisRequest:
    """How a network's features separate by content and degradation, with its controls: an `Analysis` of one network."""

    model: NetworkReference
    design: Design
    layers: tuple[str, ...] | None = None
    """None for the stages of the trunk."""

    def identity(self, device: str) -> dict[str, Any]:
        """What the result depends on and nothing else."""
        return {
            **_identity("semantics", self.model, device),
            "design": self.design.identity(),
            "layers": None if self.layers is None else list(self.layers),
            "space": asdict(FLATTENED),
        }

    def compute(self, model: Network, report: Report) -> Analysis:
        """The analysis. Raises what `analyse` raises."""
        from lam_core.semantics.analyse import analyse

        design = self.design
        return analyse(
            [model],
            design.pictures,
            degradations=design.degradations,
            layers=self.layers,
            seed=design.seed,
            progress=report,
        )

    def pack(self, result: Analysis) -> Stored:
        """Figures, and coordinates as arrays."""
        content, arrays = result.to_json(), {}
        for one in (*content["models"], *content["controls"]):
            for layer in one["layers"]:
                layer["points"], layer["components"] = [], []
        for i, layer in enumerate(layer for model in result.models for layer in model.layers):
            arrays[f"components-{i}"] = layer.components
            if layer.points is not None:
                arrays[f"points-{i}"] = layer.points
        return Stored(content, arrays)

    def restore(self, stored: Stored) -> Analysis:
        """The inverse of `pack`."""
        analysis, i, models = Analysis.from_json(stored.summary), 0, []
        for model in analysis.models:
            layers = []
            for layer in model.layers:
                points, components = stored.arrays.get(f"points-{i}"), stored.arrays[f"components-{i}"]
                layers.append(replace(layer, points=points, components=components))
                i += 1
            models.append(replace(model, layers=tuple(layers)))
        return replace(analysis, models=tuple(models))


@dataclass(frozen=True, eq=False)
class StrengthRequest:
    """Separability of clean and degraded pictures against strength, at the last stage of a network's trunk."""

    model: NetworkReference
    design: Design
    """Its own degradations are not looked at."""
    degradations: tuple[Degradation, ...]
    """At full strength."""

    def identity(self, device: str) -> dict[str, Any]:
        """What the result depends on and nothing else."""
        return {
            **_identity("semantics-strength", self.model, device),
            "design": self.design.identity(),
            "degradations": [str(degradation) for degradation in self.degradations],
            "space": asdict(FLATTENED),
        }

    def compute(self, model: Network, report: Report) -> tuple[StrengthCurve, ...]:
        """A curve for every degradation. Raises what `strength_curve` raises."""
        from lam_core.semantics.strength import strength_curve
        from lam_core.semantics.trunk import trunk_stages

        layer = trunk_stages(model)[-1]
        images = [picture.pixels for picture in self.design.pictures]
        curves = []
        for i, degradation in enumerate(self.degradations):
            tick = _ticker(report, model.name, str(degradation), i, len(self.degradations))
            curves.append(strength_curve(model, images, degradation, layer, seed=self.design.seed, tick=tick))
        return tuple(curves)

    def pack(self, result: tuple[StrengthCurve, ...]) -> Stored:
        """Figures, and paths as arrays."""
        rows = [{name: value for name, value in vars(curve).items() if name != "path"} for curve in result]
        return Stored({"curves": rows}, {f"path-{i}": curve.path for i, curve in enumerate(result)})

    def restore(self, stored: Stored) -> tuple[StrengthCurve, ...]:
        """The inverse of `pack`."""
        curves = []
        for i, row in enumerate(stored.summary["curves"]):
            lists = {name: tuple(row[name]) for name in ("degradations", "shares", "chi")}
            curves.append(StrengthCurve(**{**row, **lists, "path": stored.arrays[f"path-{i}"]}))
        return tuple(curves)


@dataclass(frozen=True, eq=False)
class ScoreRequest:
    """SRGA of a network for several degradations, at the last stage of its trunk."""

    model: NetworkReference
    images: Sequence[Pixels]
    """Clean inputs of one size."""
    degradations: tuple[Degradation, ...]
    seed: int = 0

    def identity(self, device: str) -> dict[str, Any]:
        """What the result depends on and nothing else."""
        return {
            **_identity("semantics-srga", self.model, device),
            "images": _digest(self.images),
            "degradations": [str(degradation) for degradation in self.degradations],
            "seed": self.seed,
            "space": asdict(RAW_LENGTH),
        }

    def compute(self, model: Network, report: Report) -> tuple[SrgaScore, ...]:
        """A score for every degradation. Raises what `srga` raises."""
        from lam_core.semantics.srga import srga
        from lam_core.semantics.trunk import trunk_stages

        tick = _ticker(report, model.name, "features", 0, 1)
        layer = trunk_stages(model)[-1]
        return srga(model, self.images, self.degradations, layer, seed=self.seed, tick=tick)

    def pack(self, result: tuple[SrgaScore, ...]) -> Stored:
        """Figures."""
        return Stored({"scores": [asdict(score) for score in result]}, {})

    def restore(self, stored: Stored) -> tuple[SrgaScore, ...]:
        """The inverse of `pack`."""
        return tuple(SrgaScore(**row) for row in stored.summary["scores"])


@dataclass(frozen=True, eq=False)
class ProbeRequest:
    """A probe for a network's last stage, trained on some pictures and tried on others, at other strengths."""

    model: NetworkReference
    images: Sequence[Pixels]
    """To train on, of one size."""
    kinds: tuple[Degradation, ...]
    held_out: Sequence[Pixels]
    """To try on, of one size."""
    tried: tuple[Degradation, ...]
    seed: int = 0

    def identity(self, device: str) -> dict[str, Any]:
        """What the result depends on and nothing else."""
        return {
            **_identity("semantics-probe", self.model, device),
            "images": _digest(self.images),
            "kinds": [str(kind) for kind in self.kinds],
            "held_out": _digest(self.held_out),
            "tried": [str(degradation) for degradation in self.tried],
            "seed": self.seed,
            "space": asdict(POOLED),
        }

    def compute(self, model: Network, report: Report) -> Trained:
        """The probe. Raises what `train_probe` and `try_probe` raise."""
        from lam_core.semantics.detection import train_probe, try_probe
        from lam_core.semantics.trunk import trunk_stages
        from lam_core.semantics.untrained import untrained

        layer = trunk_stages(model)[-1]

        def trained(network: Network, part: int) -> tuple[Probe, Detection]:
            first = _ticker(report, network.name, "features", part, 4)
            probe = train_probe(network, self.images, self.kinds, layer, seed=self.seed, tick=first)
            second = _ticker(report, network.name, "held-out pictures", part + 1, 4)
            return probe, try_probe(probe, network, self.held_out, self.tried, seed=self.seed + 1, tick=second)

        probe, detection = trained(model, 0)
        _, control = trained(untrained(model, self.seed), 2)
        return Trained(probe, detection, control)

    def pack(self, result: Trained) -> Stored:
        """Figures and coefficients."""
        summary = {
            "fingerprint": result.probe.fingerprint,
            "layer": result.probe.layer,
            "names": list(result.probe.names),
            "detection": result.detection.to_json(),
            "untrained": result.untrained.to_json(),
        }
        return Stored(summary, result.probe.arrays())

    def restore(self, stored: Stored) -> Trained:
        """The inverse of `pack`."""
        summary = stored.summary
        probe = Probe(summary["fingerprint"], summary["layer"], tuple(summary["names"]), **stored.arrays)
        return Trained(probe, Detection.from_json(summary["detection"]), Detection.from_json(summary["untrained"]))


@dataclass(frozen=True, eq=False)
class VerdictRequest:
    """What a probe makes of one picture."""

    model: NetworkReference
    probe: Probe
    image: Pixels

    def identity(self, device: str) -> dict[str, Any]:
        """What the result depends on and nothing else."""
        learned = [array.tolist() for array in self.probe.arrays().values()]
        return {
            **_identity("semantics-verdict", self.model, device),
            "probe": key_of({"layer": self.probe.layer, "names": list(self.probe.names), "learned": learned}),
            "image": digest(self.image),
        }

    def compute(self, model: Network, report: Report) -> Verdict:
        """The verdict. Raises what `Probe.verdicts` raises."""
        report(Progress(model.name, "features", 0.0))
        return self.probe.verdicts(model, [self.image])[0]

    def pack(self, result: Verdict) -> Stored:
        """Probabilities."""
        return Stored({"probabilities": result.probabilities}, {})

    def restore(self, stored: Stored) -> Verdict:
        """The inverse of `pack`, in the probe's order."""
        return Verdict({name: float(stored.summary["probabilities"][name]) for name in self.probe.names})


def _identity(kind: str, model: NetworkReference, device: str) -> dict[str, Any]:
    return {"kind": kind, "version": METHOD_VERSION, "fingerprint": model.fingerprint, "device": device}


def _digest(images: Sequence[Pixels]) -> str:
    return digest(np.stack(list(images)).reshape(-1, *images[0].shape[1:]))


def _ticker(report: Report, model: str, task: str, part: int, parts: int) -> Callable[[int, int], None]:
    return lambda done, total: report(Progress(model, task, (part + done / total) / parts))
