"""A sweep: every model on every picture's windows, resumable, here or on a cluster, with a table at the end.

First each model's picture quality (needed beside every DI, and to find the hard windows), then the maps. The service
answers every job from its store or computes it in turn: a sweep that was killed goes on where it was, and a map that
somebody else computes at the same time is computed once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from lam_core.attribution.settings import METHOD_VERSION, AttributionSettings
from lam_core.errors import LamError
from lam_core.images import ImageShapeError, digest, downscale, mod_crop
from lam_core.images.degradations import CLEAN, Degradation
from lam_core.images.image_sets import Picture
from lam_core.reference import ModelReference
from lam_core.region import Region, field_around
from lam_core.service.service import Service
from lam_core.studies.sweeps.cluster import on_cluster
from lam_core.studies.sweeps.executors import Runner, here
from lam_core.studies.sweeps.jobs import Job, MapJob, Outcome, QualityJob
from lam_core.studies.sweeps.progress import Fault, Ledger, Listener, ignore
from lam_core.studies.sweeps.table import table_of
from lam_core.studies.sweeps.windows import PER_SIDE, Windows, centre, grid, hard

MAP_BYTES = 300_000
"""Roughly what a kept map takes; maps are kept only if all of them fit into half of the store."""

SSIM_WINDOW = 11
"""Side of the window that SSIM slides over a picture, in pixels."""

Quality = dict[tuple[str, str], dict[str, Any]]
"""Figures of a picture under a model, by their names."""


class SweepError(LamError, ValueError):
    """A sweep that makes no sense as a whole."""


@dataclass(frozen=True)
class Plan:
    """What a sweep is to do. Raises `SweepError` for models or pictures that cannot stand in one table."""

    models: tuple[ModelReference, ...]
    pictures: tuple[Picture, ...]
    windows: Windows = "centre"
    """`hard`: of each picture's grid, the window with the lowest mean PSNR over the models."""
    size: int = 16
    """Side of a window in SR pixels."""
    settings: AttributionSettings = field(default_factory=AttributionSettings)
    degradation: Degradation = CLEAN
    """What is done to every LR picture before it is attributed; PSNR is of its SR picture too."""

    def __post_init__(self) -> None:
        if not self.models or not self.pictures:
            raise SweepError(f"{len(self.models)} models on {len(self.pictures)} pictures; give at least one of each")
        if self.windows not in ("centre", "grid", "hard"):
            raise SweepError(f"there are no windows {self.windows!r}; choose centre, grid or hard")
        scales = sorted({model.scale for model in self.models})
        if len(scales) > 1:
            raise SweepError(
                f"the models enlarge ×{', ×'.join(map(str, scales))}; DI of different scales cannot be compared: "
                "sweep one scale at a time"
            )
        _check_names("models", [model.name for model in self.models])
        _check_names("pictures", [picture.name for picture in self.pictures])

    @property
    def scale(self) -> int:
        """Enlargement of all the models."""
        return self.models[0].scale

    @property
    def windows_per_picture(self) -> int:
        """Windows of each picture that are attributed."""
        return PER_SIDE**2 if self.windows == "grid" else 1


@dataclass(frozen=True, eq=False)
class Swept:
    """What a sweep gives back."""

    table: pd.DataFrame
    """`table.COLUMNS`, ordered by picture, window and model as planned; `attrs["about"]` says what it is of."""
    faults: tuple[Fault, ...]
    """Pictures, and models on pictures, that gave no row."""
    notes: tuple[str, ...]
    """What a reader of the table should know, one sentence each."""


def sweep(plan: Plan, service: Service, *, scheduler: str = "", on_progress: Listener = ignore) -> Swept:
    """Does a plan in this process, or on the workers of the Dask scheduler at an address.

    Pictures and models that fail are reported and the rest goes on. Raises `SchedulerError`, `QueueFullError`, and
    whatever `on_progress` raises; the sweep can be started again and goes on where it was.
    """
    names = [model.name for model in plan.models]
    ledger = Ledger(names, len(plan.pictures), plan.windows_per_picture, on_progress)
    quality, digests = Quality(), {}
    maps = len(plan.models) * len(plan.pictures) * plan.windows_per_picture
    keeps_maps = service.store is not None and MAP_BYTES * maps < service.store.limit / 2
    if service.store is not None and not keeps_maps:
        ledger.note(f"{maps} maps do not fit into the store: their figures are kept, the maps are not")
    order = {name: k for k, name in enumerate([picture.name for picture in plan.pictures])}
    rows: dict[tuple[int, int, int, int], dict[str, Any]] = {}

    with _runner(plan, service, scheduler, ledger) as run:
        for job, outcome in run(_quality_jobs(plan, ledger, digests)):
            ledger.note(outcome.note)
            if outcome.figures is not None:
                quality[job.picture, job.model.name] = outcome.figures
            ledger.finished(job, outcome)

        for job, outcome in run(_map_jobs(plan, ledger, quality, keeps_maps)):
            assert isinstance(job, MapJob)
            ledger.note(outcome.note)
            row = _row(job, outcome, quality[job.picture, job.model.name])
            if row is not None:
                rows[order[job.picture], job.region.y, job.region.x, names.index(job.model.name)] = row
            ledger.finished(job, outcome, row)

    table = table_of([rows[place] for place in sorted(rows)], _about(plan, digests))
    return Swept(table, tuple(ledger.faults), tuple(ledger.notes))


