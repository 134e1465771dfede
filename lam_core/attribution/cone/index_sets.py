"""Which elements of a tensor are wanted: a set of positions along each of its dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Positions = NDArray[np.int64]
"""Positions along one dimension, in the order in which they are wanted; what a tensor holds is always sorted."""

Extent = tuple[Positions, ...]
"""One `Positions` per dimension; the elements meant are their product."""


@lru_cache(65536)
def interval(start: int, stop: int) -> Positions:
    """The positions start … stop − 1. Interned, so that equal intervals are mostly one object."""
    positions = np.arange(start, stop)
    positions.flags.writeable = False
    return positions


def whole(shape: Sequence[int]) -> Extent:
    """Every element of a tensor of that shape."""
    return tuple(interval(0, size) for size in shape)


def is_interval(positions: Positions) -> bool:
    """Whether the positions are consecutive and ascending.

    >>> is_interval(interval(2, 5)), is_interval(np.array([2, 4]))
    (True, False)
    """
    first, last = int(positions[0]), int(positions[-1])
    if last - first + 1 != len(positions):
        return False
    return positions is interval(first, last + 1) or bool((np.diff(positions) == 1).all())


def hull(positions: Positions) -> Positions:
    """The shortest interval that holds all the positions."""
    if is_interval(positions):
        return interval(int(positions[0]), int(positions[-1]) + 1)
    return interval(int(positions.min()), int(positions.max()) + 1)


def union(one: Positions, other: Positions) -> Positions:
    """Sorted positions that are in either.

    >>> union(interval(4, 6), interval(0, 2)).tolist()
    [0, 1, 4, 5]
    """
    if one is other and is_interval(one):
        return one
    if is_interval(one) and is_interval(other):
        first, second = (one, other) if one[0] <= other[0] else (other, one)
        if second[0] <= first[-1] + 1:
            return interval(int(first[0]), int(max(first[-1], second[-1])) + 1)
    return np.union1d(one, other)


def is_whole(extent: Extent, shape: Sequence[int]) -> bool:
    """Whether the extent is every element of a tensor of that shape, in order."""
    return all(len(positions) == size and is_interval(positions) for positions, size in zip(extent, shape, strict=True))


def shape_of(extent: Extent) -> tuple[int, ...]:
    """Shape of a tensor that holds just that extent."""
    return tuple(len(positions) for positions in extent)


@dataclass(frozen=True)
class Crop:
    """Cuts wanted elements out of a tensor that holds more: a view wherever slices can say it."""

    slices: tuple[slice, ...]
    gathers: tuple[tuple[int, Tensor], ...] = ()
    """Dimensions whose wanted positions no slice can say, with the indices to pick."""

    @cached_property
    def channels(self) -> tuple[int, int] | None:
        """The range of dimension 1 that is cut out, if nothing else is cut."""
        if self.gathers or len(self.slices) != 2 or self.slices[0] != slice(None) or self.slices[1].step != 1:
            return None
        return self.slices[1].start, self.slices[1].stop

    def take(self, tensor: Tensor) -> Tensor:
        """The wanted elements."""
        tensor = tensor[self.slices]
        for dim, indices in self.gathers:
            tensor = tensor.index_select(dim, indices)
        return tensor

    def add(self, target: Tensor, gradient: Tensor) -> None:
        """Adds the gradient of what `take` gave to the gradient of what it was given."""
        view = target[self.slices]
        if not self.gathers:
            view.add_(gradient)
            return
        (first, indices), *rest = self.gathers
        for dim, positions in reversed(rest):
            shape = list(gradient.shape)
            shape[dim] = view.shape[dim]
            gradient = gradient.new_zeros(shape).index_add_(dim, positions, gradient)
        view.index_add_(first, indices, gradient)


def crop(held: Extent, wanted: Extent, device: torch.device) -> Crop | None:
    """How to cut `wanted` out of a tensor that holds `held`; None if that is the tensor itself."""
    slices: list[slice] = []
    gathers: list[tuple[int, Tensor]] = []
    for dim, (has, wants) in enumerate(zip(held, wanted, strict=True)):
        if has is wants or (len(has) == len(wants) and np.array_equal(has, wants)):
            slices.append(slice(None))
            continue
        at = wants - has[0] if is_interval(has) else np.searchsorted(has, wants)
        steps = np.diff(at)
        if len(at) == 1 or (steps[0] > 0 and (steps == steps[0]).all()):
            step = int(steps[0]) if len(at) > 1 else 1
            slices.append(slice(int(at[0]), int(at[-1]) + 1, step))
        else:
            slices.append(slice(None))
            gathers.append((dim, torch.as_tensor(at, device=device)))
    if not gathers and all(part == slice(None) for part in slices):
        return None
    while slices and slices[-1] == slice(None):
        slices.pop()
    return Crop(tuple(slices), tuple(gathers))
