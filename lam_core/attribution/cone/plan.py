"""From a graph and a rectangle of its output to a program: what is wanted of each node, found from the end."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Set
from dataclasses import dataclass

from lam_core.attribution.cone.graph import Graph, Node
from lam_core.attribution.cone.index_sets import Extent, crop, interval, shape_of, union, whole
from lam_core.attribution.cone.kernels.attention import MANY, Attention
from lam_core.attribution.cone.kernels.products import Product, Softmax, StridedSoftmax
from lam_core.attribution.cone.program import Origin, Program, Step
from lam_core.attribution.cone.rules import layouts, planes, pointwise, reductions  # noqa: F401  They register.
from lam_core.attribution.cone.rules.moves import move
from lam_core.attribution.cone.rules.pictures import of_each_picture
from lam_core.attribution.cone.rules.rule import Planned, Request, plan_node

CROP_WORTHWHILE = 0.15
"""A layer of which cropping would save a smaller share is computed whole: crops cost copies."""


Borders = tuple[bool, bool, bool, bool]
"""Whether a window depends on its input's first row, last row, first column, last column."""

_Entry = tuple[Node, Planned, list[Request]]


@dataclass(frozen=True)
class Work:
    """What a forward pass takes."""

    cost: int
    """Multiply-adds of the program."""
    whole_cost: int
    """Multiply-adds of the whole network."""
    whole_numbers: int
    """How many numbers the whole network's layers give."""

    @property
    def saving(self) -> float:
        """Share of the whole network's multiply-adds that is not computed."""
        return 1 - self.cost / max(self.whole_cost, 1)


@dataclass(frozen=True)
class Plan:
    """A program, and what it takes."""

    program: Program
    work: Work
    borders: Borders


def plan(
    graph: Graph,
    rows: tuple[int, int],
    columns: tuple[int, int],
    *,
    cropped: bool = True,
    kept: Set[Node] = frozenset(),
) -> Plan:
    """The program that gives these rows and columns of the output; cropped, it computes only what they need.

    The values of `kept` nodes are still there after its last step.
    """
    shape = graph.output.shape
    wanted: dict[Node, Extent] = {}

    def ask(node: Node, extent: Extent) -> Request:
        while (moved := move(node, extent)) is not None:
            node, extent = moved
        known = wanted.get(node)
        if known is None:
            wanted[node] = tuple(union(positions, positions) for positions in extent)
        else:
            wanted[node] = tuple(union(one, other) for one, other in zip(known, extent, strict=True))
        return node, extent

    if not cropped:
        ask(graph.output, whole(shape))
    result = ask(graph.output, (*whole(shape[:2]), interval(*rows), interval(*columns)))
    planned: list[_Entry] = []
    for node in reversed(graph.nodes):
        if node in wanted and node is not graph.input:
            extent = wanted[node]
            if math.prod(shape_of(extent)) > (1 - CROP_WORTHWHILE) * math.prod(node.shape):
                extent = whole(node.shape)
            how = plan_node(graph, node, extent)
            planned.append((node, how, [ask(*request) for request in how.requests]))
    planned.reverse()
    cost = sum(how.cost for _, how, _ in planned)
    whole_cost = sum(how.operations_each * math.prod(node.shape) for node, how, _ in planned)
    left_out = [node for node in graph.nodes if node not in wanted and node is not graph.input and all(node.shape)]
    left_out = [node for node in left_out if move(node, whole(node.shape)) is None]
    whole_cost += sum(plan_node(graph, node, whole(node.shape)).cost for node in left_out)
    whole_numbers = sum(math.prod(node.shape) for node in (*left_out, *(entry[0] for entry in planned)))
    read = wanted.get(graph.input, whole(graph.input.shape))
    ends = [(bool(p[0] == 0), bool(p[-1] == size - 1)) for p, size in zip(read, graph.input.shape, strict=True)][-2:]
    borders = (*ends[0], *ends[1])
    program = _program(graph, _joined(graph, planned, result), result, kept)
    return Plan(program, Work(cost, whole_cost, whole_numbers), borders)


def pictures_are_independent(graph: Graph) -> bool:
    """Whether every picture of the output depends on its own picture of the input alone, by what the rules know."""
    return all(_reads_alone(graph, picture) for picture in range(graph.input.shape[0]))


