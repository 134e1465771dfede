"""What a network computes: a graph of operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any

import torch
from torch import Tensor


class UntraceableError(Exception):
    """A network whose computation cannot be written down beforehand; the message says why."""


@dataclass(frozen=True, eq=False)
class Node:
    """One tensor of the network that depends on its input, and the operation that makes it."""

    target: Any
    """The ATen operation; None at the network's input."""
    args: tuple[Any, ...]
    """Its arguments: a `Node` for a tensor that depends on the input, a constant for everything else."""
    kwargs: Mapping[str, Any]
    shape: tuple[int, ...]
    dtype: torch.dtype
    device: torch.device
    pick: int | None = None
    """Which one of the operation's results this is, where it gives several."""
    detached: bool = False
    """Whether the network computes it under `torch.no_grad()`."""

    @cached_property
    def arguments(self) -> dict[str, Any]:
        """All arguments by the names of the operation's schema, defaults filled in."""
        bound: dict[str, Any] = {}
        for position, argument in enumerate(self.target._schema.arguments):
            if position < len(self.args):
                bound[argument.name] = self.args[position]
            else:
                bound[argument.name] = self.kwargs.get(argument.name, argument.default_value)
        return bound

    @cached_property
    def sources(self) -> tuple[Node, ...]:
        """The nodes among the arguments, in order, repeated where they are used twice."""
        return tuple(a for a in leaves((self.args, dict(self.kwargs))) if isinstance(a, Node))


@dataclass(frozen=True)
class Prepared:
    """A network's weights in the layouts that the operations want, shared by all its graphs and plans."""

    made: dict[tuple[Any, ...], tuple[Tensor, Tensor]] = field(default_factory=dict)

    def get(self, weight: Tensor, kind: tuple[Any, ...], make: Callable[[Tensor], Tensor]) -> Tensor:
        """`make(weight)`, made once for each kind."""
        key = (id(weight), *kind)
        if key not in self.made:
            with torch.no_grad():
                # The weight is kept beside what was made of it: its id must not pass to another tensor.
                self.made[key] = (weight, make(weight.detach()))
        return self.made[key][1]


@dataclass(frozen=True)
class Graph:
    """A network on one input shape: its nodes in order of computation, from `input` to `output`."""

    nodes: tuple[Node, ...]
    input: Node
    output: Node
    device: torch.device
    prepared: Prepared
    foreign: bool = False
    """Whether steps run the network's own code, which may change the network."""
    draws: bool = False
    """Whether the network draws random numbers, which are constants here."""

    @cached_property
    def digest(self) -> str:
        """Digest of the operations and of all their arguments but the tensors' values."""
        place = {node: str(number) for number, node in enumerate(self.nodes)}

        def named(leaf: Any) -> str:
            if isinstance(leaf, Node):
                return place[leaf]
            return str(tuple(leaf.shape)) if isinstance(leaf, Tensor) else repr(leaf)

        text = []
        for node in self.nodes:
            given = " ".join(map(named, leaves((node.args, tuple(node.kwargs), tuple(node.kwargs.values())))))
            text.append(f"{node.target} {given} {node.shape} {node.dtype} {node.pick} {node.detached}")
        return sha256("\n".join([*text, place[self.output]]).encode()).hexdigest()

    @cached_property
    def lower_precision(self) -> int:
        """Bits of the lowest precision in which some of it is computed; 0 where none is below the input's."""
        numbers = (node.dtype for node in self.nodes if node.dtype.is_floating_point or node.dtype.is_complex)
        lowest = min(torch.finfo(dtype).bits for dtype in numbers)
        return lowest if lowest < torch.finfo(self.input.dtype).bits else 0


_ATOMS = {int, float, bool, str, type(None), Tensor, Node}
"""Most of what is no container, told from one at a glance."""


def leaves(value: Any) -> Iterator[Any]:
    """Everything in nested lists, tuples and dictionaries that is none of these."""
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    else:
        yield value


def substitute(value: Any, replace: Callable[[Any], Any]) -> Any:
    """`value` with every leaf replaced."""
    kind = type(value)
    if kind in _ATOMS:
        return replace(value)
    if isinstance(value, (list, tuple)):
        return kind([substitute(item, replace) for item in value])
    if isinstance(value, dict):
        return {key: substitute(item, replace) for key, item in value.items()}
    return replace(value)
