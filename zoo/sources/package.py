"""Finds data files inside installed distributions of the package index, without importing anything of them."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from zoo.catalog.entry import Package


def installed(source: Package) -> Path | None:
    """The file where its distribution is installed, or nothing where it is not; its digest is the caller's to check."""
    try:
        found = metadata.distribution(source.distribution)
    except metadata.PackageNotFoundError:
        return None
    path = Path(str(found.locate_file(source.file)))
    return path if path.is_file() else None
