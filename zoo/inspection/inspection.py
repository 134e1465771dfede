"""What a file turns out to be, before there is an entry for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lam_core.convention import Convention
from lam_core.model import SuperResolver
from zoo.catalog.entry import Hub
from zoo.errors import NotASuperResolverError
from zoo.formats.network import read_network
from zoo.inspection.measure import Extent, Trial, bicubic_psnr, receptive_field, trials
from zoo.models.load import load_entry
from zoo.models.python_file import own_network
from zoo.models.resolve import Code, resolve
from zoo.settings import ZooSettings
from zoo.sources import hub
from zoo.sources.transfer import Progress
from zoo.sources.weights import digest, fetch


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
    trials: tuple[Trial, ...]
    """PSNR on bundled pictures as it is read, and under other readings."""
    bicubic_psnr: float
    """What interpolation reaches on the same pictures, in dB."""
    sha256: str = ""
    bytes: int = 0
    notes: tuple[str, ...] = ()
    """What was decided or guessed where the file leaves it open, a sentence each."""

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
            "psnr_bicubic": None if math.isinf(self.bicubic_psnr) else f"{self.bicubic_psnr:.2f} dB",
            "sha256": self.sha256,
            "bytes": self.bytes,
            "notes": list(self.notes),
        }


def inspect(
    x: str | Path,
    *,
    settings: ZooSettings,
    input_range: float | None = None,
    progress: Progress | None = None,
) -> Inspection:
    """Loads what `x` names, as `zoo.load` takes it, and looks at it. Raises a `ZooError`."""
    target = resolve(x, settings)
    if isinstance(target, Code):
        model = own_network(target.path, target.function, input_range=input_range)
        return _inspection(model, "your own", {})
    if isinstance(target, Hub):
        path = hub.download(target, settings, committed=False, progress=progress)
        name = f"{target.repo}:{target.file}"
        return inspect_file(path, name=name, settings=settings, input_range=input_range)
    if isinstance(target, Path):
        return inspect_file(target, name=target.name, settings=settings, input_range=input_range)
    path = fetch(target, settings, progress=progress)
    found = load_entry(target, path, input_range=input_range)
    if not isinstance(found, SuperResolver):
        raise NotASuperResolverError(f"{target.name} is no super-resolution network")
    return _inspection(found, target.architecture, target.hyperparameters, path)


def inspect_file(path: Path, *, name: str, settings: ZooSettings, input_range: float | None = None) -> Inspection:
    """Looks at a checkpoint on this machine, whatever entries say of it. Raises a `ZooError`."""
    network, _ = read_network(path, name=name, input_range=input_range, largest=settings.largest)
    model = SuperResolver(network.module, network.scale, convention=network.convention, name=name, notes=network.notes)
    return _inspection(model, network.architecture, network.hyperparameters, path)


def _inspection(
    model: SuperResolver, architecture: str, hyperparameters: Mapping[str, Any], path: Path | None = None
) -> Inspection:
    return Inspection(
        name=model.name,
        architecture=architecture,
        scale=model.scale,
        parameters=model.parameters,
        convention=model.convention,
        hyperparameters=hyperparameters,
        receptive_field=receptive_field(model),
        trials=trials(model),
        bicubic_psnr=bicubic_psnr(model.scale),
        sha256=digest(path) if path else "",
        bytes=path.stat().st_size if path else 0,
        notes=model.notes,
    )
