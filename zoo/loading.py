"""`load`, the one way to a model, whatever names it."""

from __future__ import annotations

from pathlib import Path

from lam_core.convention import fingerprint_of
from lam_core.model import FeatureModel, Restorer, SuperResolver
from zoo import hub
from zoo.checkpoint import read_state
from zoo.classifiers import classifier
from zoo.detection import MismatchError, build, detect
from zoo.entry import Entry, Hub
from zoo.own_network import own_network
from zoo.references import NotASuperResolverError, entry_fingerprint, entry_of_file
from zoo.registry import pinned_digest
from zoo.restorers import restorer
from zoo.settings import ZooSettings
from zoo.settings import settings as process_settings
from zoo.targets import Code, resolve
from zoo.transfer import Progress
from zoo.weights import digest, fetch, verify

Model = SuperResolver | FeatureModel | Restorer


def load(
    x: str | Path | Entry,
    *,
    input_range: float | None = None,
    weights: str | Path | None = None,
    settings: ZooSettings | None = None,
    progress: Progress | None = None,
) -> Model:
    """The model that `x` names: an entry's id, an entry's TOML file, a checkpoint, `owner/repo:file` on the Hub,
    or `path.py:build`, a function that returns a network of one's own. An entry itself is its own name.

    A super-resolution network comes as a `SuperResolver`: float RGB [B, 3, h, w] in [0, 1] to [B, 3, s·h, s·w],
    differentiable. A classifier comes as a `FeatureModel`, a classical method as a `Restorer`.

    `input_range` (1 or 255) overrides what the entry says or the weights tell. `weights` is a file to use in place
    of the entry's own, or the state dict of `path.py:build`. A checkpoint whose digest an entry pins is that entry's
    model, with its conventions. Raises a `ZooError` whose message says what to do.
    """
    settings = settings or process_settings()
    target = resolve(x, settings)
    file = Path(weights) if weights is not None else None
    if isinstance(target, Code):
        return own_network(target.path, target.function, input_range=input_range, weights=file)
    if isinstance(target, Entry):
        if target.kind == "classical":
            return restorer(target)
        return load_entry(target, file or fetch(target, settings, progress=progress), input_range=input_range)
    if isinstance(target, Hub):
        name = f"{target.repo}:{target.file}"
        path = hub.download(target, settings, committed=False, progress=progress)
    else:
        name, path = target.name, target
    if known := entry_of_file(path, settings):
        return load_entry(known, path, input_range=input_range)
    return load_checkpoint(path, name=name, input_range=input_range, largest=settings.largest)


def super_resolver(
    x: str | Path | Entry,
    *,
    input_range: float | None = None,
    weights: str | Path | None = None,
    settings: ZooSettings | None = None,
    progress: Progress | None = None,
) -> SuperResolver:
    """As `load`, for callers that can use nothing else. Raises `NotASuperResolverError` for other kinds."""
    model = load(x, input_range=input_range, weights=weights, settings=settings, progress=progress)
    if not isinstance(model, SuperResolver):
        raise NotASuperResolverError(f"{model.name} is no super-resolution network; nothing can be attributed to it")
    return model


def load_entry(entry: Entry, path: Path, *, input_range: float | None = None) -> SuperResolver | FeatureModel:
    """The model of an entry with the weights in a file. Raises a `ZooError`."""
    verify(path, pinned_digest(entry), entry.id)
    state = read_state(path)
    sha256 = digest(path)
    if entry.kind == "classifier":
        return classifier(entry, state, fingerprint=entry_fingerprint(entry, sha256))
    network = build(state, entry.architecture, entry.hyperparameters, name=entry.id)
    if network.scale != entry.scale:
        raise MismatchError(f"the weights of {entry.id} enlarge ×{network.scale}; its entry says ×{entry.scale}")
    return SuperResolver(
        network.module,
        network.scale,
        convention=entry.declared_convention(input_range),
        name=entry.name,
        fingerprint=entry_fingerprint(entry, sha256, input_range),
    )


def load_checkpoint(
    path: Path, *, name: str, input_range: float | None = None, largest: int = 2 * 2**30
) -> SuperResolver:
    """The super-resolution network in a file that no entry describes. Raises a `ZooError`."""
    network = detect(read_state(path, largest=largest), name=name, input_range=input_range)
    convention = network.convention
    return SuperResolver(
        network.module,
        network.scale,
        convention=convention,
        name=name,
        fingerprint=fingerprint_of(digest(path), network.identity, network.scale, convention),
    )
