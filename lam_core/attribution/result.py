"""What an attribution gives back."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lam_core.attribution.computation import Computation
from lam_core.attribution.settings import AttributionSettings
from lam_core.region import Field, Region

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True, eq=False)
class Attribution:
    """A local attribution map with everything needed to judge it."""

    signed: NDArray[np.float64]
    """Attribution of every LR pixel and channel of the field, [3, h, w]; sums to D(F(I)) − D(F(I')) but for error."""
    diffusion_index: float
    """DI of the displayed map, 0 to 100."""
    diffusion_index_error: float
    """Estimated half-width of an interval around DI."""
    map_error: float
    """Estimated relative L2 error of the displayed map."""
    completeness_error: float
    """|Σ signed − (D(F(I)) − D(F(I')))| / |D(F(I)) − D(F(I'))|: a weak check, small even for poor maps."""
    nodes: int
    """Gradients that were computed."""
    settings: AttributionSettings
    """How it was computed."""
    region: Region
    """The window, in SR pixels of the whole picture."""
    field: Field
    """The part of the LR image that was attributed."""
    scale: int
    """Enlargement along each side."""
    model: str
    """The network's name."""
    fingerprint: str
    """The network's identity: weights, code and conventions."""
    image: str
    """Digest of the LR image."""
    sr: NDArray[np.uint8]
    """The network's picture of the field, [s·h, s·w, 3]."""
    seconds: float
    """Time of the attribution alone, the model loaded."""
    device: str
    """Where it was computed, such as `cpu`."""
    condition: Mapping[str, float | str] = dataclasses.field(default_factory=dict)
    """The network's conditions, defaults among them; arrays by shape and digest."""
    computation: Computation = dataclasses.field(default_factory=Computation)
    """How the gradients were computed, and what they were compared with."""
    degradation: str = "clean"
    """What was done to the LR image before it was attributed, as `blur:2`; `image` is the digest of what came of it."""
    lr: NDArray[np.uint8] | None = None
    """The LR field, [h, w, 3]; None for results that were stored without it."""

    @property
    def map(self) -> NDArray[np.float64]:
        """The displayed map |Σ_channels| / max, [h, w] in [0, 1]."""
        return displayed(self.signed)

    def summary(self) -> dict[str, Any]:
        """All figures and settings without the arrays, for JSON."""
        return {
            "diffusion_index": self.diffusion_index,
            "diffusion_index_error": self.diffusion_index_error,
            "completeness_error": self.completeness_error,
            "map_error": self.map_error,
            "nodes": self.nodes,
            "rule": self.settings.rule,
            "window": [self.region.x, self.region.y, self.region.size],
            "field": [self.field.x, self.field.y, self.field.width, self.field.height],
            "lr_size": [self.field.height, self.field.width],
            "scale": self.scale,
            "dtype": self.settings.dtype,
            "settings": self.settings.as_dict(),
            "seconds": self.seconds,
            "device": self.device,
            "model": self.model,
            "fingerprint": self.fingerprint,
            "image": self.image,
            "degradation": self.degradation,
            "condition": dict(self.condition),
            "computation": self.computation.as_dict(),
        }

    def arrays(self) -> dict[str, NDArray]:
        """The arrays that a stored result holds."""
        shown = {} if self.lr is None else {"lr": self.lr}
        return {"signed": self.signed, "map": self.map, "sr": self.sr, **shown}

    def figure(self) -> Image.Image:
        """SR image, map over the LR image, and the map's density, one below the other, with DI and settings."""
        from lam_core.notebook import figure_of

        return figure_of([self])

    def _repr_html_(self) -> str:
        from lam_core.notebook import card

        return card(self)

    def _repr_png_(self) -> bytes:
        from lam_core.notebook import map_png

        return map_png(self)

    def to_npz(self) -> bytes:
        """A .npz file of `arrays`: `signed` [3, h, w], `map` [h, w] and `sr` [s·h, s·w, 3]."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, signed=self.signed, map=self.map, sr=self.sr)
        return buffer.getvalue()

    @classmethod
    def restore(cls, summary: dict[str, Any], arrays: dict[str, NDArray]) -> Attribution:
        """The inverse of `summary` and `arrays`. Raises `KeyError`, `TypeError` or `ValueError` on foreign content."""
        x, y, width, height = summary["field"]
        signed, sr, scale = arrays["signed"], arrays["sr"], int(summary["scale"])
        if signed.shape != (3, height, width) or sr.shape != (height * scale, width * scale, 3):
            raise ValueError(f"arrays of shapes {signed.shape} and {sr.shape} do not fit the field {width}×{height}")
        return cls(
            signed=signed.astype(np.float64),
            diffusion_index=float(summary["diffusion_index"]),
            diffusion_index_error=float(summary["diffusion_index_error"]),
            map_error=float(summary["map_error"]),
            completeness_error=float(summary["completeness_error"]),
            nodes=int(summary["nodes"]),
            settings=AttributionSettings(**summary["settings"]),
            region=Region(*summary["window"]),
            field=Field(x, y, width, height),
            scale=scale,
            model=str(summary["model"]),
            fingerprint=str(summary["fingerprint"]),
            image=str(summary["image"]),
            sr=sr.astype(np.uint8),
            seconds=float(summary["seconds"]),
            device=str(summary["device"]),
            condition=dict(summary.get("condition", {})),
            computation=Computation.from_dict(summary.get("computation")),
            degradation=str(summary.get("degradation", "clean")),
            lr=arrays["lr"].astype(np.uint8) if "lr" in arrays else None,
        )


def displayed(signed: NDArray[np.float64]) -> NDArray[np.float64]:
    """|Σ_channels| / max of a signed map [3, h, w]: the published display, [h, w] in [0, 1].

    >>> displayed(np.array([[[1.0, -4.0]], [[1.0, 0.0]], [[0.0, 0.0]]]))
    array([[0.5, 1. ]])
    """
    magnitude = np.abs(signed.sum(0))
    return magnitude / magnitude.max()
