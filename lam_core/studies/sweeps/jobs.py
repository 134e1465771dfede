"""The two kinds of work of a sweep, each one idempotent and named by what it depends on.

A job is performed wherever there is a processor: in this process or on a worker of a Dask cluster. It knows no store;
whoever asked for it keeps the outcome.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.settings import AttributionSettings
from lam_core.errors import LamError
from lam_core.images import Pixels, digest, downscale, psnr, ssim
from lam_core.lru import Lru
from lam_core.reference import ModelReference
from lam_core.region import Region
from lam_core.studies.sweeps.windows import grid, window_psnrs

if TYPE_CHECKING:
    from lam_core.model import SuperResolver

QUALITY_VERSION = 1
"""Part of every quality figure's key: raised whenever the same pictures would give other numbers."""
PERFECT = 100.0
"""dB that stand for two equal pictures."""
HELD_MODELS = 16
"""Loaded models that a process keeps for its next jobs."""

Tell = Callable[[], None]
"""Called now and then during a job; what it raises ends the job and is passed on."""


@dataclass(frozen=True, eq=False)
class QualityJob:
    """PSNR and SSIM of one model on one picture, and the PSNR of every window of the grid."""

    model: ModelReference
    picture: str
    hr: Pixels
    """Mod-cropped to the model's scale, [s·h, s·w, 3]."""
    size: int
    """Side of the grid's windows in SR pixels."""
    needs_grid: bool
    """Whether the windows' PSNR are wanted."""

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
        }

    def compute(self, model: SuperResolver, tell: Tell) -> tuple[dict[str, Any], dict[str, NDArray]]:
        """The figures of the whole picture, `scale` pixels shaved, and of the grid's windows."""
        tell()
        sr = model.upscale(downscale(self.hr, model.scale))
        windows = grid(self.hr.shape[0], self.hr.shape[1], self.size) if self.needs_grid else ()
        figures = {
            "psnr": min(psnr(sr, self.hr, shave=model.scale), PERFECT),
            "ssim": ssim(sr, self.hr, shave=model.scale),
            "windows": window_psnrs(sr, self.hr, windows).clip(max=PERFECT).tolist(),
        }
        return figures, {}


@dataclass(frozen=True, eq=False)
class MapJob:
    """The attribution map of one model on one window of one picture."""

    model: ModelReference
    picture: str
    lr: Pixels
    region: Region
    settings: AttributionSettings
    keeps_map: bool = True
    """Whether the map itself is wanted, beside its figures."""

    @property
    def request(self) -> AttributionRequest:
        """The map as a page would ask for it."""
        return AttributionRequest(self.model, self.lr, self.region, self.settings)

    def map_identity(self, device: str) -> dict[str, Any]:
        """What the map depends on: the very key under which a page looks for it. Raises `RegionError`."""
        return self.request.identity(device)

    def identity(self, device: str) -> dict[str, Any]:
        """What the map's figures depend on; they are kept by themselves, as they are small and maps are not."""
        return {**self.map_identity(device), "kind": "figures"}

    def compute(self, model: SuperResolver, tell: Tell) -> tuple[dict[str, Any], dict[str, NDArray]]:
        """The map's figures and, if it is to be kept, its arrays."""
        packed = self.request.pack(self.request.compute(model, lambda progress: tell()))
        return packed.summary, packed.arrays if self.keeps_map else {}


Job = QualityJob | MapJob


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of a job: figures, or the sentence that says why there are none."""

    figures: dict[str, Any] | None
    arrays: dict[str, NDArray] = field(default_factory=dict)
    fault: str = ""
    seconds: float = 0.0
    """Time of the whole job, loading the model included."""
    from_store: bool = False
    """Whether it was at hand."""


def perform(job: Job, device: str, tell: Tell = lambda: None) -> Outcome:
    """Does one job. A model's or picture's fault is an outcome; what `tell` raises is raised."""
    began = time.perf_counter()
    listener = _Listener(tell)
    try:
        figures, arrays = job.compute(_loaded(job.model, device), listener)
    # A network is foreign code and may raise anything; one that fails must not end a sweep of others.
    except Exception as error:
        if error is listener.raised:
            raise
        return Outcome(None, fault=_sentence(error), seconds=time.perf_counter() - began)
    return Outcome(figures, arrays, seconds=time.perf_counter() - began)


class _Listener:
    """Remembers what the listener raised, to tell it from a network's own errors."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self.raised: Exception | None = None

    def __call__(self) -> None:
        try:
            self._tell()
        except Exception as error:
            self.raised = error
            raise


_held = Lru["SuperResolver"](HELD_MODELS)
_loading = Lock()


def _loaded(reference: ModelReference, device: str) -> SuperResolver:
    """The model of a reference on a device; the latest few stay loaded, since jobs come model by model."""
    with _loading:
        return _held.get_or_make((reference.fingerprint, device), lambda: reference.load().on(device))


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split())[:400]
    return text if isinstance(error, LamError) and text else f"{type(error).__name__}: {text or 'no reason given'}"
