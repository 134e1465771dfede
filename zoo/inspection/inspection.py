"""What a file turns out to be, before there is an entry for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Unpack

from lam_core.condition import Condition
from lam_core.convention import Convention
from lam_core.model import SuperResolver
from lam_core.readings import Reading, bicubic_psnr, measure, task
from zoo.catalog.entry import Entry, Hub
from zoo.errors import NotASuperResolverError
from zoo.inspection.measure import Extent, receptive_field
from zoo.models.from_file import load_network
from zoo.models.source import resolve
from zoo.overrides import Overrides
from zoo.settings import ZooSettings
from zoo.sources.openmodeldb import OpenModelDB
from zoo.sources.transfer import Progress
from zoo.sources.weights import digest


@dataclass(frozen=True)
class Inspection:
    """Everything that was found out about a network."""

    name: str
    architecture: str
    scale: int
    parameters: int
    convention: Convention
    hyperparameters: Mapping[str, Any]
    receptive_field: Extent
    trials: tuple[Reading, ...]
    """PSNR on bundled pictures as it is read, and under other readings."""
    bicubic_psnr: float
    """What interpolation reaches on the same pictures, in dB; at scale 1 what the noisy ones have."""
    sha256: str = ""
    bytes: int = 0
    notes: tuple[str, ...] = ()
    """What was decided or guessed where the file leaves it open, a sentence each."""
    conditions: tuple[Condition, ...] = ()
    """What the network takes beside the image."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values, readings in words."""
        return {
            "name": self.name,
            "kind": "super-resolver",
            "architecture": self.architecture,
            "scale": self.scale,
            "parameters": self.parameters,
            "hyperparameters": dict(self.hyperparameters),
            "convention": asdict(self.convention),
            "receptive_field": str(self.receptive_field),
            "psnr": {trial.reading: trial.decibels for trial in self.trials},
            "psnr_on": task(self.scale),
            "psnr_bicubic" if self.scale > 1 else "psnr_noisy": f"{self.bicubic_psnr:.2f} dB",
            "sha256": self.sha256,
            "bytes": self.bytes,
            "conditions": {one.name: one.default for one in self.conditions},
            "notes": list(self.notes),
        }


def inspect(
    x: str | Path,
    *,
    settings: ZooSettings,
    weights: Path | None = None,
    progress: Progress | None = None,
    **overrides: Unpack[Overrides],
) -> Inspection:
    """Loads what `x` names, as `zoo.load` takes it, and looks at it. Raises a `LamError`."""
    source = resolve(x, settings, weights=weights, **overrides)
    path = source.file(progress)
    if path is not None and isinstance(source.target, Path | Hub | OpenModelDB):
        return inspect_file(path, name=source.name, settings=settings, **overrides)
    found = source.load(progress)
    if not isinstance(found, SuperResolver):
        raise NotASuperResolverError(f"{source.name} is no super-resolution network")
    if isinstance(source.target, Entry):
        return _inspection(found, source.target.architecture, source.target.hyperparameters, path)
    return _inspection(found, "your own", {})


def inspect_file(path: Path, *, name: str, settings: ZooSettings, **overrides: Unpack[Overrides]) -> Inspection:
    """Looks at a checkpoint on this machine, whatever entries say of it. Raises a `LamError`."""
    model, network = load_network(path, name=name, largest=settings.largest, **overrides)
    return _inspection(model, network.architecture, network.hyperparameters, path)


def _inspection(
    model: SuperResolver, architecture: str, hyperparameters: Mapping[str, Any], path: Path | None = None
) -> Inspection:
    tried = measure(model)
    return Inspection(
        name=model.name,
        architecture=architecture,
        scale=model.scale,
        parameters=model.parameters,
        convention=model.convention,
        hyperparameters=hyperparameters,
        receptive_field=receptive_field(model),
        trials=tried,
        bicubic_psnr=bicubic_psnr(model.scale),
        sha256=digest(path) if path else "",
        bytes=path.stat().st_size if path else 0,
        notes=(*model.notes, *filter(None, [model.output_note])),
        conditions=model.conditions,
    )
