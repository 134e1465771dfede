"""Effective receptive field: how much each input pixel contributes to the centre of the output, over many images.

After Luo et al., "Understanding the Effective Receptive Field in Deep Convolutional Neural Networks" (NIPS 2016), in
the form of Ding et al., "Scaling Up Your Kernels to 31×31" (RepLKNet, CVPR 2022): S = mean over images of
Σ_c ReLU(∂y/∂x), y the output's centre, summed over channels.

Two things differ from the published code, which is of classifiers. There y is ReLU(the value of one place of a feature
map); here y is the plain sum of the s×s SR pixels that lie on the middle LR pixel, so that no phase of the enlargement
is preferred and an untrained network whose output is negative has a field too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lam_core.attribution.checks.scene import Report, ignore
from lam_core.attribution.detectors import Detector
from lam_core.attribution.gradients import Gradients
from lam_core.fields.result import EffectiveField
from lam_core.images import ImageShapeError, Pixels, as_pixels, middle
from lam_core.model import SuperResolver
from lam_core.region import Region


def effective_field(
    model: SuperResolver, images: Sequence[Pixels], *, side: int = 63, report: Report = ignore
) -> EffectiveField:
    """The effective receptive field over the middle `side`×`side` of LR images, uint8 [h, w, 3].

    It runs in the model's own precision, on the dependency cone of the middle. `report` is told the share done and may
    raise to give up. Raises `ImageShapeError` for no image, an even side or an image smaller than it, and what a
    gradient raises: `NonFiniteMapError`, `NotDifferentiableError`, `NetworkFailedError`.
    """
    if not images:
        raise ImageShapeError("an effective receptive field needs at least one image")
    if side < 1 or side % 2 == 0:
        raise ImageShapeError(f"side is {side}; choose an odd number of LR pixels, which has a middle")
    scale = model.scale
    centre = Region(side // 2 * scale, side // 2 * scale, scale)
    gradient = Gradients(model, Detector("intensity", centre, side * scale, side * scale))
    at_once = gradient.plan(side, side)
    parts = [_middle(image, side) for image in images]
    positive, negative = np.zeros((side, side)), np.zeros((side, side))
    for first in range(0, len(parts), at_once):
        for _, slope in gradient(parts[first : first + at_once]):
            exact = slope.astype(np.float64)
            positive += np.maximum(exact, 0).sum(2)
            negative += np.maximum(-exact, 0).sum(2)
        report(min(first + at_once, len(parts)) / len(parts))
    return EffectiveField(positive / len(parts), negative / len(parts), len(parts))


def _middle(image: Pixels, side: int) -> NDArray[np.float64]:
    height, width = as_pixels(image).shape[:2]
    if min(height, width) < side:
        raise ImageShapeError(f"an image of {width}×{height} is smaller than {side}×{side}; choose a smaller side")
    return middle(image, side, side).astype(np.float64) / 255
