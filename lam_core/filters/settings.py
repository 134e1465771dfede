"""How the integral over the weights is computed; without torch, so that kept results are read quickly."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from lam_core.attribution.settings import SettingsError

METHOD_VERSION = 1
"""Part of every result's key: raised whenever the same settings would give other scores."""

Rule = Literal["default", "reference"]


@dataclass(frozen=True)
class FilterSettings:
    """How the integral over the weights is computed. Raises `SettingsError`."""

    rule: Rule = "default"
    """`default`: Simpson's rule on nested nodes until `tolerance` is met. `reference`: the published left sum."""
    nodes: int = 65
    """`reference`: exactly this many (published: 100). `default`: at most this many, 2^k + 1."""
    tolerance: float = 0.02
    """`default` stops once the estimated relative error of an image's scores is below this."""

    def __post_init__(self) -> None:
        if not 2 <= self.nodes <= 1025:
            raise SettingsError(f"nodes is {self.nodes}; choose 2 to 1025 points between the two networks")
        if self.rule == "default" and (self.nodes < 5 or (self.nodes - 1) & (self.nodes - 2)):
            raise SettingsError(f"nodes is {self.nodes}; the default rule needs 5, 9, 17, 33, 65, … nodes")
        if not 0 <= self.tolerance < 1:
            raise SettingsError(f"tolerance is {self.tolerance}; choose 0 (use every node) to below 1")

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON and for keys."""
        return asdict(self)
