"""What a graph makes of a picture's size, found out without computing a single number."""

from __future__ import annotations

import contextlib
import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from lam_core.diagnosis import sizes
from lam_core.errors import LamError, sentence
from zoo.formats.errors import GraphError
from zoo.formats.graph import OperatorGraph

SIDE = 16
"""Of the picture that is tried."""
LARGEST_PLANE = 2**26
"""Numbers in any value that a graph may make of that picture: 1024 channels at sixteen times its size."""


def graph_scale(graph: OperatorGraph, name: str, *, channels: int = 3, height: int = SIDE, width: int = SIDE) -> int:
    """The scale of a graph that enlarges pictures.

    Raises `GraphError` for one that does something else, does not run, or would fill the memory.
    """
    size = f"{channels}×{height}×{width}"
    try:
        with torch.no_grad(), _LimitedPlanes(name):
            x = torch.zeros(1, channels, height, width, device="meta")
            shape = tuple(copy.deepcopy(graph).to("meta")(x).shape)
    except LamError:
        raise
    except Exception as error:  # whatever operators raise on shapes that do not go together
        raise GraphError(f"{name} does not run on a picture of {size}: {sentence(error)}") from error
    scale = shape[-1] // width if len(shape) == 4 else 0
    if scale < 1 or shape != (1, channels, height * scale, width * scale):
        raise GraphError(f"{name} turns 1×{size} into {'×'.join(map(str, shape))}, which is no enlarged picture")
    return scale


@dataclass(frozen=True)
class AcceptedSizes:
    """Which pictures a graph takes, and what it makes of them."""

    scale: int
    smallest: tuple[int, int]
    """Height and width of a small picture that it takes."""
    multiple: int = 1
    minimum: int = 1
    square: bool = False
    notes: tuple[str, ...] = ()


def accepted_sizes(
    graph: OperatorGraph, name: str, *, channels: int, exported: tuple[int | None, int | None]
) -> AcceptedSizes:
    """The sizes that a graph takes, tried without computing a number; `exported` are those that its file names.

    Raises `GraphError` for a graph that takes none.
    """

    def runs(height: int, width: int) -> bool:
        with contextlib.suppress(GraphError):
            graph_scale(graph, name, channels=channels, height=height, width=width)
            return True
        return False

    found = sizes(runs)
    if found is not None:
        multiple, minimum, square = found
        side = -(-max(minimum, 6) // multiple) * multiple
        small = (side, side if square else side + multiple)
        scale = graph_scale(graph, name, channels=channels, height=small[0], width=small[1])
        return AcceptedSizes(scale, small, multiple, minimum, square)
    height, width = (side or SIDE for side in exported)
    scale = graph_scale(graph, name, channels=channels, height=height, width=width)
    note = f"{name} was exported for pictures of {width}×{height} alone; export it with open sizes for others"
    return AcceptedSizes(scale, (height, width), max(height, width), max(height, width), True, (note,))


class _LimitedPlanes(TorchDispatchMode):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def __torch_dispatch__(self, operation: Any, types: Any, arguments: Any = (), options: Any = None) -> Any:
        result = operation(*arguments, **(options or {}))
        for value in tree_leaves(result):
            if isinstance(value, torch.Tensor) and value.numel() > LARGEST_PLANE:
                raise GraphError(
                    f"{self.name} makes {value.numel():,} numbers of a picture of {SIDE}×{SIDE}; "
                    "it is damaged or hostile"
                )
        return result
