"""The architectures this project knows by itself; spandrel adds its own when a checkpoint is loaded.

A new architecture is one new file and one line here.
"""

from __future__ import annotations

from importlib import import_module

from zoo.architectures.architecture import Architecture
from zoo.errors import ZooError

FILES = (
    "a2n",
    "bsrn",
    "carn",
    "catanet",
    "cincgan",
    "csnln",
    "dbpn",
    "dbpn_original",
    "drln",
    "edsr",
    "elan",
    "esc",
    "fsrcnn",
    "fsrcnn_rgb",
    "han",
    "hit_sr",
    "imdn",
    "lapsrn",
    "mambair",
    "mambairv2",
    "msrn",
    "pan",
    "pft",
    "rcan",
    "rfdn",
    "rlfn",
    "rnan",
    "rrdbnet",
    "san",
    "seemore",
    "smfanet",
    "srcnn",
    "srdensenet",
    "srformer",
    "srgan_blocks",
    "srresnet",
    "srresnet_classic",
    "srresnet_instance",
    "swinir",
    "vapsr",
    "x_restormer",
)
"""Every file of this folder that describes an architecture."""

ARCHITECTURES: tuple[Architecture, ...] = tuple(
    import_module(f"zoo.architectures.{file}").ARCHITECTURE for file in FILES
)


class UnknownArchitectureError(ZooError, LookupError):
    """No architecture of that id."""


def architecture(architecture_id: str) -> Architecture:
    """The architecture of that id. Raises `UnknownArchitectureError` with the known ids."""
    for candidate in ARCHITECTURES:
        if candidate.id == architecture_id:
            return candidate
    known = ", ".join(a.id for a in ARCHITECTURES)
    raise UnknownArchitectureError(f"no architecture {architecture_id!r}; known are {known}")
