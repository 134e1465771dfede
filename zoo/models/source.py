"""Where a model comes from, whatever names it: its entry, its file, its fingerprint, and the model itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from zoo.catalog.entry import Entry, Hub
from zoo.catalog.registry import entry_fingerprint, pinned_digest
from zoo.models.target import Code, Target, target_of
from zoo.overrides import Overrides, conditioned_fingerprint
from zoo.settings import ZooSettings
from zoo.sources import hub, openmodeldb
from zoo.sources.openmodeldb import OpenModelDB
from zoo.sources.transfer import Progress
from zoo.sources.weights import digest, entry_of_file, fetch

if TYPE_CHECKING:
    from lam_core.model import FeatureModel, Restorer, SuperResolver

    Model = SuperResolver | FeatureModel | Restorer


@dataclass(frozen=True, eq=False)
class Source:
    """One model by its name. Nothing is fetched or loaded before it is asked for, and no PyTorch before `load`."""

    target: Target
    settings: ZooSettings
    weights: Path | None
    """A file in place of an entry's own, or the state dict of one's own code."""
    overrides: Overrides

    @property
    def name(self) -> str:
        """Without a local file's folders."""
        match self.target:
            case Entry():
                return self.target.name
            case Hub():
                return f"{self.target.repo}:{self.target.file}"
            case OpenModelDB():
                return f"omdb:{self.target.name}"
            case Path():
                return self.target.name
        return str(self.target)

    def file(self, progress: Progress | None = None) -> Path | None:
        """The file with the weights, fetched unless it is here; None for a classical method and code without one.

        Raises a `ZooError`.
        """
        match self.target:
            case Code():
                return self.weights
            case Entry():
                if self.target.kind == "classical":
                    return None
                return self.weights or fetch(self.target, self.settings, progress=progress)
            case Hub():
                return hub.download(self.target, self.settings, committed=False, progress=progress)
            case OpenModelDB():
                return openmodeldb.fetch(self.target, self.settings, progress=progress)
        return self.target

    def entry(self, progress: Progress | None = None) -> Entry | None:
        """The entry that was named, or that pins this very file; a file on the Hub is fetched to know it."""
        if isinstance(self.target, Entry):
            return self.target
        if isinstance(self.target, Code) or (path := self.file(progress)) is None:
            return None
        return entry_of_file(path, self.settings)

    def fingerprint(self, progress: Progress | None = None) -> str | None:
        """That of the model, where it can be known without loading it.

        An entry of a known digest costs nothing; one without is fetched. None for a file that no entry describes, for
        code, and where one of several parameter sets is used: those are loaded to be known.
        """
        entry = self.entry(progress)
        if entry is None or entry.kind == "classical":
            return None
        if entry.kind == "super-resolver" and (self.overrides.get("params") or entry.params) is not None:
            return None
        sha256 = pinned_digest(entry)
        if sha256 is None and (path := self.file(progress)) is not None:
            sha256 = digest(path)
        assert sha256 is not None, "every network has a file"
        return conditioned_fingerprint(entry_fingerprint(entry, sha256, self.overrides), self.overrides)

    def load(self, progress: Progress | None = None) -> Model:
        """The model itself. Raises a `LamError`."""
        if isinstance(self.target, Code):
            from zoo.models.python_file import own_network

            return own_network(self.target, self.weights, **self.overrides)
        path, entry = self.file(progress), self.entry(progress)
        if path is None:
            from zoo.models.restorers import restorer

            assert entry is not None, "only an entry names a classical method"
            return restorer(entry)
        from zoo.models.from_file import load_checkpoint, load_entry

        if entry is not None:
            return load_entry(entry, path, **self.overrides)
        return load_checkpoint(path, name=self.name, largest=self.settings.largest, **self.overrides)


def resolve(
    x: str | Path | Entry, settings: ZooSettings, *, weights: str | Path | None = None, **overrides: Unpack[Overrides]
) -> Source:
    """The source of the model that `x` names. Raises what `target_of` raises."""
    return Source(target_of(x, settings), settings, None if weights is None else Path(weights), overrides)
