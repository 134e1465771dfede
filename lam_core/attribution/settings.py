"""Everything that decides what an attribution map is, besides model, image and window."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from lam_core.errors import LamError
from lam_core.images.degradations import CLEAN, Degradation
from lam_core.region import FieldSize

Rule = Literal["reference", "default"]
Detector = Literal["gradient", "intensity", "gabor"]
Path = Literal["blur", "linear-blur", "linear-black", "linear-smooth", "linear-degraded"]
Precision = Literal["float32", "tf32", "float64"]

PathMethod = Literal["lam", "integrated-black", "integrated-blurred"]
"""Methods that integrate a gradient along a path; `attribute` computes them all."""

_PATHS: dict[PathMethod, Path] = {
    "lam": "blur",
    "integrated-black": "linear-black",
    "integrated-blurred": "linear-blur",
}

METHOD_VERSION = 2
"""Part of every result's key: raised whenever the same settings would give another map or another DI. What is
estimated of their errors may differ between results of one version."""


class SettingsError(LamError, ValueError):
    """A setting that no attribution can be computed with."""


@dataclass(frozen=True)
class AttributionSettings:
    """How an attribution map is computed. Two DI are comparable only if all of this, scale and LR size are equal.

    Raises `SettingsError` for values that no map can be computed with.
    """

    rule: Rule = "default"
    """`reference`: the published 50-step rule. `default`: nested trapezoids, extrapolated where the gradient is smooth,
    refined until `tolerance` is met."""
    nodes: int = 50
    """Points on the path: exactly this many steps under `reference`, at most this many under `default`."""
    tolerance: float = 0.02
    """`default` stops once the estimated relative error of the displayed map is below this."""
    detector: Detector = "gradient"
    """What the window is asked for: its edges (sum of gradient magnitudes), its brightness, a Gabor response."""
    path: Path = "blur"
    """`blur`: progressive deblurring, which makes the map a LAM; else a straight line from a blurred, black, smoothed
    (edges kept) or degraded image. The last two are for restoration at ×1, where what is missing is not detail."""
    damage: str = "noise:25"
    """What is done to the image to make the baseline of the path `linear-degraded`; it counts for no other path."""
    sigma: float = 1.2
    """Standard deviation of the baseline's Gaussian blur in LR pixels."""
    kernel: int = 9
    """Side of the sampled blur kernel in LR pixels."""
    field: FieldSize = 64
    """Side of the attributed LR field around the window, or `full` for the whole image."""
    dtype: Precision = "float32"
    """Precision of the network's passes; the path and all sums are in float64. `tf32` is faster and coarser, and only
    GPUs have it."""

    # Where settings are read from a file, an unknown name is a fault and no value is converted.
    __pydantic_config__ = {"extra": "forbid", "strict": True, "allow_inf_nan": False}  # noqa: RUF012

    def __post_init__(self) -> None:
        if self.nodes < 2 or self.nodes > 10_000:
            raise SettingsError(f"nodes is {self.nodes}; choose 2 to 10000 points on the path")
        if not 0 <= self.tolerance < 1:
            raise SettingsError(f"tolerance is {self.tolerance}; choose 0 (use every node) to below 1")
        if not 0 < self.sigma <= 10:
            raise SettingsError(f"sigma is {self.sigma}; choose a blur above 0 and up to 10 LR pixels")
        if self.kernel % 2 == 0 or not 3 <= self.kernel <= 61:
            raise SettingsError(f"kernel is {self.kernel}; choose an odd side from 3 to 61 LR pixels")
        if self.field != "full" and self.field < 8:
            raise SettingsError(f"field is {self.field}; choose at least 8 LR pixels, or 'full'")
        if self.rule == "reference" and self.path != "blur":
            raise SettingsError(f"path is {self.path}; the reference rule is defined on the blur path alone")
        try:
            degradation = Degradation.parse(self.damage)
        except LamError as error:
            raise SettingsError(f"damage is {self.damage!r}: {error}") from None
        if degradation == CLEAN:
            raise SettingsError(f"damage is {self.damage!r}, the image itself; choose a degradation: noise:25")

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON and for keys; without `damage` where it does not count."""
        values = asdict(self)
        if self.path != "linear-degraded":
            del values["damage"]
        return values


def method_settings(method: PathMethod, settings: AttributionSettings) -> AttributionSettings:
    """`settings` with the path of a method; the reference rule gives way where it is not defined.

    >>> method_settings("integrated-black", AttributionSettings(rule="reference")).rule
    'default'
    """
    path = _PATHS[method]
    return replace(settings, path=path, rule=settings.rule if path == "blur" else "default")
