"""The network in a file that holds a graph of operators: one of a known architecture, or the graph as it is."""

from __future__ import annotations

from pathlib import Path

from lam_core.convention import Convention
from zoo.checkpoints.network import Network
from zoo.formats import ncnn, onnx_file
from zoo.formats.recognise import recognise
from zoo.formats.shapes import accepted_sizes, graph_scale


def graph_network(path: Path, *, name: str, largest: int) -> Network:
    """The network in a file that holds a graph of operators. Raises a `ZooError`."""
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
