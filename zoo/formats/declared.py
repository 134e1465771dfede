"""The network of an entry in a file of weights. What detects networks is not loaded for architectures of our own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from zoo.architectures import known
from zoo.catalog.entry import Entry
from zoo.checkpoints.errors import MismatchError
from zoo.checkpoints.network import Network
from zoo.checkpoints.own import build_own
from zoo.checkpoints.parameter_sets import Choice
from zoo.checkpoints.read import LARGEST, Checkpoint, read_checkpoint
from zoo.sources.companion_files import is_graph
from zoo.sources.weights import digest


def read_declared(
    path: Path, entry: Entry, *, params: str | None = None, input_range: float | None = None
) -> tuple[Network, str]:
    """The network in the file of an entry, which is of the architecture that the entry declares, and what names its
    weights in fingerprints.

    Raises `MismatchError` if it is not, and other `ZooError`s.
    """
    if not is_graph(path):
        network, chosen = _of_checkpoint(read_checkpoint(path), entry, params)
        if entry.untested and input_range is None:
            _check_range(network, entry)
        return noted(network, chosen), identity_of(digest(path), chosen)
    from zoo.formats.graph_network import graph_network

    network = graph_network(path, name=entry.id, largest=LARGEST)
    if network.architecture != entry.architecture:
        raise MismatchError(
            f"the network of {entry.id} is {network.architecture}, not {entry.architecture}, as its entry says"
        )
    return network, digest(path)


def _of_checkpoint(checkpoint: Checkpoint, entry: Entry, params: str | None) -> tuple[Network, Choice]:
    own = known(entry.architecture)
    if own is not None:
        chosen = checkpoint.weights(params, lambda state: own.detect(dict(state)))
        return build_own(chosen.weights, own, entry.hyperparameters, name=entry.id), chosen
    from zoo.checkpoints.detect import build, is_of

    chosen = checkpoint.weights(params, lambda state: is_of(entry.architecture, state))
    return build(chosen.weights, entry.architecture, entry.hyperparameters, name=entry.id), chosen


def _check_range(network: Network, entry: Entry) -> None:
    """Raises `MismatchError` if weights that no one tried restore a picture clearly better at the other range."""
    from zoo.checkpoints.choose_convention import best

    declared = replace(network, convention=entry.declared_convention())
    white = declared.other_range
    if best([declared, declared.read_at(white)]) is not declared:
        raise MismatchError(
            f"the weights of {entry.id} restore a picture at 0 to {white:g}, not at the range of its entry, which was "
            f"made without its file; give the input range {white:g}"
        )


def identity_of(sha256: str, chosen: Choice) -> str:
    """The digest of a file, and a parameter set of it that is not the one used by default."""
    return sha256 if chosen.is_default else f"{sha256}:{chosen.name}"


def noted(network: Network, chosen: Choice) -> Network:
    """The network with what there is to say of the choice of its weights."""
    return replace(network, notes=(*chosen.notes, *network.notes))
