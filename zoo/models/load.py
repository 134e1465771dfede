"""`load`, the one way to a model, whatever names it."""

from __future__ import annotations

from pathlib import Path

from lam_core.convention import fingerprint_of
from lam_core.model import FeatureModel, Restorer, SuperResolver
from zoo.catalog.entry import Entry, Hub
from zoo.catalog.registry import entry_fingerprint, pinned_digest
from zoo.checkpoints.detect import MismatchError
from zoo.checkpoints.read import LARGEST, read_state
from zoo.errors import NotASuperResolverError
from zoo.formats.network import read_declared, read_network
from zoo.models.classifiers import classifier
from zoo.models.python_file import own_network
from zoo.models.resolve import Code, resolve
from zoo.models.restorers import restorer
from zoo.settings import ZooSettings
from zoo.settings import settings as process_settings
from zoo.sources import hub
from zoo.sources.transfer import Progress
from zoo.sources.weights import digest, entry_of_file, fetch, verify

Model = SuperResolver | FeatureModel | Restorer


def load(
    x: str | Path | Entry,
    *,
    input_range: float | None = None,
    weights: str | Path | None = None,
    params: str | None = None,
    settings: ZooSettings | None = None,
    progress: Progress | None = None,
) -> Model:
    """The model that `x` names: an entry's id, an entry's TOML file, a checkpoint, `owner/repo:file` on the Hub,
    or `path.py:build`, a function that returns a network of one's own. An entry itself is its own name.

    A super-resolution network comes as a `SuperResolver`: float RGB [B, 3, h, w] in [0, 1] to [B, 3, s·h, s·w],
    differentiable. A classifier comes as a `FeatureModel`, a classical method as a `Restorer`.

    `input_range` (1 or 255) overrides what the entry says or the weights tell. `weights` is a file to use in place
    of the entry's own, or the state dict of `path.py:build`. `params` names one of several parameter sets in the file,
    such as `ema`; what was taken is said in the model's `notes`. A checkpoint whose digest an entry pins is that
    entry's model, with its conventions. Raises a `ZooError` whose message says what to do.
    """
    settings = settings or process_settings()
    target = resolve(x, settings)
    file = Path(weights) if weights is not None else None
    if isinstance(target, Code):
        return own_network(target.path, target.function, input_range=input_range, weights=file, params=params)
    if isinstance(target, Entry):
        if target.kind == "classical":
            return restorer(target)
        path = file or fetch(target, settings, progress=progress)
        return load_entry(target, path, input_range=input_range, params=params)
    if isinstance(target, Hub):
        name = f"{target.repo}:{target.file}"
        path = hub.download(target, settings, committed=False, progress=progress)
    else:
        name, path = target.name, target
    if known := entry_of_file(path, settings):
        return load_entry(known, path, input_range=input_range, params=params)
    return load_checkpoint(path, name=name, input_range=input_range, params=params, largest=settings.largest)


def super_resolver(
    x: str | Path | Entry,
    *,
    input_range: float | None = None,
    weights: str | Path | None = None,
    params: str | None = None,
    settings: ZooSettings | None = None,
    progress: Progress | None = None,
) -> SuperResolver:
    """As `load`, for callers that can use nothing else. Raises `NotASuperResolverError` for other kinds."""
    model = load(x, input_range=input_range, weights=weights, params=params, settings=settings, progress=progress)
    if not isinstance(model, SuperResolver):
        raise NotASuperResolverError(f"{model.name} is no super-resolution network; nothing can be attributed to it")
    return model


def load_entry(
    entry: Entry, path: Path, *, input_range: float | None = None, params: str | None = None
) -> SuperResolver | FeatureModel:
    """The model of an entry with the weights in a file, of the parameter set `params`. Raises a `ZooError`."""
    verify(path, pinned_digest(entry), entry.id)
    if entry.kind == "classifier":
        return classifier(entry, read_state(path, params=params), fingerprint=entry_fingerprint(entry, digest(path)))
    network, weights = read_declared(path, entry, params=params)
    if network.scale != entry.scale:
        raise MismatchError(f"the weights of {entry.id} enlarge ×{network.scale}; its entry says ×{entry.scale}")
    return SuperResolver(
        network.module,
        network.scale,
        convention=entry.declared_convention(input_range),
        name=entry.name,
        fingerprint=entry_fingerprint(entry, weights, input_range),
        notes=network.notes,
    )


def load_checkpoint(
    path: Path,
    *,
    name: str,
    input_range: float | None = None,
    params: str | None = None,
    largest: int = LARGEST,
) -> SuperResolver:
    """The super-resolution network in a file that no entry describes. Raises a `ZooError`."""
    network, weights = read_network(path, name=name, input_range=input_range, params=params, largest=largest)
    convention = network.convention
    return SuperResolver(
        network.module,
        network.scale,
        convention=convention,
        name=name,
        fingerprint=fingerprint_of(weights, network.identity, network.scale, convention),
        notes=network.notes,
    )
