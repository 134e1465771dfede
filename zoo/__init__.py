"""Super-resolution models by name. `zoo.load("imdn")` is all that most callers need.

Nothing heavy is imported before it is used: training runs where torch alone is installed, and a page
lists models without torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoo.models.load import load, super_resolver
    from zoo.models.reference import Reference, reference

__all__ = ["Reference", "load", "reference", "super_resolver"]

_HOMES = {
    "Reference": "zoo.models.reference",
    "load": "zoo.models.load",
    "reference": "zoo.models.reference",
    "super_resolver": "zoo.models.load",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'zoo' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
