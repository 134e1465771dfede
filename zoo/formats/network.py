"""The network in a file, whatever its format: a state dict whose architecture is found, or a graph."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lam_core.convention import Convention
from zoo.catalog.entry import Entry
from zoo.checkpoints.choose_convention import best
from zoo.checkpoints.detect import MismatchError, build, detect, is_known, is_of
from zoo.checkpoints.network import Network
from zoo.checkpoints.parameter_sets import Choice
from zoo.checkpoints.read import LARGEST, read_checkpoint
from zoo.formats import ncnn
from zoo.formats.recognise import recognise
from zoo.formats.shapes import graph_scale
from zoo.sources.companion_files import is_graph
from zoo.sources.weights import digest


def read_network(
    path: Path,
    *,
    name: str,
    input_range: float | None = None,
    scale: int | None = None,
    params: str | None = None,
    largest: int = LARGEST,
) -> tuple[Network, str]:
    """The network in a file that no entry describes, and what names its weights in fingerprints.

    Raises a `ZooError`.
    """
    if not is_graph(path):
        checkpoint = read_checkpoint(path, largest=largest)
        chosen = checkpoint.weights(params, is_known)
        told = checkpoint.hyperparameters
        network = detect(chosen.weights, name=name, input_range=input_range, scale=scale, told=told)
        return _noted(network, chosen), _identity(digest(path), chosen)
    network = _graph_network(path, name=name, largest=largest)
    if input_range is not None:
        return _with_range(network, input_range), digest(path)
    return best([network, _with_range(network, 255.0)]), digest(path)


def read_declared(path: Path, entry: Entry, *, params: str | None = None) -> tuple[Network, str]:
    """The network in the file of an entry, which is of the architecture that the entry declares, and what names its
    weights in fingerprints.

    Raises `MismatchError` if it is not, and other `ZooError`s.
    """
    if not is_graph(path):
        chosen = read_checkpoint(path).weights(params, lambda state: is_of(entry.architecture, state))
        network = build(chosen.weights, entry.architecture, entry.hyperparameters, name=entry.id)
        return _noted(network, chosen), _identity(digest(path), chosen)
    network = _graph_network(path, name=entry.id, largest=LARGEST)
    if network.architecture != entry.architecture:
        raise MismatchError(
            f"the network of {entry.id} is {network.architecture}, not {entry.architecture}, as its entry says"
        )
    return network, digest(path)


def _identity(sha256: str, chosen: Choice) -> str:
    """The digest of a file, and a parameter set of it that is not the one used by default."""
    return sha256 if chosen.is_default else f"{sha256}:{chosen.name}"


def _noted(network: Network, chosen: Choice) -> Network:
    return replace(network, notes=(*chosen.notes, *network.notes))


def _graph_network(path: Path, *, name: str, largest: int) -> Network:
    graph = ncnn.read(path, largest=largest).eval()
    scale = graph_scale(graph, name)
    return recognise(graph, {}) or Network(graph, "ncnn", scale, Convention(), {})


def _with_range(network: Network, input_range: float) -> Network:
    return replace(network, convention=replace(network.convention, input_range=float(input_range)))
