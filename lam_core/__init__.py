"""Local attribution maps, diffusion index and degradation semantics of super-resolution networks.

Importing this package loads nothing; PyTorch comes with the first use of a name that needs it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lam_core.attribution.attribute import attribute
    from lam_core.attribution.many_windows import attribute_many
    from lam_core.attribution.result import Attribution
    from lam_core.attribution.settings import AttributionSettings
    from lam_core.attribution.tensor import TensorAttribution, Window, attribute_tensor
    from lam_core.condition import Condition
    from lam_core.convention import Convention
    from lam_core.coordinates import CoordinateNetwork
    from lam_core.diffusion.index import diffusion_index
    from lam_core.images import downscale
    from lam_core.model import SuperResolver
    from lam_core.notebook import compare
    from lam_core.region import Region

_HOMES = {
    "Attribution": "lam_core.attribution.result",
    "AttributionSettings": "lam_core.attribution.settings",
    "Condition": "lam_core.condition",
    "Convention": "lam_core.convention",
    "CoordinateNetwork": "lam_core.coordinates",
    "Region": "lam_core.region",
    "SuperResolver": "lam_core.model",
    "TensorAttribution": "lam_core.attribution.tensor",
    "Window": "lam_core.attribution.tensor",
    "attribute": "lam_core.attribution.attribute",
    "attribute_many": "lam_core.attribution.many_windows",
    "attribute_tensor": "lam_core.attribution.tensor",
    "compare": "lam_core.notebook",
    "diffusion_index": "lam_core.diffusion.index",
    "downscale": "lam_core.images",
}

__all__ = [
    "Attribution",
    "AttributionSettings",
    "Condition",
    "Convention",
    "CoordinateNetwork",
    "Region",
    "SuperResolver",
    "TensorAttribution",
    "Window",
    "attribute",
    "attribute_many",
    "attribute_tensor",
    "compare",
    "diffusion_index",
    "downscale",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"lam_core has no {name!r}")
    return getattr(import_module(_HOMES[name]), name)
