"""The architectures this project knows by itself; spandrel adds its own when a checkpoint is loaded.

A new architecture is one new file and one line here.
"""

from __future__ import annotations

from zoo.architectures import (
    a2n,
    carn,
    drln,
    edsr,
    fsrcnn,
    fsrcnn_rgb,
    han,
    imdn,
    msrn,
    pan,
    rcan,
    rfdn,
    rnan,
    srgan_blocks,
)
from zoo.architectures.architecture import Architecture

ARCHITECTURES: tuple[Architecture, ...] = (
    a2n.ARCHITECTURE,
    carn.ARCHITECTURE,
    drln.ARCHITECTURE,
    edsr.ARCHITECTURE,
    fsrcnn.ARCHITECTURE,
    fsrcnn_rgb.ARCHITECTURE,
    han.ARCHITECTURE,
    imdn.ARCHITECTURE,
    msrn.ARCHITECTURE,
    pan.ARCHITECTURE,
    rcan.ARCHITECTURE,
    rfdn.ARCHITECTURE,
    rnan.ARCHITECTURE,
    srgan_blocks.ARCHITECTURE,
)


class UnknownArchitectureError(KeyError):
    """No architecture of that id."""


def architecture(architecture_id: str) -> Architecture:
    """The architecture of that id. Raises `UnknownArchitectureError` with the known ids."""
    for candidate in ARCHITECTURES:
        if candidate.id == architecture_id:
            return candidate
    known = ", ".join(a.id for a in ARCHITECTURES)
    raise UnknownArchitectureError(f"no architecture {architecture_id!r}; known are {known}")
