"""How a network wants its input, and its fingerprint; without torch, so that a look-up is quick."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from numbers import Integral, Real
from typing import Literal, get_args

from lam_core.errors import LamError

Colour = Literal["rgb", "bgr", "luma"]


class ConventionError(LamError, ValueError):
    """A convention that no network can have."""


@dataclass(frozen=True)
class Convention:
    """How a network wants its input and gives its output; part of what the network is.

    Raises `ConventionError` for values that make no sense.
    """

    input_range: float = 1.0
    """White less black at the network's input and output: 1 or 255. 2, with 0.5 for `mean`, is -1 to 1."""
    colour: Colour = "rgb"
    """`bgr`: blue comes first, as OpenCV reads pictures. `luma`: the network enlarges BT.601 luma alone; chroma is
    enlarged by bicubic interpolation."""
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Mean in [0, 1], red first whatever `colour` says: subtracted before and added after a network that does not do so
    itself."""
    pad_multiple: int = 1
    """Height and width are padded to a multiple of this by reflection, and the output cropped."""
    minimum_size: int = 1
    """Smallest height and width that the network takes; smaller input is padded by reflection."""
    square: bool = False
    """The network takes only square input; the shorter side is padded by reflection."""

    def __post_init__(self) -> None:
        if self.colour not in get_args(Colour):
            raise ConventionError(
                f"colour is {self.colour!r}; choose rgb, bgr, or luma for a network of one channel (grey)"
            )
        white = self.input_range
        if isinstance(white, bool) or not isinstance(white, Real) or not 0 < white < math.inf:
            raise ConventionError(f"input_range is {white!r}; give the value of white, 1 or 255")
        mean = self.mean
        if not isinstance(mean, tuple | list) or len(mean) != 3 or not all(isinstance(m, Real) for m in mean):
            raise ConventionError(f"mean is {mean!r}; give three numbers from 0 to 1, red first")
        object.__setattr__(self, "input_range", float(white))
        object.__setattr__(self, "mean", tuple(map(float, mean)))
        for name in ("pad_multiple", "minimum_size"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
                raise ConventionError(f"{name} is {value!r}; give a whole number of pixels, 1 or more")
            object.__setattr__(self, name, int(value))


def fingerprint_of(weights: str, architecture: str, scale: int, convention: Convention) -> str:
    """sha256 over a digest of the weights, the architecture, the scale and the convention.

    >>> fingerprint_of("ab", "edsr", 4, Convention()) == fingerprint_of("ab", "edsr", 4, Convention(255.0))
    False
    """
    identity = {
        "weights": weights,
        "architecture": architecture,
        "scale": scale,
        "convention": asdict(convention),
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
