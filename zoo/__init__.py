"""Super-resolution models by name: a catalog of networks with pinned sources, and the loading of any other.

`zoo.list_models(scale=4)` names them, `zoo.load("imdn-c")` loads one. Importing this package loads neither PyTorch nor
Streamlit; what a name needs comes with its first use.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lam_core

if TYPE_CHECKING:
    from zoo.catalog.listing import list_models
    from zoo.models.load import load, super_resolver
    from zoo.models.reference import Reference, reference

__all__ = ["Reference", "list_models", "load", "reference", "super_resolver"]

_HOMES = {
    "Reference": "zoo.models.reference",
    "list_models": "zoo.catalog.listing",
    "load": "zoo.models.load",
    "reference": "zoo.models.reference",
    "super_resolver": "zoo.models.load",
}

if Path(__file__).resolve().parents[1] / "lam_core" not in Path(lam_core.__file__ or "").resolve().parents:
    raise ImportError(
        f"{lam_core.__file__} is imported as 'lam_core', a package of sr-lam; rename it, or take its folder out of "
        "PYTHONPATH"
    )


def __getattr__(name: str) -> Any:
    """The exported object of that name, imported on first use. Raises `AttributeError` for any other name."""
    if name not in _HOMES:
        raise AttributeError(f"module 'zoo' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
