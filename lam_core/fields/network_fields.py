"""Everything about one network's receptive field together: trained, untrained, and its response to an impulse."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lam_core.fields.area import areas
from lam_core.fields.result import EffectiveField, ImpulseResponse
from lam_core.fields.shape import axis_weight, reading, shape_of


@dataclass(frozen=True, eq=False)
class NetworkFields:
    """The fields of one network."""

    name: str
    fingerprint: str
    scale: int
    trained: EffectiveField
    untrained: EffectiveField
    """Of the same architecture with weights drawn by a fixed seed."""
    impulse: ImpulseResponse

    @property
    def reading(self) -> str:
        """What the field says of training and what of the architecture alone."""
        return reading(self.trained, self.untrained)

    def to_dict(self) -> dict[str, Any]:
        """Figures as plain values."""
        return {
            "model": self.name,
            "fingerprint": self.fingerprint,
            "scale": self.scale,
            "images": self.trained.images,
            "lr_side": self.trained.side,
            "trained": figures(self.trained),
            "untrained": figures(self.untrained),
            "in_common": self.trained.common(self.untrained),
            "reading": self.reading,
            "impulse": self.impulse.figures(),
        }


def figures(field: EffectiveField) -> dict[str, Any]:
    """Areas by contribution and as the published code weighs them, and the shape, as plain values."""
    return {
        "areas": [area.to_dict() for area in areas(field.positive)],
        "areas_of_magnitudes": [area.to_dict() for area in areas(field.contributions("absolute"))],
        "areas_as_published": [area.to_dict() for area in areas(field.positive, "published")],
        "bright_side": field.bright_side,
        "shape": shape_of(field),
        "axis_weight": axis_weight(field),
    }


def on_one_scale(fields: Sequence[EffectiveField]) -> list[NDArray[np.float64]]:
    """Fields as shown: shares of contributions by the largest of all, to the power of ¼, each [side, side] in [0, 1].

    The published display is S^¼ / max of each by itself; on one scale a wide field is paler than a narrow one, as it
    shares out the same whole.
    """
    largest = max((float(field.shares.max()) for field in fields), default=0.0) or 1.0
    return [(field.shares / largest) ** 0.25 for field in fields]


def to_npz(networks: Sequence[NetworkFields]) -> bytes:
    """All planes of all networks, numbered from 1 as `network1_trained_positive`, with their `names`."""
    planes: dict[str, NDArray] = {"names": np.array([one.name for one in networks])}
    for number, one in enumerate(networks, 1):
        for weights, field in (("trained", one.trained), ("untrained", one.untrained)):
            planes |= {f"network{number}_{weights}_{sign}": getattr(field, sign) for sign in ("positive", "negative")}
        for part in ("response", "linear", "bicubic"):
            planes[f"network{number}_impulse_{part}"] = getattr(one.impulse, part)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **planes)
    return buffer.getvalue()