def _reads_alone(graph: Graph, picture: int) -> bool:
    alone = interval(picture, picture + 1)
    wanted: dict[Node, Extent] = {}

    def ask(node: Node, extent: Extent) -> None:
        while (moved := move(node, extent)) is not None:
            node, extent = moved
        known = wanted.get(node, extent)
        wanted[node] = tuple(union(one, other) for one, other in zip(known, extent, strict=True))

    ask(graph.output, (alone, *whole(graph.output.shape[1:])))
    for node in reversed(graph.nodes):
        if node in wanted and node is not graph.input:
            requests = of_each_picture(node, wanted[node])
            for request in plan_node(graph, node, wanted[node]).requests if requests is None else requests:
                ask(*request)
    read = wanted.get(graph.input)
    # A picture that depends on no picture was overwritten with another one's.
    return read is not None and read[0].tolist() == [picture]


def _joined(graph: Graph, planned: list[_Entry], result: Request) -> list[_Entry]:
    """The plan with every large attention, which networks write as product, softmax and product, as one operation."""
    entries = {entry[0]: entry for entry in planned}
    readers = _readers(planned, result)
    inner: set[Node] = set()
    joined: dict[Node, _Entry] = {}

    def reads_alone(request: Request) -> _Entry | None:
        """What the request reads, if nothing else does and it reads all of it."""
        source, extent = request
        entry = entries.get(source)
        alone = entry and readers[source] == 1 and crop(entry[1].computed, extent, graph.device) is None
        return entry if alone else None

    for node, how, requests in planned:
        if not _is_product(how):
            continue
        weights = reads_alone(requests[0])
        if weights is None or not isinstance(softmax := weights[1].operation, Softmax | StridedSoftmax):
            continue
        scores = reads_alone(weights[2][0])
        if scores is None or not _is_product(scores[1]) or math.prod(shape_of(scores[1].computed)) < MANY:
            continue
        if isinstance(softmax, StridedSoftmax) and softmax.dim != 1:
            continue
        operation = Attention(over_queries=isinstance(softmax, StridedSoftmax))
        parts = [*scores[2], requests[1]]
        joined[node] = node, Planned(how.computed, tuple(parts), operation, how.operations_each), parts
        inner |= {weights[0], scores[0]}
    return [joined.get(entry[0], entry) for entry in planned if entry[0] not in inner]


def _is_product(how: Planned) -> bool:
    """Whether it is a product of two stacks of matrices that both vary, and nothing else."""
    product = how.operation
    plain = isinstance(product, Product) and product.one is None and product.other is None and product.addend is None
    return plain and len(how.computed) == 3


def _readers(planned: list[_Entry], result: Request) -> Counter[Node]:
    return Counter([result[0], *(source for _, _, requests in planned for source, _ in requests)])


def _program(graph: Graph, planned: list[_Entry], result: Request, kept: Set[Node]) -> Program:
    held: dict[Node, Extent] = {graph.input: whole(graph.input.shape)}
    index: dict[Node, int] = {graph.input: 0}
    last: dict[Node, int] = {}
    readers = _readers(planned, result)
    for number, (node, how, requests) in enumerate(planned):
        held[node] = how.computed
        index[node] = number + 1
        for source, _ in requests:
            last[source] = number
    last.pop(result[0], None)
    # Values of which one reader alone may do what it likes with the memory.
    fresh: set[Node] = set()
    steps = []
    for number, (node, how, requests) in enumerate(planned):
        inputs = tuple((index[source], crop(held[source], extent, graph.device)) for source, extent in requests)
        operation = how.operation
        for position, ((source, _), (_, cut)) in enumerate(zip(requests, inputs, strict=True)):
            overwriting = operation.overwriting(position) if cut is None and source in fresh else None
            if overwriting is not None:
                operation = overwriting
                break
        passed_on = operation.same_memory and inputs[0][1] is None and requests[0][0] in fresh
        if readers[node] == 1 and node not in kept and (operation.new_value or passed_on):
            fresh.add(node)
        frees = {index[source] for source, _ in requests if last.get(source) == number and source not in kept}
        origin = Origin(node, how.computed, tuple(requests), how.operation)
        steps.append(Step(operation, inputs, index[node], shape_of(how.computed), tuple(frees), origin))
    node, extent = result
    takes = graph.input.shape, graph.input.dtype, graph.device
    return Program(tuple(steps), takes, index[node], crop(held[node], extent, graph.device))
