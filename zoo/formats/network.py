"""The network in a file, whatever its format: a state dict whose architecture is found, or a graph."""

from __future__ import annotations

from pathlib import Path

from zoo.checkpoints.choose_convention import best
from zoo.checkpoints.detect import detect, is_known
from zoo.checkpoints.network import Network
from zoo.checkpoints.read import LARGEST, read_checkpoint
from zoo.formats.declared import identity_of, noted
from zoo.formats.graph_network import graph_network
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
        return noted(network, chosen), identity_of(digest(path), chosen)
    network = graph_network(path, name=name, largest=largest)
    if input_range is not None:
        return network.read_at(input_range), digest(path)
    return best([network, network.read_at(network.other_range)]), digest(path)