def _runner(plan: Plan, service: Service, scheduler: str, ledger: Ledger) -> AbstractContextManager[Runner]:
    if scheduler:
        return on_cluster(scheduler, service, plan.models, ledger.tell)
    return nullcontext(here(service, ledger.tell))


def _quality_jobs(plan: Plan, ledger: Ledger, digests: dict[str, str]) -> Iterator[Job]:
    for picture in plan.pictures:
        try:
            opened = picture.open()
            hr = mod_crop(opened.pixels, plan.scale)
            if min(hr.shape[:2]) < SSIM_WINDOW + 2 * plan.scale:
                raise ImageShapeError(
                    f"a picture of {hr.shape[1]}×{hr.shape[0]} is too small for SSIM at ×{plan.scale}; "
                    f"use one of at least {SSIM_WINDOW + 2 * plan.scale} pixels a side"
                )
            for window in _candidates(plan, *hr.shape[:2]):
                _field(plan, window, *hr.shape[:2])
        except LamError as error:
            ledger.unusable(picture.name, str(error))
            continue
        ledger.note(opened.note)
        digests[picture.name] = digest(hr)
        for model in plan.models:
            yield QualityJob(
                model, hr, picture.name, plan.size, needs_grid=plan.windows == "hard", degradation=plan.degradation
            )


def _map_jobs(plan: Plan, ledger: Ledger, quality: Quality, keeps_maps: bool) -> Iterator[Job]:
    sizes: dict[tuple[int, int], str] = {}
    for picture in plan.pictures:
        models = [model for model in plan.models if (picture.name, model.name) in quality]
        if not models:
            continue
        try:
            hr = mod_crop(picture.open().pixels, plan.scale)
        except LamError as error:
            ledger.vanished(picture.name, [model.name for model in models], str(error))
            continue
        lr = downscale(hr, plan.scale)
        windows = _candidates(plan, *hr.shape[:2])
        if plan.windows == "hard":
            windows = (hard(windows, [quality[picture.name, model.name]["windows"] for model in models]),)
        sizes.setdefault(_field(plan, windows[0], *hr.shape[:2]), picture.name)
        for window in windows:
            for model in models:
                yield MapJob(model, lr, picture.name, window, plan.settings, keeps_maps, plan.degradation)
    if len(sizes) > 1:
        told = ", ".join(f"{width}×{height} ({name})" for (height, width), name in list(sizes.items())[:4])
        ledger.note(f"the attributed fields are of unequal LR size, {told}; their DI cannot be ranked together")


def _candidates(plan: Plan, height: int, width: int) -> tuple[Region, ...]:
    """The windows of an SR picture that may be attributed. Raises `WindowError`."""
    if plan.windows == "centre":
        return (centre(height, width, plan.size),)
    return grid(height, width, plan.size)


def _field(plan: Plan, window: Region, height: int, width: int) -> tuple[int, int]:
    """LR height and width of the field around a window of an SR picture. Raises `RegionError`."""
    cut = field_around(window, height // plan.scale, width // plan.scale, plan.scale, plan.settings.field)
    return cut.height, cut.width


def _row(job: MapJob, outcome: Outcome, quality: dict[str, Any]) -> dict[str, Any] | None:
    figures, settings = outcome.figures, job.settings
    if figures is None:
        return None
    lr_height, lr_width = figures["lr_size"]
    return {
        "model": job.model.name,
        "image": job.picture,
        "x": job.region.x,
        "y": job.region.y,
        "size": job.region.size,
        "lr_height": lr_height,
        "lr_width": lr_width,
        "scale": job.model.scale,
        "rule": settings.rule,
        "nodes": figures["nodes"],
        "tolerance": settings.tolerance,
        "sigma": settings.sigma,
        "degradation": str(job.degradation),
        "diffusion_index": figures["diffusion_index"],
        "map_error": figures["map_error"],
        "completeness_error": figures["completeness_error"],
        "psnr": quality["psnr"],
        "ssim": quality["ssim"],
        "seconds": figures["seconds"],
        "from_store": outcome.from_store,
    }


def _about(plan: Plan, digests: dict[str, str]) -> dict[str, Any]:
    return {
        "method_version": METHOD_VERSION,
        "windows": plan.windows,
        "settings": plan.settings.as_dict(),
        "models": {model.name: model.fingerprint for model in plan.models},
        "images": dict(digests),
    }


def _check_names(what: str, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise SweepError(f"two {what} are called {name!r}; give each a name of its own")
        seen.add(name)
