"""From a file of weights to its model: by an entry, or by what the file itself tells."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from lam_core.convention import fingerprint_of
from lam_core.model import FeatureModel, SuperResolver
from zoo.catalog.entry import Entry
from zoo.catalog.registry import entry_fingerprint, pinned_digest
from zoo.checkpoints.errors import MismatchError
from zoo.checkpoints.network import Network
from zoo.checkpoints.read import LARGEST, read_state
from zoo.formats.declared import read_declared
from zoo.models.classifiers import classifier
from zoo.overrides import Overrides, overridden, says_of_convention
from zoo.sources.weights import digest, verify


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
    # What detects networks takes seconds to load, and bundled ones do without.
    from zoo.formats.network import read_network

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
