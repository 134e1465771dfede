"""The two kinds of work of a sweep, each one idempotent and named by what it depends on.

A job asks one request. In this process the service answers it; on a worker of a Dask cluster it is computed without a
store, and whoever asked for it keeps the outcome. A job's model and image, large against the rest of it, travel apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, fields
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from lam_core.attribution.computation import Computation
from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.settings import AttributionSettings
from lam_core.errors import LamError
from lam_core.images import Pixels, digest, downscale, psnr, ssim
from lam_core.images.degradations import CLEAN, Degradation
from lam_core.lru import Lru
from lam_core.reference import Fetching, ModelReference
from lam_core.region import Region, field_around
from lam_core.service.progress import Progress, Step
from lam_core.service.request import Request
from lam_core.service.store import Stored
from lam_core.studies.sweeps.windows import grid, window_psnrs

if TYPE_CHECKING:
    from lam_core.model import SuperResolver

QUALITY_VERSION = 1
"""Part of every quality figure's key: raised whenever the same pictures would give other numbers."""
PERFECT = 100.0
"""dB that stand for two equal pictures."""
HELD_MODELS = 16
"""Loaded models that a process keeps for its next jobs."""

Report = Callable[[Progress], None]


@dataclass(frozen=True, eq=False)
class QualityJob:
    """PSNR and SSIM of one model on one picture, and the PSNR of every window of the grid; a request of its own."""

    model: ModelReference
    hr: Pixels
    """Mod-cropped to the model's scale, [s·h, s·w, 3]."""
    picture: str
    size: int
    """Side of the grid's windows in SR pixels."""
    needs_grid: bool
    """Whether the windows' PSNR are wanted."""
    degradation: Degradation = CLEAN
    """What is done to the LR picture first."""

    @property
    def image(self) -> Pixels:
        """What the job reads."""
        return self.hr

    @property
    def order(self) -> Order:
        """The job but for its model and image."""
        return _order(self, image="hr")

    @property
    def plan(self) -> Plan:
        """What a network is planned for: the size of what it is fed."""
        return self.hr.shape[:2]

    @property
    def request(self) -> Request[Any]:
        """What is asked."""
        return self

    def identity(self, device: str) -> dict[str, Any]:
        """What the figures depend on and nothing else."""
        return {
            "kind": "quality",
            "version": QUALITY_VERSION,
            "fingerprint": self.model.fingerprint,
            "scale": self.model.scale,
            "image": digest(self.hr),
            "size": self.size if self.needs_grid else None,
            "device": device,
            **({} if self.degradation == CLEAN else {"degradation": str(self.degradation)}),
        }

    def compute(self, model: SuperResolver, report: Report) -> dict[str, Any]:
        """The figures of the whole picture, `scale` pixels shaved, and of the grid's windows."""
        report(Step(0.0))
        sr = model.upscale(self.degradation.applied_to(downscale(self.hr, model.scale)))
        windows = grid(self.hr.shape[0], self.hr.shape[1], self.size) if self.needs_grid else ()
        return {
            "psnr": min(psnr(sr, self.hr, shave=model.scale), PERFECT),
            "ssim": ssim(sr, self.hr, shave=model.scale),
            "windows": window_psnrs(sr, self.hr, windows).clip(max=PERFECT).tolist(),
        }

    def pack(self, result: dict[str, Any]) -> Stored:
        """The figures."""
        return Stored(result, {})

    def restore(self, stored: Stored) -> dict[str, Any]:
        """The inverse of `pack`."""
        return stored.summary


@dataclass(frozen=True, eq=False)
class FiguresRequest:
    """The figures of a map; they are kept by themselves, as they are small and maps are not."""

    of: AttributionRequest

    @property
    def model(self) -> ModelReference:
        """The map's."""
        return self.of.model

    def identity(self, device: str) -> dict[str, Any]:
        """What the figures depend on: what the map does. Raises `RegionError`."""
        return {**self.of.identity(device), "kind": "figures"}

    def compute(self, model: SuperResolver, report: Report) -> dict[str, Any]:
        """The figures of the map."""
        return self.of.compute(model, report).summary()

    def pack(self, result: dict[str, Any]) -> Stored:
        """The figures."""
        return Stored(result, {}, lasting=Computation.from_dict(result.get("computation")).deterministic)

    def restore(self, stored: Stored) -> dict[str, Any]:
        """The inverse of `pack`."""
        return stored.summary


