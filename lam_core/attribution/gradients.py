"""D and its gradient at points of the path: on the window's dependency cone, in batches as large as a GPU holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lam_core.attribution.computation import Computation
from lam_core.attribution.cone import Cone, cone, independent
from lam_core.attribution.detectors import Detector
from lam_core.attribution.estimate import Estimate, estimate_of
from lam_core.attribution.passes import (
    InPlaceError,
    NotDifferentiableError,
    Pass,
    PlanFailedError,
    draws,
    once_more,
    planned,
    untouched,
)
from lam_core.attribution.path import Image
from lam_core.attribution.settings import AttributionSettings, SettingsError
from lam_core.attribution.verification import Verdict, meets_no_other, recall, remember, same_window, verify
from lam_core.diagnosis import not_finite
from lam_core.errors import sentence
from lam_core.model import SuperResolver

__all__ = ["Gradients", "NotDifferentiableError", "in_precision"]

MOST_AT_ONCE = 32
"""Points in one batch at most."""
NODES_A_ROUND = 8
"""Points asked for together on a GPU, which one alone would leave idle."""
BATCHES = (200_000, 9, 2.5), (12_000_000, 3, 1.1)
"""On a CPU: how many points at once pay where a pass holds at most so many numbers, and how many times faster each is
then, roughly. Beyond, little is gained."""
FREE_SHARE = 0.8
"""Of a GPU's free memory, what a batch may take."""


def in_precision(model: SuperResolver, settings: AttributionSettings) -> SuperResolver:
    """The model in the precision that the settings ask for. Raises `SettingsError` for TF32 without a GPU."""
    if settings.dtype == "tf32" and model.device.type != "cuda":
        raise SettingsError(f"dtype is tf32, which {model.device.type} does not have; choose float32")
    return model.in_precision(torch.float64 if settings.dtype == "float64" else torch.float32)


