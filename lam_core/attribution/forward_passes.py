"""A window of the SR output for many LR images, without gradients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from lam_core.attribution.cone import Cone, cone, independent
from lam_core.attribution.gradients import BATCHES
from lam_core.attribution.path import Image
from lam_core.attribution.verification import same_output
from lam_core.device import ran_out_of_memory
from lam_core.diagnosis import not_finite
from lam_core.model import SuperResolver

ON_GPU = 8
"""Images of a forward pass on a GPU, and so the most that are computed between two reports."""


class ForwardPasses:
    """Gives rows and columns of a network's SR output, on their dependency cone where that saves work.

    The untouched network computes the first image too. Where the two differ by more than rounding explains, and where
    the network cannot be planned, it computes every image. Images share a pass only where it is certain that they do
    not meet in the network.
    """

    def __init__(self, model: SuperResolver, rows: tuple[int, int], columns: tuple[int, int], precision: str) -> None:
        """`rows`, `columns`: [first, last + 1) in SR pixels; `precision`: `float32`, `tf32` or `float64`."""
        self.model, self.rows, self.columns, self.precision = model, rows, columns, precision

    def __call__(self, images: Iterable[Image]) -> Iterator[Tensor]:
        """The rows and columns [n, 3, rows, columns] of LR images [h, w, 3] in [0, 1], n of them at a time.

        Raises `NetworkFailedError` and `NonFiniteMapError`.
        """
        iterator = iter(images)
        first = next(iterator, None)
        if first is None:
            return
        height, width = first.shape[:2]
        view = cone(self.model, height, width, self.rows, self.columns)
        truth = self._untouched([first])
        found = self._as_planned(view, first, truth)
        planned = found is not None
        yield found if planned else truth
        size = self._at_once(view, planned)
        while chunk := list(islice(iterator, size)):
            # Every number of images would need a plan of its own, which takes longer than computing some in vain.
            batch = chunk + chunk[-1:] * (size - len(chunk) if planned else 0)
            yield (self._cropped(view, batch) if planned else self._untouched(batch))[: len(chunk)]

    def _as_planned(self, view: Cone, image: Image, truth: Tensor) -> Tensor | None:
        """What the plan gives for an image; None where it may not be used."""
        if view.program is None:
            return None
        try:
            found = view(self._batch([image]))
        except Exception as error:
            if ran_out_of_memory(error):
                raise
            return None  # A plan that fails is a reason to run the network as it is.
        return found if same_output(found, truth, self.precision) else None

    def _at_once(self, view: Cone, planned: bool) -> int:
        on_gpu = self.model.device.type == "cuda"
        pays = next((pictures for numbers, pictures, _ in BATCHES if view.numbers <= numbers), 1) if planned else 1
        wanted = ON_GPU if on_gpu else pays
        return wanted if independent(self.model, view.height, view.width, wanted) else 1

    def _cropped(self, view: Cone, images: Sequence[Image]) -> Tensor:
        found = view(self._batch(images))
        if not bool(found.isfinite().all()):
            raise not_finite(self.model, "an output")
        return found

    def _untouched(self, images: Sequence[Image]) -> Tensor:
        return self.model.restored(self._batch(images))[..., slice(*self.rows), slice(*self.columns)]

    def _batch(self, images: Sequence[Image]) -> Tensor:
        batch = torch.from_numpy(np.stack(images).transpose(0, 3, 1, 2)).to(self.model.device, self.model.dtype)
        return batch.contiguous(memory_format=torch.channels_last)
