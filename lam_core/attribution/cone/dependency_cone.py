"""The exact dependency cone of a rectangle of super-resolved pixels.

A window of the output depends on a part of every layer alone. The cone computes just that part, forward and backward,
with zeros only where a layer's true border is: values and gradients are those of the whole network.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lam_core.attribution.cone.plan import plan
from lam_core.attribution.cone.program import Program
from lam_core.attribution.cone.trace import Graph, Prepared, UntraceableError, trace
from lam_core.errors import LamError
from lam_core.model import SuperResolver

MINIMUM_SAVING = 0.01
"""A cone that saves a smaller share of the multiply-adds is not cropped at all."""

ASKED_WHOLE = "the whole network was asked for"

_PLANS = 256
_GRAPHS = 16

Rectangle = tuple[tuple[int, int], tuple[int, int]]
_GraphKey = tuple[tuple[int, ...], torch.dtype, torch.device]


class RectangleError(LamError):
    """Rows or columns that are not a part of the super-resolved picture, or an input of another size than planned."""


@dataclass(frozen=True)
class Cone:
    """A rectangle of a network's output as a function of the network's input.

    `cone(x)` is `model(x)[..., rows, columns]`, float [B, 3, rows, columns], with the same gradient with respect to x
    (once: the gradient itself is not differentiable). May be called from several threads at once.
    """

    model: SuperResolver
    height: int
    """Of the LR input, in pixels."""
    width: int
    rows: tuple[int, int]
    """First row of the rectangle and the row after its last, in SR pixels."""
    columns: tuple[int, int]
    saving: float
    """Share of the multiply-adds of a whole forward pass that is not computed; 0 where the network runs uncropped."""
    fallback: str = ""
    """Why the network runs uncropped; empty where it is cropped."""
    numbers: int = 0
    """How many numbers a pass over one picture gives, over all layers; 0 where the network runs as it is."""

    def __call__(self, x: Tensor) -> Tensor:
        if x.shape[-2:] != (self.height, self.width):
            raise RectangleError(
                f"this cone was planned for an input of {self.height}×{self.width} pixels and was given "
                f"{x.shape[-2]}×{x.shape[-1]}; plan one for that size"
            )
        program = _plans(self.model).program(x, self.rows, self.columns) if self.fallback != ASKED_WHOLE else None
        if program is None:
            return self.model(x)[..., slice(*self.rows), slice(*self.columns)]
        return program(x)


def cone(
    model: SuperResolver,
    height: int,
    width: int,
    rows: tuple[int, int],
    columns: tuple[int, int],
    *,
    cropped: bool = True,
    pictures: int = 1,
) -> Cone:
    """Plans the cone of a rectangle of the SR output, for batches of `pictures` LR inputs of `height` × `width` pixels.

    `rows` and `columns` are [first, last + 1) in SR pixels. Plans are kept, so asking again costs nothing; not
    `cropped`, nothing is planned and the network runs as it is. Raises `RectangleError` if the rectangle is empty or
    leaves the SR picture.
    """
    for name, (first, stop), size in (("rows", rows, height), ("columns", columns, width)):
        if not 0 <= first < stop <= size * model.scale:
            raise RectangleError(
                f"{name} {first} to {stop} are not inside the SR picture's {size * model.scale}; "
                f"give 0 ≤ first < stop ≤ {size * model.scale}"
            )
    if not cropped:
        return Cone(model, height, width, rows, columns, 0.0, ASKED_WHOLE)
    parameter = next(model.module.parameters(), torch.zeros(()))
    choice = _plans(model).choice(((pictures, 3, height, width), parameter.dtype, parameter.device), (rows, columns))
    numbers = choice.program.numbers // pictures if choice.program else 0
    return Cone(model, height, width, rows, columns, choice.saving, choice.fallback, numbers)


@dataclass(frozen=True)
class _Choice:
    """What is run for a rectangle: its cone, the whole network as a program, or the network as it is."""

    program: Program | None
    saving: float
    fallback: str


@dataclass(frozen=True)
class _Plans:
    """All that is known of one network: its graphs by input, and a program for each rectangle asked for."""

    network: weakref.ref[SuperResolver]
    lock: threading.Lock = field(default_factory=threading.Lock)
    prepared: Prepared = field(default_factory=Prepared)
    graphs: OrderedDict[_GraphKey, Graph | str] = field(default_factory=OrderedDict)
    choices: OrderedDict[tuple[_GraphKey, Rectangle], _Choice] = field(default_factory=OrderedDict)

    def program(self, x: Tensor, rows: tuple[int, int], columns: tuple[int, int]) -> Program | None:
        """What to run for an input like x; None: the network as it is."""
        return self.choice((tuple(x.shape), x.dtype, x.device), (rows, columns)).program

    def choice(self, key: _GraphKey, rectangle: Rectangle) -> _Choice:
        """What to run for a rectangle, planned on first use."""
        found = self.choices.get((key, rectangle))
        if found is not None:
            return found
        with self.lock:
            found = self.choices.get((key, rectangle))
            if found is None:
                found = self._choose(key, rectangle)
                _remember(self.choices, (key, rectangle), found, _PLANS)
        return found

    def _choose(self, key: _GraphKey, rectangle: Rectangle) -> _Choice:
        known = self.graphs.get(key)
        if known is None:
            known = self._trace(key)
            _remember(self.graphs, key, known, _GRAPHS)
        if isinstance(known, str):
            return _Choice(None, 0.0, known)
        try:
            cropped = plan(known, *rectangle)
            if cropped.saving >= MINIMUM_SAVING:
                return _Choice(cropped.program, cropped.saving, "")
            reason = f"cropping would save only {max(cropped.saving, 0):.1%} of the multiply-adds"
            return _Choice(plan(known, *rectangle, cropped=False).program, 0.0, reason)
        except Exception as error:  # A network is foreign code: what no rule foresaw is a reason to run it as it is.
            return _Choice(None, 0.0, f"the network's cone cannot be planned: {error}")

    def _trace(self, key: _GraphKey) -> Graph | str:
        model = self.network()
        assert model is not None
        try:
            return trace(model, *key, self.prepared)
        except UntraceableError as error:
            return f"the network cannot be traced: {error}"


_KNOWN: weakref.WeakKeyDictionary[SuperResolver, _Plans] = weakref.WeakKeyDictionary()
_KNOWN_LOCK = threading.Lock()


def _plans(model: SuperResolver) -> _Plans:
    with _KNOWN_LOCK:
        if model not in _KNOWN:
            _KNOWN[model] = _Plans(weakref.ref(model))
        return _KNOWN[model]


def _remember(kept: OrderedDict, key: object, value: object, most: int) -> None:
    kept[key] = value
    if len(kept) > most:
        kept.popitem(last=False)