class Gradients:
    """Gives D and ∂D/∂x at images [h, w, 3], on the model's device and in its precision.

    On a GPU as many images at once as its free memory holds; if it is not enough after all, half as many. On a CPU
    several at once where a pass is so small that calling PyTorch takes longer than what it computes. One at a time
    wherever it is not certain that pictures of a batch do not meet in the network. At the first point the cropped
    computation is compared with the untouched network, once for each kind of place; where they differ, and where there
    is nothing to crop by, the network runs as it is. `computation` says in the end what was done.
    """

    def __init__(self, model: SuperResolver, detector: Detector, *, cropped: bool = True, tf32: bool = False) -> None:
        self.model, self.detector = model, detector
        self.cropped, self.tf32 = cropped, tf32
        self.device, self.dtype = model.device, model.dtype
        self.on_gpu = self.device.type == "cuda"
        self.at_once, self.gain = 1, 1.0
        self._sized = not self.on_gpu
        self._view: Cone | None = None
        self._verdict: Verdict | None = None
        self._whole: str | None = None
        """Why the network runs as it is; None where a plan runs."""
        self._drew = False
        self._seen = False
        """Whether it is known if the network that runs as it is draws random numbers."""
        self._lower = 0
        """Bits of the lowest precision in which a network that runs as it is was seen to compute; 0 if its own."""
        self._apart = False
        """Whether pictures of a batch are known not to meet."""
        self._first: tuple[Image, Pass] | None = None
        """A point with what the comparison found there."""

    @property
    def computation(self) -> Computation:
        """How the gradients were computed so far."""
        view, verdict = self._view, self._verdict
        if view is None:
            return Computation()
        warnings = []
        if bits := view.lower_precision or self._lower:
            lower = "float32" if bits == 32 else "half precision" if bits == 16 else f"{bits} bits"
            warnings.append(f"the network computes in {lower} inside, whatever precision it is asked for")
        sound = verdict if verdict and verdict.sound else None
        return Computation(
            cropped=self._whole is None and not view.fallback,
            saving=view.saving if self._whole is None else 0.0,
            reason=view.fallback if self._whole is None else self._whole,
            checked=sound.compared_with if sound else "",
            difference=verdict.difference if verdict else None,
            deterministic=not self._drew,
            warnings=tuple(warnings),
        )

    def plan(self, height: int, width: int) -> int:
        """Plans the passes over LR pictures of that size; returns how many points are best asked for together."""
        rows, columns = self.detector.rows, self.detector.columns
        view = cone(self.model, height, width, rows, columns, cropped=self.cropped, traced=self.cropped)
        self._view = view
        self._whole = view.fallback if view.program is None else None
        if self.on_gpu:
            return NODES_A_ROUND
        if view.fallback:
            return 1
        _, self.at_once, self.gain = next((batch for batch in BATCHES if view.numbers <= batch[0]), (0, 1, 1.0))
        if not independent(self.model, height, width, self.at_once):
            self.at_once, self.gain = 1, 1.0
        return self.at_once

    def estimate(self, points: int) -> Estimate | None:
        """What the planned passes over so many points take at most; None where that cannot be told."""
        assert self._view is not None
        return estimate_of(self._view, points, self.at_once)

    def __call__(self, points: Sequence[Image]) -> list[tuple[float, NDArray]]:
        """D, and its gradient [h, w, 3], at each point.

        Raises `NonFiniteMapError`, `NotDifferentiableError`, `NetworkFailedError` and, where not even one point
        fits into memory, `torch.OutOfMemoryError`.
        """
        if self._view is None:
            self.plan(*points[0].shape[:2])
            self.at_once = 1
        found: list[tuple[float, NDArray]] = []
        while len(found) < len(points):
            chunk = points[len(found) : len(found) + self.at_once]
            try:
                found += self._of_chunk(chunk) if self._sized else self._of_first(chunk)
            except torch.OutOfMemoryError:
                if len(chunk) == 1:
                    raise
                self.at_once = len(chunk) // 2
                torch.cuda.empty_cache()
        return found

    def _of_first(self, chunk: Sequence[Image]) -> list[tuple[float, NDArray]]:
        """The first point alone, to see how much memory it takes."""
        device, view = self.device, self._view
        assert view is not None
        self._make_sure(chunk[:1])
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        found = self._single(chunk[0])
        taken = torch.cuda.max_memory_allocated(device) - before
        cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        self.at_once = batch_that_fits(torch.cuda.mem_get_info(device)[0] + cached, taken)
        if self._drew or not independent(self.model, view.height, view.width, self.at_once):
            self.at_once = 1
        self._sized = True
        return [found]

    def _of_chunk(self, chunk: Sequence[Image]) -> list[tuple[float, NDArray]]:
        self._make_sure(chunk)
        chunk = chunk[: self.at_once]
        if len(chunk) == 1 or (not self.on_gpu and len(chunk) * self.gain <= self.at_once):
            return [self._single(point) for point in chunk]
        padding = 0 if self.on_gpu else self.at_once - len(chunk)
        # Every number of pictures would need a plan of its own, which takes longer than computing some in vain.
        found = self._pass([*chunk, *[chunk[-1]] * padding])
        if not self._apart:
            if not self._meets_no_other(found, chunk[-1]):
                self.at_once = 1
                return [self._single(point) for point in chunk]
            self._apart = True
        return self._plain(found)[: len(chunk)]

    def _make_sure(self, chunk: Sequence[Image]) -> None:
        """Compares the plan with the untouched network at the last of these points, unless that was done before."""
        if self._whole is not None or self._verdict is not None:
            return
        view = self._view
        assert view is not None
        verdict = recall(self.model, view, self._precision, 1)
        if verdict is None:
            batch = self._batch(chunk[-1:])
            with self._rounding():
                try:
                    self._first = chunk[-1], planned(view, self.detector, batch)
                    verdict = verify(view, self.detector, self._first[1], batch, self._precision)
                except PlanFailedError as error:
                    verdict = Verdict(False, reason=f"its plan failed ({sentence(error)})")
            remember(self.model, view, self._precision, 1, verdict)
        self._verdict, self._drew = verdict, verdict.draws
        if not verdict.sound:
            self._whole, self.at_once, self._first = verdict.reason, 1, None

    def _meets_no_other(self, found: Pass, point: Image) -> bool:
        """Whether the last picture of a batch, the point's, comes out as by itself."""
        assert self._view is not None
        pictures = found.window.shape[0]
        known = recall(self.model, self._view, self._precision, pictures)
        if known is None:
            alone = self._first[1] if self._first and self._first[0] is point else self._pass([point])
            known = Verdict(meets_no_other(found, alone))
            remember(self.model, self._view, self._precision, pictures, known)
        return known.sound

    def _single(self, point: Image) -> tuple[float, NDArray]:
        if self._first is not None and self._first[0] is point:
            found, self._first = self._first[1], None
        else:
            found = self._pass([point])
        return self._plain(found)[0]

    def _pass(self, points: Sequence[Image]) -> Pass:
        view, batch = self._view, self._batch(points)
        assert view is not None
        with self._rounding():
            if self._whole is None:
                return planned(view, self.detector, batch)
            try:
                found = untouched(self.model, self.detector, batch)
            except InPlaceError:
                if self.cropped or not self._step_by_step(batch):
                    raise
                return self._pass(points)
            if not self._seen:
                self._seen = True
                again, self._lower = once_more(self.model, self.detector, batch)
                self._drew = draws(self.model, self.detector, batch, found) or not same_window(found.window, again)
            return found

    def _step_by_step(self, batch: Tensor) -> bool:
        """Whether a network that its own backward pass refuses can run whole as a plan, whose way back is another."""
        rows, columns = self.detector.rows, self.detector.columns
        view = cone(self.model, batch.shape[2], batch.shape[3], rows, columns, cropped=False)
        if view.program is None:
            return False
        try:
            found = planned(view, self.detector, batch)
        except PlanFailedError:
            return False
        verdict = verify(view, self.detector, found, batch, self._precision)
        if verdict.sound:
            self._view, self._verdict, self._whole = view, verdict, None
        return verdict.sound

    def _batch(self, points: Sequence[Image]) -> Tensor:
        return torch.from_numpy(np.stack(points).transpose(0, 3, 1, 2)).to(self.device, self.dtype)

    def _plain(self, found: Pass) -> list[tuple[float, NDArray]]:
        # A sum is not finite as soon as one term is not.
        finite = bool(found.values.sum().isfinite()) and bool(found.window.sum().isfinite())
        if not (finite and bool(found.slopes.sum().isfinite())):
            raise not_finite(self.model, "a gradient" if finite else "an output")
        arrays = found.slopes.permute(0, 2, 3, 1).cpu().numpy()
        return [(float(value), array) for value, array in zip(found.values.cpu(), arrays, strict=True)]

    @property
    def _precision(self) -> str:
        return "tf32" if self.tf32 else str(self.dtype).removeprefix("torch.")

    def _rounding(self) -> AbstractContextManager[None]:
        return _tensor_float(self.tf32) if self.on_gpu else nullcontext()


def batch_that_fits(free: int, taken: int) -> int:
    """How many points fit into `free` bytes if one takes `taken`.

    >>> batch_that_fits(10_000, 1_000), batch_that_fits(500, 1_000), batch_that_fits(10**12, 1)
    (8, 1, 32)
    """
    return max(1, min(int(FREE_SHARE * free / max(taken, 1)), MOST_AT_ONCE))


@contextmanager
def _tensor_float(wanted: bool) -> Iterator[None]:
    """Whether a GPU may round operands of single precision to ten bits. PyTorch lets convolutions do so by default."""
    convolutions = torch.backends.cudnn.conv  # pyright: ignore[reportAttributeAccessIssue]
    switches = convolutions, torch.backends.cuda.matmul
    before = [switch.fp32_precision for switch in switches]
    for switch in switches:
        switch.fp32_precision = "tf32" if wanted else "ieee"
    try:
        yield
    finally:
        for switch, value in zip(switches, before, strict=True):
            switch.fp32_precision = value
