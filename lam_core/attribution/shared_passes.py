"""D and its gradient for many windows at points of the path: one forward pass a point, a backward pass a window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lam_core.attribution.computation import Computation
from lam_core.attribution.cone import Cone, SharedForward, cone, share
from lam_core.attribution.detectors import Detector
from lam_core.attribution.passes import Pass, PlanFailedError, foreign_code
from lam_core.attribution.path import Image
from lam_core.attribution.verification import Verdict, recall, remember, truth_of, verify
from lam_core.diagnosis import NetworkFailedError, not_finite
from lam_core.model import SuperResolver

SHARED = 0
"""What stands for the number of pictures in the verdict on a pass that several windows share."""


@dataclass(frozen=True, eq=False)
class SharedPasses:
    """Passes through one network for several detectors that read one picture's output. CPU only."""

    model: SuperResolver
    detectors: Sequence[Detector]
    views: Sequence[Cone]
    shared: SharedForward

    @classmethod
    def plan(cls, model: SuperResolver, height: int, width: int, detectors: Sequence[Detector]) -> SharedPasses | None:
        """Plans them for LR pictures of that size; None where separate passes are faster, or the only way."""
        if len(detectors) < 2 or model.device.type != "cpu":
            return None
        views = [cone(model, height, width, detector.rows, detector.columns) for detector in detectors]
        shared = None if any(view.lower_precision for view in views) else share(views)
        if shared is None or sum(1 - view.saving for view in views) <= 1 - shared.saving:
            return None
        return cls(model, detectors, views, shared)

    def at(self, point: Image, windows: Sequence[int]) -> list[tuple[float, NDArray]]:
        """D of some of the windows, and its gradient [h, w, 3], at an image.

        Raises `PlanFailedError`, and `NonFiniteMapError` where the network gives what is not finite.
        """
        with self._planned(batch := self._batch(point)):
            picture, values = self.shared(batch)
            found = [self._window(window, picture, values) for window in windows]
        return [(float(one.values[0]), one.slopes[0].permute(1, 2, 0).numpy()) for one in found]

    def check(self, point: Image) -> list[Verdict]:
        """What comes of comparing each window's pass with the untouched network's; looked up where that is known.

        Raises `PlanFailedError`.
        """
        precision = str(self.model.dtype).removeprefix("torch.")
        verdicts = [recall(self.model, view, precision, SHARED) for view in self.views]
        if None not in verdicts:
            return [verdict for verdict in verdicts if verdict is not None]
        with self._planned(batch := self._batch(point)):
            picture, values = self.shared(batch)
        for window, view in enumerate(self.views):
            # A verdict is one for all windows of its kind: an earlier one may have had it found.
            known = verdicts[window] or recall(self.model, view, precision, SHARED)
            if known is None:
                with self._planned(batch):
                    found = self._window(window, picture, values)
                truth = truth_of(view, self.detectors[window], found, batch)
                known = verify(view, self.detectors[window], found, truth, batch, precision)
                remember(self.model, view, precision, SHARED, known)
            verdicts[window] = known
        return [verdict for verdict in verdicts if verdict is not None]

    def computation(self, window: int, verdict: Verdict) -> Computation:
        """How a window's gradients were computed."""
        view = self.views[window]
        return Computation(
            cropped=not view.fallback,
            saving=view.saving,
            reason=view.fallback,
            checked=verdict.compared_with,
            difference=verdict.difference,
        )

    @contextmanager
    def _planned(self, batch: Tensor) -> Iterator[None]:
        """Turns what a plan raises into `PlanFailedError`."""
        try:
            with foreign_code(self.model, batch):
                yield
        except NetworkFailedError as error:
            raise PlanFailedError(str(error)) from error

    def _window(self, window: int, picture: Tensor, values: dict) -> Pass:
        detector = self.detectors[window]
        (top, _), (left, _) = self.shared.rows, self.shared.columns
        rows, columns = (
            slice(low - start, high - start) for (low, high), start in ((detector.rows, top), (detector.columns, left))
        )
        part = picture[..., rows, columns]
        d, slope = detector.with_slope(part)
        slopes = self.shared.ways[window](slope, values)
        finite = bool(d.sum().isfinite()) and bool(part.sum().isfinite())
        if not (finite and bool(slopes.sum().isfinite())):
            raise not_finite(self.model, "a gradient" if finite else "an output")
        return Pass(part, d, slope, slopes)

    def _batch(self, point: Image) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(point.transpose(2, 0, 1)[None])).to(self.model.dtype)
