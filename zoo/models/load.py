"""`load`, the one way to a model, whatever names it."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from lam_core.convention import fingerprint_of
from lam_core.model import FeatureModel, Restorer, SuperResolver
from zoo.catalog.entry import Entry, Hub
from zoo.catalog.registry import entry_fingerprint, pinned_digest
from zoo.checkpoints.detect import MismatchError
from zoo.checkpoints.network import Network
from zoo.checkpoints.read import LARGEST, read_state
from zoo.errors import NotASuperResolverError
from zoo.formats.network import read_declared, read_network
from zoo.models.classifiers import classifier
from zoo.models.python_file import own_network
from zoo.models.resolve import Code, resolve
from zoo.models.restorers import restorer
from zoo.overrides import Overrides, overridden, says_of_convention
from zoo.settings import ZooSettings
from zoo.settings import settings as process_settings
from zoo.sources import hub, openmodeldb
from zoo.sources.openmodeldb import OpenModelDB
from zoo.sources.transfer import Progress
from zoo.sources.weights import digest, entry_of_file, fetch, verify

Model = SuperResolver | FeatureModel | Restorer


def load(
    x: str | Path | Entry,
    *,
    weights: str | Path | None = None,
    settings: ZooSettings | None = None,
    progress: Progress | None = None,
    **overrides: Unpack[Overrides],
) -> Model:
    """The model that `x` names: an entry's id, an entry's TOML file, a checkpoint, `owner/repo:file` on the Hub,
    `path.py:build`, or `package.module:Class`, what builds a network of one's own. An entry itself is its own name.

    A super-resolution network comes as a `SuperResolver`: float RGB [B, 3, h, w] in [0, 1] to [B, 3, s·h, s·w],
    differentiable. A classifier comes as a `FeatureModel`, a classical method as a `Restorer`.

    `overrides` (scale, input_range, colour, pad_multiple, params, condition) go before what the entry says, the
    weights tell or measuring finds; what was decided is said in the model's `notes`. `weights` is a file to use in
    place of the entry's own, or the state dict of one's own code. A checkpoint whose digest an entry pins is that
    entry's model, with its conventions. Raises a `LamError` whose message says what to do.
    """
    settings = settings or process_settings()
    target = resolve(x, settings)
    file = Path(weights) if weights is not None else None
    if isinstance(target, Code):
        return own_network(target, file, **overrides)
    if isinstance(target, Entry):
        if target.kind == "classical":
            return restorer(target)
        path = file or fetch(target, settings, progress=progress)
        return load_entry(target, path, **overrides)
    if isinstance(target, Hub):
        name = f"{target.repo}:{target.file}"
        path = hub.download(target, settings, committed=False, progress=progress)
    elif isinstance(target, OpenModelDB):
        name, path = f"omdb:{target.name}", openmodeldb.fetch(target, settings, progress=progress)
    else:
        name, path = target.name, target
    if known := entry_of_file(path, settings):
        return load_entry(known, path, **overrides)
    return load_checkpoint(path, name=name, largest=settings.largest, **overrides)


def super_resolver(
    x: str | Path | Entry,
    *,
    weights: str | Path | None = None,
    settings: ZooSettings | None = None,
    progress: Progress | None = None,
    **overrides: Unpack[Overrides],
) -> SuperResolver:
    """As `load`, for callers that can use nothing else. Raises `NotASuperResolverError` for other kinds."""
    model = load(x, weights=weights, settings=settings, progress=progress, **overrides)
    if not isinstance(model, SuperResolver):
        raise NotASuperResolverError(f"{model.name} is no super-resolution network; nothing can be attributed to it")
    return model


def load_entry(entry: Entry, path: Path, **overrides: Unpack[Overrides]) -> SuperResolver | FeatureModel:
    """The model of an entry with the weights in a file. Raises a `LamError`."""
    verify(path, pinned_digest(entry), entry.id)
    params = overrides.get("params") or entry.params
    if entry.kind == "classifier":
        return classifier(entry, read_state(path, params=params), fingerprint=entry_fingerprint(entry, digest(path)))
    network, weights = read_declared(path, entry, params=params, input_range=overrides.get("input_range"))
    if network.scale != entry.scale:
        raise MismatchError(f"the weights of {entry.id} enlarge ×{network.scale}; its entry says ×{entry.scale}")
    if (asked := overrides.get("scale")) not in (None, entry.scale):
        raise MismatchError(f"{entry.id} enlarges ×{entry.scale}, and scale {asked} was asked for; leave it out")
    return SuperResolver(
        network.module,
        network.scale,
        convention=overridden(entry.declared_convention(), overrides),
        name=entry.name,
        fingerprint=entry_fingerprint(entry, weights, overrides),
        condition=overrides.get("condition"),
        notes=network.notes,
        reading_is_known=not says_of_convention(overrides),
    )


def load_checkpoint(path: Path, *, name: str, largest: int = LARGEST, **overrides: Unpack[Overrides]) -> SuperResolver:
    """The super-resolution network in a file that no entry describes. Raises a `LamError`."""
    return load_network(path, name=name, largest=largest, **overrides)[0]


def load_network(
    path: Path, *, name: str, largest: int = LARGEST, **overrides: Unpack[Overrides]
) -> tuple[SuperResolver, Network]:
    """As `load_checkpoint`, with what was found out about the network."""
    network, weights = read_network(
        path,
        name=name,
        input_range=overrides.get("input_range"),
        scale=overrides.get("scale"),
        params=overrides.get("params"),
        largest=largest,
    )
    convention = overridden(network.convention, overrides)
    if (asked := overrides.get("scale")) not in (None, network.scale):
        raise MismatchError(f"{name} enlarges ×{network.scale}, and scale {asked} was asked for; leave it out")
    model = SuperResolver(
        network.module,
        network.scale,
        convention=convention,
        name=name,
        fingerprint=fingerprint_of(weights, network.identity, network.scale, convention),
        condition=overrides.get("condition"),
        notes=network.notes,
    )
    return model, network
