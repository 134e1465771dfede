"""A model that is not loaded yet; its fingerprint is known, so that results of it are found without torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from zoo.catalog.entry import Entry
from zoo.errors import NotASuperResolverError
from zoo.models.source import resolve
from zoo.overrides import Overrides, conditioned_name
from zoo.settings import ZooSettings
from zoo.settings import settings as process_settings
from zoo.sources.transfer import Progress

if TYPE_CHECKING:
    from lam_core.model import FeatureModel, SuperResolver


@dataclass(frozen=True)
class Reference:
    """A super-resolution network by name; a `lam_core.reference.ModelReference` that other processes can be sent."""

    name: str
    """For lists and figures."""
    fingerprint: str
    """The network's identity: weights, code and conventions."""
    scale: int
    """Enlargement along each side."""
    id: str | None = None
    """The entry's id, for a model that has one."""
    asked: str | Entry = field(kw_only=True)
    """What was asked for, as `zoo.load` takes it."""
    weights: str | None = field(default=None, kw_only=True)
    """The file to use in place of the entry's own."""
    overrides: Overrides = field(default_factory=Overrides, kw_only=True, compare=False)
    """What was said in place of what the entry or the file says; part of the fingerprint."""
    settings: ZooSettings | None = field(default=None, kw_only=True, repr=False, compare=False)
    """Where weights are looked for; None: as the process's environment says."""
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
    asked: str | Entry = field(kw_only=True)
    """What was asked for, as `zoo.load` takes it."""
    weights: str | None = field(default=None, kw_only=True)
    settings: ZooSettings | None = field(default=None, kw_only=True, repr=False, compare=False)

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing: an entry tells all that is in a classifier's file."""
        return ()

    def load(self, progress: Progress | None = None) -> FeatureModel:
        """The classifier itself, fetched and read now unless it is here. Raises a `ZooError`."""
        from lam_core.model import FeatureModel
        from zoo.models.load import load

        model = load(self.asked, weights=self.weights, settings=self.settings, progress=progress)
        assert isinstance(model, FeatureModel)
        return model


def feature_reference(
    x: str | Path | Entry,
    *,
    weights: str | Path | None = None,
    settings: ZooSettings | None = None,
    **overrides: Unpack[Overrides],
) -> Reference | FeatureReference:
    """A network to be looked at by its features: as `reference`, and classifiers too. Raises a `LamError`."""
    source = resolve(x, settings or process_settings(), weights=weights, **overrides)
    entry = source.target
    if isinstance(entry, Entry) and entry.kind == "classical":
        raise NotASuperResolverError(f"{entry.name} is a classical method and has no features; choose a network")
    if isinstance(entry, Entry) and entry.kind == "classifier":
        fingerprint = source.fingerprint()
        assert fingerprint is not None, "a classifier's entry tells all that is in it"
        file, asked = None if weights is None else str(weights), x if isinstance(x, Entry) else str(x)
        return FeatureReference(entry.name, fingerprint, entry.id, asked=asked, weights=file, settings=settings)
    return reference(x, weights=weights, settings=settings, **overrides)


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
    network of one's own are loaded.

    Args:
        x, weights, settings, progress, overrides: as for `zoo.load`.

    Returns:
        Name, scale and fingerprint of the network, which `load` on it loads.

    Raises:
        NotASuperResolverError: another kind of model.
        LamError: of the kinds that `zoo.load` raises.
    """
    source = resolve(x, settings or process_settings(), weights=weights, **overrides)
    entry = source.entry(progress)
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
    fingerprint = source.fingerprint(progress)
    if entry is None or fingerprint is None:
        from zoo.models.load import super_resolver

        model = super_resolver(x, weights=weights, settings=settings, progress=progress, **overrides)
        return Reference(model.name, model.fingerprint, model.scale, entry and entry.id, model=model, **asked)
    return Reference(conditioned_name(entry.name, overrides), fingerprint, entry.scale, entry.id, **asked)
