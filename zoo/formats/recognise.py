"""Finds the architecture behind a graph of operators: a candidate counts if it computes the very same.

The order and the shapes of a graph's layers suggest an architecture; whether it is that one is settled by running both
on one input in double precision.
"""

from __future__ import annotations

import contextlib
import copy
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from lam_core.convention import Convention
from zoo.checkpoints.detect import build, candidates
from zoo.checkpoints.merged_branches import merge_branches
from zoo.checkpoints.network import Network
from zoo.errors import ZooError
from zoo.formats.graph import OperatorGraph

SAME = 1e-6
"""Largest difference, as a share of the largest output, between a graph and the architecture behind it: files keep
slopes and factors in single precision."""
HEIGHT, WIDTH = 7, 5
"""Of the picture that both are run on: odd, and unlike each other."""


def recognise(
    graph: OperatorGraph,
    named: Mapping[str, Tensor],
    *,
    channels: int = 3,
    size: tuple[int, int] = (HEIGHT, WIDTH),
) -> Network | None:
    """The network of a known architecture that computes what the graph does, or nothing.

    `named` are the graph's weights under the names that its file gives them, `channels` those of its input, and
    `size` is the height and width of a small picture that it takes.
    """
    x = torch.rand(1, channels, *size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = copy.deepcopy(graph).double()(x)
        for network in _candidates(graph, named):
            try:
                found = copy.deepcopy(network.module).double()(x)
            except Exception:  # whatever an architecture raises on weights that only look like its own
                continue
            if found.shape != expected.shape:
                continue
            if float((found - expected).abs().max()) <= SAME * float(expected.abs().max()):
                return network
    return None


def _candidates(graph: OperatorGraph, named: Mapping[str, Tensor]) -> Iterator[Network]:
    layers = [layer for layer in graph.modules() if isinstance(layer, nn.Conv2d | nn.PReLU)]
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    with contextlib.suppress(ZooError):
        yield from candidates(named, name="the graph")
    with contextlib.suppress(ZooError):
        if len(convolutions) < len(layers):
            yield build(_numbered(layers), "Compact", {}, name="the graph")
        elif keys := _rrdbnet_keys(len(convolutions)):
            yield build(_under(keys, convolutions), "ESRGAN", {}, name="the graph")
        elif len(convolutions) == len(SPAN_LAYERS):
            yield from _spans(graph, convolutions)


def _numbered(layers: Sequence[nn.Module]) -> dict[str, Tensor]:
    return {f"body.{i}.{key}": tensor for i, layer in enumerate(layers) for key, tensor in layer.state_dict().items()}


def _under(keys: Sequence[str], layers: Sequence[nn.Module]) -> dict[str, Tensor]:
    return {
        f"{key}.{part}": tensor
        for key, layer in zip(keys, layers, strict=True)
        for part, tensor in layer.state_dict().items()
    }


def _rrdbnet_keys(convolutions: int) -> list[str]:
    """The layers of an RRDBNet of scale 4 in their order, nothing if it cannot have that many."""
    blocks, rest = divmod(convolutions - 6, 15)
    if rest or blocks < 1:
        return []
    return [
        "conv_first",
        *(f"body.{b}.rdb{r}.conv{c}" for b in range(blocks) for r in (1, 2, 3) for c in (1, 2, 3, 4, 5)),
        *("conv_body", "conv_up1", "conv_up2", "conv_hr", "conv_last"),
    ]


SPAN_LAYERS = (
    "conv_1",
    *(f"block_{block}.c{c}_r" for block in range(1, 7) for c in (1, 2, 3)),
    *("conv_2", "conv_cat", "upsampler.0"),
)
"""SPAN's layers in their order, training's branches merged."""


def _spans(graph: OperatorGraph, convolutions: Sequence[nn.Conv2d]) -> Iterator[Network]:
    """SPAN with the mean and the range that the graph's numbers may be, and without either."""
    from spandrel.architectures.SPAN import SPAN

    features, channels = convolutions[0].weight.shape[:2]
    scale = round((convolutions[-1].out_channels / channels) ** 0.5)
    sizes = {"num_in_ch": channels, "num_out_ch": channels, "feature_channels": features, "upscale": scale}
    # The shortest decimal of a number in single precision, as its authors wrote it.
    means = [tuple(float(str(v)) for v in t.flatten().numpy()) for t in graph.buffers() if t.numel() == channels]
    forms: list[dict[str, Any]] = [
        {"norm": True, "img_range": white, "rgb_mean": mean} for mean, white in itertools.product(means, (255.0, 1.0))
    ]
    weights = {
        f"{key}{'' if key in ('conv_cat', 'upsampler.0') else '.eval_conv'}.{part}": tensor
        for key, convolution in zip(SPAN_LAYERS, convolutions, strict=True)
        for part, tensor in convolution.state_dict().items()
    }
    for form in [*forms, {"norm": False}]:
        with torch.device("meta"):  # its initial weights are not drawn
            network = merge_branches(SPAN(**sizes, **form))
        extra = {} if form["norm"] else {"no_norm": torch.zeros(1)}
        try:
            network.load_state_dict({**weights, **extra}, assign=True)
        except RuntimeError:  # other shapes
            return
        yield Network(network.eval(), "SPAN", scale, Convention(), {**sizes, **form})
