"""The scene of a map that is to be checked: the same field, window, detector and baseline as the map itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from lam_core.attribution.detectors import Detector
from lam_core.attribution.forward_passes import ForwardPasses
from lam_core.attribution.gradients import in_precision
from lam_core.attribution.path import Image, path_of
from lam_core.attribution.settings import AttributionSettings
from lam_core.images import Pixels, as_pixels
from lam_core.model import SuperResolver
from lam_core.region import Field, Region, field_around

Report = Callable[[float], None]
"""Called with the share of the work that is done, 0 to 1; an exception it raises ends the computation."""


def ignore(done: float) -> None:
    """A report that nobody hears."""


@dataclass(frozen=True, eq=False)
class Scene:
    """One window of a network's output on the field of LR pixels that its map is drawn over."""

    model: SuperResolver
    """In the settings' precision."""
    lr: Image
    """The field, [h, w, 3] in [0, 1]."""
    field: Field
    region: Region
    """The window, in SR pixels of the field."""
    settings: AttributionSettings

    @cached_property
    def detector(self) -> Detector:
        """D of the window."""
        height, width = self.lr.shape[:2]
        return Detector(self.settings.detector, self.region, height * self.model.scale, width * self.model.scale)

    @cached_property
    def blurred(self) -> Image:
        """The baseline that is taken for absence of detail: the field blurred by the settings' σ."""
        return path_of(self.lr, replace(self.settings, path="blur"))(0.0)

    @property
    def footprint(self) -> tuple[slice, slice]:
        """Rows and columns of the LR pixels that lie under the window."""
        return self.region.footprint(self.model.scale)

    @cached_property
    def distance(self) -> NDArray[np.float64]:
        """Euclidean distance of every LR pixel from the window's footprint in LR pixels, [h, w]; 0 within it."""
        height, width = self.lr.shape[:2]
        return distance_from(self.footprint, (height, width))

    def windows(self, images: Iterable[Image]) -> Iterator[NDArray[np.float64]]:
        """The window of the SR output [s, s, 3], not clamped, for each of many LR fields."""
        one = self.region
        for output in self._outputs(images, (one.y, one.y + one.size), (one.x, one.x + one.size)):
            yield from output.permute(0, 2, 3, 1).double().cpu().numpy()

    def detected(self, images: Iterable[Image]) -> Iterator[float]:
        """D for each of many LR fields."""
        for output in self._outputs(images, self.detector.rows, self.detector.columns):
            yield from self.detector(output).tolist()

    def _outputs(self, images: Iterable[Image], rows: tuple[int, int], columns: tuple[int, int]) -> Iterator[Tensor]:
        return ForwardPasses(self.model, rows, columns, self.settings.dtype)(images)


def scene_of(model: SuperResolver, image: Pixels, region: Region, settings: AttributionSettings | None = None) -> Scene:
    """The scene of a window of an LR picture [h, w, 3], cut exactly as `attribute` cuts it. Raises `RegionError`."""
    settings = settings or AttributionSettings()
    height, width = as_pixels(image).shape[:2]
    field = field_around(region, height, width, model.scale, settings.field)
    return Scene(
        model=in_precision(model, settings),
        lr=image[field.slices].astype(np.float64) / 255,
        field=field,
        region=field.local(region, model.scale),
        settings=settings,
    )


def distance_from(footprint: tuple[slice, slice], shape: tuple[int, int]) -> NDArray[np.float64]:
    """Euclidean distance of every LR pixel of a field [h, w] from a window's footprint in LR pixels; 0 within it."""
    rows, columns = footprint
    y, x = (np.arange(side) for side in shape)
    down = np.maximum(np.maximum(rows.start - y, y - rows.stop + 1), 0)
    across = np.maximum(np.maximum(columns.start - x, x - columns.stop + 1), 0)
    return np.hypot(down[:, None], across[None, :])
