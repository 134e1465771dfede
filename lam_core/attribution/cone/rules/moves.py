"""Operations that only choose among the elements of their source: nothing is computed, the choice is followed."""

from __future__ import annotations

from lam_core.attribution.cone.graph import Node
from lam_core.attribution.cone.index_sets import Extent, Positions, interval
from lam_core.attribution.cone.kernels.operations import aten


def move(node: Node, wanted: Extent) -> tuple[Node, Extent] | None:
    """Where the wanted elements of a node lie in its source, if all it does is to choose among them."""
    if node.target is None or node.detached:
        return None
    if node.target in _UNCHANGED:
        return node.args[0], wanted
    find = _MOVES.get(node.target)
    return find(node, wanted) if find else None


def _slice(node: Node, wanted: Extent) -> tuple[Node, Extent]:
    a = node.arguments
    source, dim = a["self"], a["dim"] % len(node.shape)
    start = slice(a["start"], a["end"], a["step"]).indices(source.shape[dim])[0]
    return source, replaced(wanted, dim, _affine(wanted[dim], start, a["step"]))


def _split(node: Node, wanted: Extent) -> tuple[Node, Extent]:
    a = node.arguments
    source, dim, pick = a["self"], a["dim"] % len(node.shape), node.pick or 0
    sizes = a.get("split_sizes")
    start = sum(sizes[:pick]) if sizes is not None else pick * a["split_size"]
    return source, replaced(wanted, dim, _affine(wanted[dim], start, 1))


def _roll(node: Node, wanted: Extent) -> tuple[Node, Extent] | None:
    a = node.arguments
    if not a["dims"]:
        return None
    for shift, dim in zip(a["shifts"], a["dims"], strict=True):
        dim %= len(node.shape)
        size = node.shape[dim]
        if shift % size and not len(wanted[dim]) == size == 1:
            wanted = replaced(wanted, dim, (wanted[dim] - shift) % size)
    return a["self"], wanted


def _flip(node: Node, wanted: Extent) -> tuple[Node, Extent]:
    for dim in node.arguments["dims"]:
        dim %= len(node.shape)
        wanted = replaced(wanted, dim, node.shape[dim] - 1 - wanted[dim])
    return node.arguments["self"], wanted


_UNCHANGED = {aten.alias.default, aten.clone.default, aten.lift_fresh.default, aten.contiguous.default}
_MOVES = {
    aten.slice.Tensor: _slice,
    aten.split.Tensor: _split,
    aten.split_with_sizes.default: _split,
    aten.roll.default: _roll,
    aten.flip.default: _flip,
}


def _affine(positions: Positions, start: int, step: int) -> Positions:
    if step == 1:
        if start == 0:
            return positions
        if positions is interval(int(positions[0]), int(positions[-1]) + 1):
            return interval(int(positions[0]) + start, int(positions[-1]) + start + 1)
    return start + step * positions


def replaced(extent: Extent, dim: int, positions: Positions) -> Extent:
    """The extent with other positions along one dimension."""
    return (*extent[:dim], positions, *extent[dim + 1 :])
