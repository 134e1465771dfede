"""A check that the packages imported under this project's names are this project's, not others of the same name."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

NAMES = ("lam_core", "zoo", "dashboard")
HOME = Path(__file__).resolve().parents[1]


class ForeignModuleError(ImportError):
    """Another module is imported under a name of this project."""


def check_import_names(home: Path = HOME) -> None:
    """Raises `ForeignModuleError` if a name in `NAMES` finds a module outside the folder `home`; imports nothing."""
    for name in NAMES:
        spec = find_spec(name)
        if spec is None:
            raise ForeignModuleError(f"the package {name!r} is missing in {home}; install sr-lam again")
        place = Path(spec.origin or next(iter(spec.submodule_search_locations or ()), "")).resolve()
        if home / name not in (place, *place.parents):
            raise ForeignModuleError(
                f"{place} is imported as {name!r}, a package of sr-lam; rename it, or take its folder out of PYTHONPATH"
            )
