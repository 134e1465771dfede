"""The type of a download, which says whose alone it is."""

from __future__ import annotations

from hashlib import sha256

from lam_core.service.owner import Owner

OWNED = "; for="
"""What stands in the type of an owned download before its owner's mark."""


def kind_for(owner: Owner | None, mime: str) -> str:
    """The type of a download that is somebody's alone, or everybody's.

    A download's address follows from its content, name and type. For one's own picture the type says something that
    nobody else can know, so that the address cannot be found by who has the same picture.
    """
    return mime if owner is None else f"{mime}{OWNED}{mark_of(owner.name)}"


def mark_of(name: str) -> str:
    """The mark of the owner of a name, from which the name does not follow."""
    return sha256(f"download {name}".encode()).hexdigest()