@dataclass(frozen=True, eq=False)
class MapJob:
    """The attribution map of one model on one window of one picture."""

    model: ModelReference
    lr: Pixels
    picture: str
    region: Region
    settings: AttributionSettings
    keeps_map: bool = True
    """Whether the map itself is wanted, beside its figures."""
    degradation: Degradation = CLEAN
    """What is done to `lr` first."""

    @property
    def image(self) -> Pixels:
        """What the job reads."""
        return self.lr

    @property
    def order(self) -> Order:
        """The job but for its model and image."""
        return _order(self, image="lr")

    @property
    def plan(self) -> Plan:
        """What a network is planned for: the size of the field, and the window's place in it."""
        height, width = self.lr.shape[:2]
        field = field_around(self.region, height, width, self.model.scale, self.settings.field)
        return field.height, field.width, field.local(self.region, self.model.scale)

    @property
    def map(self) -> AttributionRequest:
        """The map as a page would ask for it."""
        return AttributionRequest(self.model, self.lr, self.region, self.settings).under(self.degradation)

    @property
    def request(self) -> Request[Any]:
        """What is asked: the map, or its figures alone."""
        return self.map if self.keeps_map else FiguresRequest(self.map)


Job = QualityJob | MapJob
Order = Callable[[ModelReference, Pixels], Job]
"""A job without its model and image, which travel apart from it: once for many jobs."""
Plan = tuple[Hashable, ...]
"""Equal for jobs that a network is planned for but once."""


def _order(job: Job, *, image: str) -> Order:
    rest = {one.name: getattr(job, one.name) for one in fields(job) if one.name not in ("model", image)}
    return partial(type(job), **rest)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of a job: figures, or the sentence that says why there are none."""

    figures: dict[str, Any] | None
    arrays: dict[str, NDArray] = field(default_factory=dict)
    lasting: bool = True
    """Whether it may be kept: as of `Stored`."""
    fault: str = ""
    seconds: float = 0.0
    """Time of the whole job, loading the model included."""
    from_store: bool = False
    """Whether it was read from the store."""
    note: str = ""
    """Why it could not be kept, if so."""


def perform(job: Job, device: str) -> Outcome:
    """Does one job outside of every service, on a worker. A model's or picture's fault is an outcome."""
    began, request = time.perf_counter(), job.request
    try:
        result = request.compute(_loaded(job.model, device), lambda progress: None)
    # A network is foreign code and may raise anything; one that fails must not end a sweep of others.
    except Exception as error:
        return Outcome(None, fault=fault_of(error), seconds=time.perf_counter() - began)
    stored = request.pack(result)
    return Outcome(stored.summary, stored.arrays, stored.lasting, seconds=time.perf_counter() - began)


_held = Lru["SuperResolver"](HELD_MODELS)
_loading = Lock()


@dataclass(frozen=True)
class HeldReference:
    """A reference whose model this process keeps for its next jobs. A `lam_core.reference.ModelReference`."""

    reference: ModelReference
    device: str

    @property
    def name(self) -> str:
        return self.reference.name

    @property
    def fingerprint(self) -> str:
        return self.reference.fingerprint

    @property
    def scale(self) -> int:
        return self.reference.scale

    def load(self, progress: Fetching | None = None) -> SuperResolver:
        return _loaded(self.reference, self.device, progress)


def _loaded(reference: ModelReference, device: str, progress: Fetching | None = None) -> SuperResolver:
    """The model of a reference on a device; the latest few stay loaded, since jobs come model by model."""
    with _loading:
        key = reference.fingerprint, device
        return _held.get_or_make(key, lambda: reference.load(progress).on(device))


def fault_of(error: Exception) -> str:
    """Why a job came to nothing, in one sentence."""
    text = " ".join(str(error).split())[:400]
    return text if isinstance(error, LamError) and text else f"{type(error).__name__}: {text or 'no reason given'}"
