"""D and its gradient at points of the path: on the window's dependency cone, in batches as large as a GPU holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lam_core.attribution.cone import Cone, cone
from lam_core.attribution.detectors import Detector
from lam_core.attribution.path import Image
from lam_core.attribution.settings import AttributionSettings, SettingsError
from lam_core.diagnosis import explain, not_finite
from lam_core.errors import LamError
from lam_core.model import SuperResolver

MOST_AT_ONCE = 32
"""Points in one batch at most."""
NODES_A_ROUND = 8
"""Points asked for together on a GPU, which one alone would leave idle."""
BATCHES = (200_000, 9, 2.5), (12_000_000, 3, 1.1)
"""On a CPU: how many points at once pay where a pass holds at most so many numbers, and how many times faster each is
then, roughly. Beyond, little is gained."""
FREE_SHARE = 0.8
"""Of a GPU's free memory, what a batch may take."""


class NotDifferentiableError(LamError):
    """A network whose output is cut off from its input."""


def in_precision(model: SuperResolver, settings: AttributionSettings) -> SuperResolver:
    """The model in the precision that the settings ask for. Raises `SettingsError` for TF32 without a GPU."""
    if settings.dtype == "tf32" and model.device.type != "cuda":
        raise SettingsError(f"dtype is tf32, which {model.device.type} does not have; choose float32")
    return model.in_precision(torch.float64 if settings.dtype == "float64" else torch.float32)


class Gradients:
    """Gives D and ∂D/∂x at images [h, w, 3], on the model's device and in its precision.

    On a GPU as many images at once as its free memory holds; if it is not enough after all, half as many. On a CPU
    several at once where a pass is so small that calling PyTorch takes longer than what it computes.
    """

    def __init__(self, model: SuperResolver, detector: Detector, *, cropped: bool = True, tf32: bool = False) -> None:
        self.model, self.detector = model, detector
        self.cropped, self.tf32 = cropped, tf32
        self.device, self.dtype = model.device, model.dtype
        self.on_gpu = self.device.type == "cuda"
        self._cone: Cone | None = None
        self.at_once, self.gain = 1, 1.0
        self._sized = not self.on_gpu

    def plan(self, height: int, width: int) -> int:
        """Plans the passes over LR pictures of that size; returns how many points are best asked for together."""
        if self.on_gpu:
            return NODES_A_ROUND
        rows, columns = self.detector.rows, self.detector.columns
        alone = cone(self.model, height, width, rows, columns, cropped=self.cropped)
        self._cone = alone
        if alone.fallback:
            return 1
        _, self.at_once, self.gain = next((batch for batch in BATCHES if alone.numbers <= batch[0]), (0, 1, 1.0))
        if self.at_once > 1:
            cone(self.model, height, width, rows, columns, pictures=self.at_once)
        return self.at_once

    def __call__(self, points: Sequence[Image]) -> list[tuple[float, NDArray]]:
        """D, and its gradient [h, w, 3], at each point.

        Raises `NonFiniteMapError`, `NotDifferentiableError`, `NetworkFailedError` and, where not even one point
        fits into memory, `torch.OutOfMemoryError`.
        """
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
        device = self.device
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        found = self._of(chunk)
        taken = torch.cuda.max_memory_allocated(device) - before
        cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        self.at_once = batch_that_fits(torch.cuda.mem_get_info(device)[0] + cached, taken)
        self._sized = True
        return found

    def _of_chunk(self, chunk: Sequence[Image]) -> list[tuple[float, NDArray]]:
        if self.on_gpu or len(chunk) in (1, self.at_once):
            return self._of(chunk)
        if len(chunk) * self.gain <= self.at_once:
            return [found for point in chunk for found in self._of([point])]
        # Every number of pictures would need a plan of its own, which takes longer than computing some in vain.
        return self._of([*chunk, *[chunk[-1]] * (self.at_once - len(chunk))])[: len(chunk)]

    def _of(self, points: Sequence[Image]) -> list[tuple[float, NDArray]]:
        model, detector = self.model, self.detector
        batch = torch.from_numpy(np.stack(points).transpose(0, 3, 1, 2)).to(self.device, self.dtype)
        if not self.cropped:
            # As published: in another layout sums run in another order, and a unit near its kink may switch.
            batch = batch.contiguous()
        batch = batch.requires_grad_(True)
        with _tensor_float(self.tf32) if self.on_gpu else nullcontext():
            window = self._window(batch)
            if not window.requires_grad:
                raise NotDifferentiableError(
                    f"{model.name} gives a picture without gradient; compute it with PyTorch alone, without detach(), "
                    "no_grad() or NumPy"
                )
            values, slope = detector.with_slope(window.detach())
            (slopes,) = torch.autograd.grad(window, batch, slope)
        # A sum is not finite as soon as one term is not.
        finite = bool(values.sum().isfinite())
        if not (finite and bool(slopes.sum().isfinite())):
            raise not_finite(model, "a gradient" if finite else "an output")
        arrays = slopes.permute(0, 2, 3, 1).cpu().numpy()
        return [(float(value), array) for value, array in zip(values.cpu(), arrays, strict=True)]

    def _window(self, batch: Tensor) -> Tensor:
        """The part of the SR picture that D reads."""
        model, (rows, columns) = self.model, (self.detector.rows, self.detector.columns)
        try:
            # Of one shape are all points of a path: what is planned for the first holds for all.
            view = self._cone or cone(model, batch.shape[2], batch.shape[3], rows, columns, cropped=self.cropped)
            self._cone = view
            return view(batch)
        except Exception as error:  # it may be anybody's network
            explain(model, batch, error)


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
