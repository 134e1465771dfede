"""What is found of a receptive field: contributions of LR pixels, and the response to an impulse."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from math import sqrt
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lam_core.errors import LamError

Sign = Literal["positive", "absolute"]
"""What of a gradient counts as a contribution: its positive part, as published for RepLKNet, or its magnitude."""

BRIGHT = 1 - 0.9545
"""Share of the maximum above which a pixel counts to Luo et al.'s side of the field: two standard deviations."""


@dataclass(frozen=True, eq=False)
class EffectiveField:
    """Contributions of LR pixels to the middle of the output, means over images."""

    positive: NDArray[np.float64]
    """Σ_c ReLU(∂y/∂x), [side, side]; the middle pixel is side // 2."""
    negative: NDArray[np.float64]
    """Σ_c ReLU(−∂y/∂x), [side, side]."""
    images: int
    """How many were averaged over."""

    @property
    def side(self) -> int:
        """Of the LR images, in pixels."""
        return self.positive.shape[0]

    def contributions(self, sign: Sign = "positive") -> NDArray[np.float64]:
        """S, [side, side]: of positive gradients, or of the magnitudes of all."""
        return self.positive if sign == "positive" else self.positive + self.negative

    @cached_property
    def shares(self) -> NDArray[np.float64]:
        """S of positive gradients as shares of their sum, [side, side]; zero where nothing contributes."""
        total = self.positive.sum()
        return self.positive / total if total else self.positive

    @property
    def bright_side(self) -> float:
        """√(pixels whose S is above 4.55 % of the maximum), in LR pixels: the side of the field in Luo et al."""
        return float(np.sqrt((self.positive > BRIGHT * self.positive.max()).sum()))

    def common(self, other: EffectiveField) -> float:
        """Σ min of two fields' shares, 0 to 1; the fields are of one side."""
        return float(np.minimum(self.shares, other.shares).sum())


class ImpulseError(LamError, ValueError):
    """An impulse that no image can hold."""


@dataclass(frozen=True)
class Impulse:
    """One white LR pixel on a flat grey LR image, in its middle. Raises `ImpulseError` for what is no such image."""

    side: int = 31
    """LR pixels of the image, odd."""
    level: float = 0.5
    """Grey of the image, 0 to 1."""
    amplitude: float = 0.25
    """a, what is added to the pixel, of white."""

    def __post_init__(self) -> None:
        if self.side < 1 or self.side % 2 == 0:
            raise ImpulseError(f"side is {self.side}; choose an odd number of LR pixels, which has a middle")
        if not self.amplitude or not (0 <= self.level <= 1 and 0 <= self.level + self.amplitude <= 1):
            raise ImpulseError(
                f"an impulse of {self.amplitude:g} on grey {self.level:g} does not lie between 0 and 1; choose a level "
                "and an amplitude whose sum does"
            )


@dataclass(frozen=True, eq=False)
class ImpulseResponse:
    """(F(flat + a·δ) − F(flat)) / a, its mean over RGB, [s·n, s·n] around the impulse."""

    response: NDArray[np.float64]
    linear: NDArray[np.float64]
    """The slope at a = 0: what the response would be if the network were linear."""
    bicubic: NDArray[np.float64]
    """What bicubic interpolation gives, which is linear."""
    impulse: Impulse
    scale: int

    @property
    def rest(self) -> NDArray[np.float64]:
        """What is not linear in the impulse."""
        return self.response - self.linear

    @property
    def nonlinearity(self) -> float:
        """‖rest‖ / ‖response‖: 0 for a linear network."""
        whole = float(np.square(self.response).sum())
        return sqrt(float(np.square(self.rest).sum()) / whole) if whole else 0.0

    @property
    def gain(self) -> float:
        """Σ response / s²: 1 where brightness is kept, as bicubic interpolation does."""
        return float(self.response.sum()) / self.scale**2

    def profile(self, part: NDArray[np.float64]) -> NDArray[np.float64]:
        """A plane along its middle row, [s·n]: the mean of the s rows of SR pixels on the impulse's LR pixel."""
        start = part.shape[0] // self.scale // 2 * self.scale
        return part[start : start + self.scale].mean(0)

    @property
    def places(self) -> NDArray[np.float64]:
        """Where the values of a profile lie, in LR pixels from the impulse, [s·n]."""
        count = self.response.shape[1]
        return (np.arange(count) - (count - 1) / 2) / self.scale

    def figures(self) -> dict[str, Any]:
        """Plain values."""
        return {
            **asdict(self.impulse),
            "peak": float(self.response.max()),
            "peak_bicubic": float(self.bicubic.max()),
            "gain": self.gain,
            "nonlinearity": self.nonlinearity,
        }
