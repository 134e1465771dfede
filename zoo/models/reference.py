"""A model that is not loaded yet; its fingerprint is known, so that results of it are found without torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from zoo.catalog.entry import Entry, Hub
from zoo.catalog.registry import entry_fingerprint, pinned_digest
from zoo.errors import NotASuperResolverError
from zoo.models.resolve import Code, resolve
from zoo.overrides import Overrides, conditioned_fingerprint, conditioned_name
from zoo.settings import ZooSettings
from zoo.settings import settings as process_settings
from zoo.sources import hub, openmodeldb
from zoo.sources.openmodeldb import OpenModelDB
from zoo.sources.transfer import Progress
from zoo.sources.weights import digest, entry_of_file, fetch

if TYPE_CHECKING:
    from lam_core.model import FeatureModel, SuperResolver


@dataclass(frozen=True)
class Reference:
    """A super-resolution network by name; a `lam_core.reference.ModelReference` that other processes can be sent."""

    name: str
    fingerprint: str
    scale: int
    id: str | None = None
    """The entry's id, for a model that has one."""
    asked: str | Entry = field(kw_only=True)
    """What was asked for, as `zoo.load` takes it."""
    weights: str | None = field(default=None, kw_only=True)
    overrides: Overrides = field(default_factory=Overrides, kw_only=True, compare=False)
    """What was said in place of what the entry or the file says; part of the fingerprint."""
    settings: ZooSettings | None = field(default=None, kw_only=True, repr=False, compare=False)
    model: SuperResolver | None = field(default=None, kw_only=True, repr=False, compare=False)
    """The network, where it had to be loaded to be known."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided or guessed of a network that had to be loaded to be known, a sentence each."""
        return self.model.notes if self.model is not None else ()

    def load(self, progress: Progress | None = None) -> SuperResolver:
        """The network itself, fetched and read now unless it is here. Raises a `ZooError`."""
        if self.model is not None:
            return self.model
        from zoo.models.load import super_resolver

        return super_resolver(
            self.asked, weights=self.weights, settings=self.settings, progress=progress, **self.overrides
        )


@dataclass(frozen=True)
class FeatureReference:
    """A classifier by name, to be looked at by its features; a `lam_core.reference.NetworkReference`."""

    name: str
    fingerprint: str
    id: str
    """The entry's id."""
    settings: ZooSettings | None = field(default=None, kw_only=True, repr=False, compare=False)

    def load(self, progress: Progress | None = None) -> FeatureModel:
        """The classifier itself, fetched and read now unless it is here. Raises a `ZooError`."""
        from lam_core.model import FeatureModel
        from zoo.models.load import load

        model = load(self.id, settings=self.settings, progress=progress)
        assert isinstance(model, FeatureModel)
        return model


def feature_reference(x: str | Path, *, settings: ZooSettings | None = None) -> Reference | FeatureReference:
    """A network to be looked at by its features: as `reference`, and classifiers too. Raises a `ZooError`."""
    chosen = settings or process_settings()
    target = resolve(x, chosen)
    if isinstance(target, Entry) and target.kind == "classifier":
        sha256 = pinned_digest(target) or digest(fetch(target, chosen))
        return FeatureReference(target.name, entry_fingerprint(target, sha256), target.id, settings=settings)
    return reference(x, settings=settings)


def reference(
    x: str | Path | Entry,
    *,
    weights: str | Path | None = None,
    settings: ZooSettings | None = None,
    progress: Progress | None = None,
    **overrides: Unpack[Overrides],
) -> Reference:
    """What `zoo.load(x, ...)` would load, with the same fingerprint.

    An entry whose digest is known costs nothing: no torch, no file, no network. An entry without a digest is
    fetched, to know it; a checkpoint that no entry describes, a file of which a parameter set was asked for and a
    network of one's own are loaded. Raises a `LamError`, `NotASuperResolverError` for other kinds of models.
    """
    chosen = settings or process_settings()
    target = resolve(x, chosen)
    entry, file = None, Path(weights) if weights is not None else None
    if isinstance(target, Entry):
        entry = target
    elif not isinstance(target, Code):
        if isinstance(target, Hub):
            target = hub.download(target, chosen, committed=False, progress=progress)
        elif isinstance(target, OpenModelDB):
            target = openmodeldb.fetch(target, chosen, progress=progress)
        entry, file = entry_of_file(target, chosen), target
    asked: Any = {
        "asked": x if isinstance(x, Entry) else str(x),
        "weights": None if weights is None else str(weights),
        "overrides": overrides,
        "settings": settings,
    }
    if entry is not None and entry.kind != "super-resolver":
        raise NotASuperResolverError(
            f"{entry.name} is a {entry.kind}, not a super-resolution network; nothing can be attributed to it"
        )
    if entry is None or (overrides.get("params") or entry.params) is not None:
        from zoo.models.load import super_resolver

        model = super_resolver(x, weights=weights, settings=chosen, progress=progress, **overrides)
        return Reference(model.name, model.fingerprint, model.scale, entry and entry.id, model=model, **asked)
    sha256 = pinned_digest(entry) or digest(file or fetch(entry, chosen, progress=progress))
    fingerprint = conditioned_fingerprint(entry_fingerprint(entry, sha256, overrides), overrides)
    return Reference(conditioned_name(entry.name, overrides), fingerprint, entry.scale, entry.id, **asked)
