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
from zoo.formats import ncnn, onnx_file
from zoo.formats.recognise import recognise
from zoo.formats.shapes import accepted_sizes, graph_scale
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
    return best([network, _with_range(network, _other_range(network))]), digest(path)


def read_declared(
    path: Path, entry: Entry, *, params: str | None = None, input_range: float | None = None
) -> tuple[Network, str]:
    """The network in the file of an entry, which is of the architecture that the entry declares, and what names its
    weights in fingerprints.

    Raises `MismatchError` if it is not, and other `ZooError`s.
    """
    if not is_graph(path):
        chosen = read_checkpoint(path).weights(params, lambda state: is_of(entry.architecture, state))
        network = build(chosen.weights, entry.architecture, entry.hyperparameters, name=entry.id)
        if entry.untested and input_range is None:
            _check_range(network, entry)
        return _noted(network, chosen), _identity(digest(path), chosen)
    network = _graph_network(path, name=entry.id, largest=LARGEST)
    if network.architecture != entry.architecture:
        raise MismatchError(
            f"the network of {entry.id} is {network.architecture}, not {entry.architecture}, as its entry says"
        )
    return network, digest(path)


def _check_range(network: Network, entry: Entry) -> None:
    """Raises `MismatchError` if weights that no one tried restore a picture clearly better at the other range."""
    declared = replace(network, convention=entry.declared_convention())
    white = _other_range(declared)
    if best([declared, _with_range(declared, white)]) is not declared:
        raise MismatchError(
            f"the weights of {entry.id} restore a picture at 0 to {white:g}, not at the range of its entry, which was "
            f"made without its file; give the input range {white:g}"
        )


def _identity(sha256: str, chosen: Choice) -> str:
    """The digest of a file, and a parameter set of it that is not the one used by default."""
    return sha256 if chosen.is_default else f"{sha256}:{chosen.name}"


def _noted(network: Network, chosen: Choice) -> Network:
    return replace(network, notes=(*chosen.notes, *network.notes))


def _graph_network(path: Path, *, name: str, largest: int) -> Network:
    if path.suffix.lower() == ".param":
        graph = ncnn.read(path, largest=largest).eval()
        scale = graph_scale(graph, name)
        return recognise(graph, {}) or Network(graph, "ncnn", scale, Convention(), {})
    read = onnx_file.read(path, largest=largest)
    sides = accepted_sizes(read.graph, name, channels=read.channels, exported=(read.height, read.width))
    known = recognise(read.graph, read.named, channels=read.channels, size=sides.smallest)
    if known is not None:
        return known
    convention = Convention(
        colour="luma" if read.channels == 1 else "rgb",
        pad_multiple=sides.multiple,
        minimum_size=sides.minimum,
        square=sides.square,
    )
    return Network(read.graph, "onnx", sides.scale, convention, {}, sides.notes)


def _other_range(network: Network) -> float:
    return 255.0 if network.convention.input_range == 1 else 1.0


def _with_range(network: Network, input_range: float) -> Network:
    return replace(network, convention=replace(network.convention, input_range=float(input_range)))
