"""Whether a model can be used now: here, to be fetched, or out of reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from zoo.catalog.entry import Bundled, Entry, GitHub, Hub, Lfs, Package, Release
from zoo.settings import ZooSettings
from zoo.sources.connectivity import CONNECTIVITY
from zoo.sources.weights import find

Kind = Literal["here", "remote", "offline", "package", "local"]


@dataclass(frozen=True)
class Availability:
    """Where a model's weights are, as far as a user can act on it."""

    kind: Kind
    """`here`; `remote`, to be fetched; `offline`, on a server that cannot be reached; `package`, in a package that is
    not installed; `local`, a file of the user's that was not supplied."""
    bytes: int | None = None
    """Size of what would be fetched, where it is known."""

    @property
    def text(self) -> str:
        """A few words for chips, cards and tables.

        >>> Availability("remote", 2_873_788).text
        'to be fetched, 2.9 MB'
        """
        size = "" if self.bytes is None else f", {self.bytes / 1e6:.1f} MB"
        words = {"package": "in a package", "local": "needs your file", "remote": f"to be fetched{size}"}
        return words.get(self.kind, self.kind)


def availability(entry: Entry, settings: ZooSettings) -> Availability:
    """Whether an entry's model can be used now.

    The first question of a process about one that is not here may take 1.5 s, later ones take no time.
    """
    source = entry.weights
    if source is None or find(entry, settings) is not None:
        return Availability("here")
    if isinstance(source, Package):
        return Availability("package", source.bytes)
    if isinstance(source, Hub | GitHub | Lfs | Release):
        kind = "remote" if CONNECTIVITY.reaches(settings.address_of(source.source), settings) else "offline"
        return Availability(kind, source.bytes)
    return Availability("here" if isinstance(source, Bundled) else "local")
