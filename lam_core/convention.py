"""How a network wants its input, and its fingerprint; without torch, so that a look-up is quick."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

Colour = Literal["rgb", "bgr", "luma"]


@dataclass(frozen=True)
class Convention:
    """How a network wants its input and gives its output; part of what the network is."""

    input_range: float = 1.0
    """The value of white at the network's input and output: 1 or 255."""
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
