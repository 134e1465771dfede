"""One forward pass whose values serve the backward passes of many rectangles of the output.

Forward runs the dependency cone of the box around all of them. Backward, each rectangle goes back on its own cone,
whose steps find what they need among the values of the shared pass, cut to their part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lam_core.attribution.cone.graph import Graph, Node
from lam_core.attribution.cone.index_sets import Crop, Extent, crop, shape_of, whole
from lam_core.attribution.cone.kernels.operations import Operation
from lam_core.attribution.cone.plan import plan
from lam_core.attribution.cone.program import Origin, Program

Interval = tuple[int, int]
"""First row or column, and the one after the last, in SR pixels."""


class NotSharedError(Exception):
    """A rectangle whose backward pass needs what the shared forward pass does not give."""


@dataclass(frozen=True)
class Recall:
    """How a step finds what it needs on its way back."""

    operation: Operation
    parts: tuple[tuple[Node, Crop | None], ...]
    """Of its inputs, or of its value alone."""
    known: Any
    """What it needs, where that is no values at all."""

    def __call__(self, values: dict[Node, Tensor]) -> Any:
        """What the step's own forward pass would have kept."""
        if self.operation.reads == "shapes":
            return self.known
        found = [values[node] if cut is None else cut.take(values[node]) for node, cut in self.parts]
        with torch.no_grad():
            return self.operation.recall(found, found[0])


@dataclass(frozen=True)
class WayBack:
    """The backward pass of one rectangle."""

    program: Program
    recalls: tuple[Recall, ...]

    def __call__(self, gradient: Tensor, values: dict[Node, Tensor]) -> Tensor:
        """The gradient at the network's input, from that at the rectangle."""
        with torch.no_grad():
            return self.program.run_back(gradient, _Recalled(self.recalls, values))


class _Recalled:
    """What the steps need, found when its turn has come."""

    def __init__(self, recalls: Sequence[Recall], values: dict[Node, Tensor]) -> None:
        self.left, self.values = list(recalls), values

    def pop(self) -> Any:
        return self.left.pop()(self.values)


class SharedForward:
    """The forward pass of the box around some rectangles, and their ways back, in their order."""

    def __init__(self, graph: Graph, programs: Sequence[Program], rows: Interval, columns: Interval) -> None:
        """`rows` and `columns` are those of the box. Raises `NotSharedError`."""
        needed = {node for program in programs for step in program.steps for node in _reads(step.origin)}
        planned = plan(graph, rows, columns, kept=needed)
        self.rows, self.columns = rows, columns
        self.saving = planned.work.saving
        """Share of a whole forward pass's multiply-adds that is not computed."""
        self._forward = planned.program
        held = {step.origin.node: step.origin.computed for step in self._forward.steps}
        held[graph.input] = whole(graph.input.shape)
        places = {graph.input: 0} | {step.origin.node: step.output for step in self._forward.steps}
        if not needed <= held.keys():
            raise NotSharedError("some values are not computed")
        self._needed = {node: place for node, place in places.items() if node in needed}
        self.ways = tuple(
            WayBack(program, tuple(_recall(step.origin, held, graph.device) for step in program.steps))
            for program in programs
        )

    def __call__(self, x: Tensor) -> tuple[Tensor, dict[Node, Tensor]]:
        """The box of the network's output, and the values that ways back need."""
        with torch.no_grad():
            return self._forward.run_keeping(x, self._needed)


def _reads(origin: Origin) -> tuple[Node, ...]:
    match origin.operation.reads:
        case "inputs":
            return tuple(node for node, _ in origin.sources)
        case "value":
            return (origin.node,)
    return ()


def _recall(origin: Origin, held: dict[Node, Extent], device: torch.device) -> Recall:
    operation = origin.operation
    if operation.reads == "shapes":
        inputs = [torch.empty(()).expand(shape_of(extent)) for _, extent in origin.sources]
        return Recall(operation, (), operation.recall(inputs, torch.empty(()).expand(shape_of(origin.computed))))
    wanted = origin.sources if operation.reads == "inputs" else ((origin.node, origin.computed),)
    if not all(_within(extent, held[node]) for node, extent in wanted):
        raise NotSharedError("some values are computed in part only")
    return Recall(operation, tuple((node, crop(held[node], extent, device)) for node, extent in wanted), None)


def _within(extent: Extent, held: Extent) -> bool:
    return all(len(np.setdiff1d(wants, has)) == 0 for wants, has in zip(extent, held, strict=True) if wants is not has)
