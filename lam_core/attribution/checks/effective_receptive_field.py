"""Effective receptive field: what the centre of the output draws on over many images (Luo et al. 2017).

In the form of Ding et al. (2022): S = mean over images of Σ_c ReLU(∂ Σ y_centre / ∂x), shown as S^¼ / max.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lam_core.attribution.checks.scene import Report, as_batch, ignore
from lam_core.images import ImageShapeError, Pixels, as_pixels, middle
from lam_core.model import SuperResolver


@dataclass(frozen=True, eq=False)
class EffectiveReceptiveField:
    """Mean positive gradient of the centre of the output, over images."""

    strength: NDArray[np.float64]
    """S, [side, side] in LR pixels; its centre is pixel side // 2."""
    images: int
    """Pictures that were averaged over."""

    @property
    def shown(self) -> NDArray[np.float64]:
        """S^¼ / max, [side, side] in [0, 1]."""
        quarter = self.strength**0.25
        return quarter / quarter.max() if quarter.max() else quarter

    def side_holding(self, share: float) -> int:
        """Side in LR pixels of the smallest centred square that holds `share` of S."""
        centre, total = self.strength.shape[0] // 2, self.strength.sum()
        for reach in range(centre + 1):
            square = slice(max(centre - reach, 0), centre + reach + 1)
            if self.strength[square, square].sum() >= share * total:
                return 2 * reach + 1
        return self.strength.shape[0]

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {"strength": self.strength.tolist(), "images": self.images}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> EffectiveReceptiveField:
        """The inverse of `to_dict`."""
        return cls(np.array(content["strength"]), int(content["images"]))


def effective_receptive_field(
    model: SuperResolver, images: Sequence[Pixels], *, side: int = 65, report: Report = ignore
) -> EffectiveReceptiveField:
    """The effective receptive field over the middle `side`×`side` of LR pictures [h, w, 3].

    y_centre are the s×s SR pixels, all channels, that lie on the middle LR pixel, so that no phase of the enlargement
    is preferred. Raises `ImageShapeError` for no pictures, or one that is smaller than `side`.
    """
    if not images:
        raise ImageShapeError("an effective receptive field needs at least one picture")
    total = np.zeros((side, side))
    centre = slice(side // 2 * model.scale, (side // 2 + 1) * model.scale)
    for done, image in enumerate(images, 1):
        x = as_batch([_middle(image, side)], model).requires_grad_(True)
        (gradient,) = torch.autograd.grad(model(x)[..., centre, centre].sum(), x)
        total += gradient.relu().sum((0, 1)).double().cpu().numpy()
        report(done / len(images))
    return EffectiveReceptiveField(total / len(images), len(images))


def _middle(image: Pixels, side: int) -> NDArray[np.float64]:
    height, width = as_pixels(image).shape[:2]
    if min(height, width) < side:
        raise ImageShapeError(f"a picture of {width}×{height} is smaller than {side}×{side}; choose a smaller side")
    return middle(image, side, side).astype(np.float64) / 255
