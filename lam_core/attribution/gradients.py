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
from lam_core.attribution.verification import (
    Verdict,
    explained_by_rounding,
    meets_no_other,
    recall,
    remember,
    same_window,
    truth_of,
    verify,
)
from lam_core.diagnosis import not_finite
from lam_core.errors import sentence
from lam_core.model import SuperResolver

__all__ = ["Gradients", "NotDifferentiableError", "in_precision"]

MOST_AT_ONCE = 32
"""Points in one batch at most."""
NODES_A_ROUND = 8
"""Points asked for together on a GPU, which one alone would leave idle."""
BATCHES = (200_000, 9, 2.5), (12_000_000, 5, 1.1)
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
    wherever it is not certain that pictures of a batch do not meet in the network. At one of the first points, the last
    one if it can be, each plan is compared with the untouched network, once for each kind of place; where they differ,
    and where there is nothing to crop by, the network runs as it is. `computation` says in the end what was done.
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
        self._sure = False
        """Whether the plan for one picture was compared."""
        self._drew = False
        self._seen = False
        """Whether it is known if the network that runs as it is draws random numbers."""
        self._lower = 0
        """Bits of the lowest precision in which a network that runs as it is was seen to compute; 0 if its own."""
        self._apart = False
        """Whether a batch's plan is known to be sound, and its pictures not to meet."""
        self._first: tuple[Image, Pass] | None = None
        """A point with what the comparison found there, if that is still to be given."""
        self._truth: tuple[Image, Pass | None] | None = None
        """The last point at which the untouched network ran, with what it gave."""

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
        # Rounds take their points in pairs; such as do not fill a batch gain nothing by being taken together.
        return self.at_once if self._pays(self.at_once // 2 * 2) else 1

    def picture_of(self, point: Image) -> Tensor | None:
        """The untouched network's whole SR picture [1, 3, s·h, s·w] of a point, if it has run there last."""
        if self._truth is None or self._truth[1] is None or not np.array_equal(self._truth[0], point):
            return None
        picture = self._truth[1].picture
        return picture if picture is not None and len(picture) == 1 and bool(picture.isfinite().all()) else None

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
            rest = points[len(found) :]
            chunk = rest[: self.at_once]
            try:
                found += self._of_chunk(chunk, rest[-1]) if self._sized else self._of_first(rest[0], rest[-1])
            except torch.OutOfMemoryError:
                if len(chunk) == 1:
                    raise
                self.at_once = len(chunk) // 2
                torch.cuda.empty_cache()
        return found

    def _of_first(self, point: Image, last: Image) -> list[tuple[float, NDArray]]:
        """The first point alone, to see how much memory it takes."""
        device, view = self.device, self._view
        assert view is not None
        self._make_sure(last)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        found = self._single(point)
        taken = torch.cuda.max_memory_allocated(device) - before
        cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        self.at_once = batch_that_fits(torch.cuda.mem_get_info(device)[0] + cached, taken)
        if self._drew or not independent(self.model, view.height, view.width, self.at_once):
            self.at_once = 1
        self._sized = True
        return [found]

    def _of_chunk(self, chunk: Sequence[Image], last: Image) -> list[tuple[float, NDArray]]:
        """`last`: the last of all points that are asked for."""
        if not self._pays(len(chunk)) or (found := self._batched(chunk)) is None:
            self._make_sure(last)
            return [self._single(point) for point in chunk]
        return self._plain(found)[: len(chunk)]

    def _pays(self, points: int) -> bool:
        """Whether so many points are taken in one batch."""
        return points > 1 and (self.on_gpu or points * self.gain > self.at_once)

    def _batched(self, chunk: Sequence[Image]) -> Pass | None:
        """One pass over all these points; None where they must be taken one by one, now and later."""
        padding = 0 if self.on_gpu else self.at_once - len(chunk)
        try:
            # Every number of pictures would need a plan of its own, which takes longer than computing some in vain.
            found = self._pass([*chunk, *[chunk[-1]] * padding])
            if self._apart or self._holds(found, chunk[-1]):
                self._apart = True
                return found
        except PlanFailedError:
            pass
        self.at_once = 1
        return None

    def _holds(self, found: Pass, point: Image) -> bool:
        """Whether the last picture of a batch, the point's, comes out as from the untouched network by itself."""
        assert self._view is not None
        pictures = len(found.window)
        known = recall(self.model, self._view, self._precision, pictures)
        if known is None:
            known = self._compared(found.last, point)
            remember(self.model, self._view, self._precision, pictures, known)
        if known.sound:
            self._verdict, self._drew = self._verdict or known, self._drew or known.draws
        return known.sound

    def _compared(self, found: Pass, point: Image) -> Verdict:
        """A batch's picture beside the untouched network's, or beside that of a plan which was compared already."""
        assert self._view is not None
        if self._verdict is None:
            batch = self._batch([point])
            with self._rounding():
                truth = truth_of(self._view, self.detector, found, batch)
            if truth is not None and explained_by_rounding(found, truth, self._precision):
                self._truth = point, truth
                return verify(self._view, self.detector, found, truth, batch, self._precision)
            self._make_sure(point)
        if self._whole is not None:
            return Verdict(False, reason=self._whole)
        alone = self._first[1] if self._first and self._first[0] is point else self._pass([point])
        return Verdict(meets_no_other(found, alone))

    def _make_sure(self, point: Image) -> None:
        """Compares the plan for one picture with the untouched network, unless that was done before."""
        if self._whole is not None or self._sure:
            return
        view = self._view
        assert view is not None
        verdict = recall(self.model, view, self._precision, 1)
        if verdict is None:
            verdict = self._of_single(view, point)
            remember(self.model, view, self._precision, 1, verdict)
        self._sure, self._verdict, self._drew = True, verdict, verdict.draws
        if not verdict.sound:
            self._whole, self.at_once, self._first = verdict.reason, 1, None

    def _of_single(self, view: Cone, point: Image) -> Verdict:
        if self._truth is not None:
            point = self._truth[0]
        batch = self._batch([point])
        with self._rounding():
            try:
                found = planned(view, self.detector, batch)
            except PlanFailedError as error:
                return Verdict(False, reason=f"its plan failed ({sentence(error)})")
            if self._truth is None:
                self._truth = point, truth_of(view, self.detector, found, batch)
            self._first = point, found
            return verify(view, self.detector, found, self._truth[1], batch, self._precision)

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
            self._truth = points[-1], found
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
        truth = truth_of(view, self.detector, found, batch)
        verdict = verify(view, self.detector, found, truth, batch, self._precision)
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
