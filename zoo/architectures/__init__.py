"""The architectures this project knows by itself; spandrel adds its own when a checkpoint is loaded.

A new architecture is one new file and one line here.
"""

from __future__ import annotations

from functools import cache
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
    "rrdbnet_direct",
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
    "swinir_light",
    "vapsr",
    "x_restormer",
)
"""Every file of this folder that describes an architecture, whose id is its name with - for _."""


class UnknownArchitectureError(ZooError, LookupError):
    """No architecture of that id."""


@cache
def all_architectures() -> tuple[Architecture, ...]:
    """Every one, in the order of `FILES`."""
    return tuple(import_module(f"{__name__}.{file}").ARCHITECTURE for file in FILES)


def known(architecture_id: str) -> Architecture | None:
    """The architecture of that id, whose file alone is loaded; None for one that is not this project's."""
    file = architecture_id.replace("-", "_")
    return import_module(f"{__name__}.{file}").ARCHITECTURE if file in FILES else None


def architecture(architecture_id: str) -> Architecture:
    """The architecture of that id. Raises `UnknownArchitectureError` with the known ids."""
    if (found := known(architecture_id)) is None:
        ids = ", ".join(one.id for one in all_architectures())
        raise UnknownArchitectureError(f"no architecture {architecture_id!r}; known are {ids}")
    return found
