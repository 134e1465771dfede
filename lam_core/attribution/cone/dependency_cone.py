"""The exact dependency cone of a rectangle of super-resolved pixels.

A window of the output depends on a part of every layer alone. The cone computes just that part, forward and backward,
with zeros only where a layer's true border is: values and gradients are those of the whole network.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lam_core.attribution.cone.graph import Graph, Prepared, UntraceableError
from lam_core.attribution.cone.plan import Borders, Work, pictures_are_independent, plan
from lam_core.attribution.cone.program import Program
from lam_core.attribution.cone.shared_forward import NotSharedError, SharedForward
from lam_core.attribution.cone.trace import trace
from lam_core.errors import LamError, sentence
from lam_core.lru import Lru
from lam_core.model import SuperResolver
from lam_core.module_state import undisturbed

MINIMUM_SAVING = 0.01
"""A cone that saves a smaller share of the multiply-adds is not cropped at all."""

ASKED_WHOLE = "the whole network was asked for"
TRACED_WHOLE = "the whole network was asked for, step by step"

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
    borders: Borders = (True, True, True, True)
    """Whether the window depends on the input's first row, last row, first column, last column."""
    program: Program | None = field(default=None, repr=False)
    """What is run; None where the network runs as it is."""
    digest: str = ""
    """Of the operations that the network consists of; empty where it cannot be traced."""
    foreign: bool = False
    """Whether the program runs some of the network's own code, which may change the network."""
    lower_precision: int = 0
    """Bits of the lowest precision in which the network computes; 0 where none is below that of its weights."""
    work: Work | None = None
    """What a forward pass over the planned pictures takes; None where the network cannot be traced."""

    def __call__(self, x: Tensor) -> Tensor:
        if x.shape[-2:] != (self.height, self.width):
            raise RectangleError(
                f"this cone was planned for an input of {self.height}×{self.width} pixels and was given "
                f"{x.shape[-2]}×{x.shape[-1]}; plan one for that size"
            )
        program = self.program
        if program is not None and _key(x) != program.takes:
            whole = self.fallback == TRACED_WHOLE
            program = _plans(self.model).choice(_key(x), (self.rows, self.columns), whole).program
        if program is not None and not self.foreign:
            return program(x)
        with undisturbed(self.model.module):
            return program(x) if program else self.model(x)[..., slice(*self.rows), slice(*self.columns)]


def cone(
    model: SuperResolver,
    height: int,
    width: int,
    rows: tuple[int, int],
    columns: tuple[int, int],
    *,
    cropped: bool = True,
    traced: bool = True,
    pictures: int = 1,
) -> Cone:
    """Plans the cone of a rectangle of the SR output, for batches of `pictures` LR inputs of `height` × `width` pixels.

    `rows` and `columns` are [first, last + 1) in SR pixels. Plans are kept, so asking again costs nothing. Not
    `cropped`, every layer is computed whole; not `traced` either, the network runs as it is. Raises `RectangleError` if
    the rectangle is empty or leaves the SR picture.
    """
    for name, (first, stop), size in (("rows", rows, height), ("columns", columns, width)):
        if not 0 <= first < stop <= size * model.scale:
            raise RectangleError(
                f"{name} {first} to {stop} are not inside the SR picture's {size * model.scale}; "
                f"give 0 ≤ first < stop ≤ {size * model.scale}"
            )
    if not cropped and not traced:
        return Cone(model, height, width, rows, columns, 0.0, ASKED_WHOLE)
    choice = _plans(model).choice(_shape(model, height, width, pictures), (rows, columns), not cropped)
    numbers = choice.program.numbers // pictures if choice.program else 0
    return Cone(
        *(model, height, width, rows, columns, choice.saving, choice.fallback, numbers),
        borders=choice.borders,
        program=choice.program,
        digest=choice.digest,
        foreign=choice.foreign,
        lower_precision=choice.lower_precision,
        work=choice.work,
    )


def independent(model: SuperResolver, height: int, width: int, pictures: int) -> bool:
    """Whether it is certain that no picture of a batch of so many has a part in what becomes of another."""
    return pictures == 1 or _plans(model).independent(_shape(model, height, width, pictures))


def share(views: Sequence[Cone]) -> SharedForward | None:
    """One forward pass for the cones of several rectangles of one network's output on inputs of one size.

    None where a cone needs what that pass does not give, or runs the network's own code.
    """
    first = views[0]
    graph = _plans(first.model).known_graph(_shape(first.model, first.height, first.width, 1))
    programs = [view.program for view in views if view.program is not None and not view.foreign]
    if graph is None or len(programs) < len(views):
        return None
    rows, columns = (
        (min(low for low, _ in spans), max(high for _, high in spans))
        for spans in ([view.rows for view in views], [view.columns for view in views])
    )
    try:
        return SharedForward(graph, programs, rows, columns)
    except NotSharedError:
        return None


def _shape(model: SuperResolver, height: int, width: int, pictures: int) -> _GraphKey:
    return (pictures, 3, height, width), model.dtype, model.device


def _key(x: Tensor) -> _GraphKey:
    return tuple(x.shape), x.dtype, x.device


@dataclass(frozen=True)
class _Choice:
    """What is run for a rectangle: its cone, the whole network as a program, or the network as it is."""

    program: Program | None
    saving: float
    fallback: str
    borders: Borders = (True, True, True, True)
    digest: str = ""
    foreign: bool = False
    lower_precision: int = 0
    work: Work | None = None


@dataclass(frozen=True)
class _Plans:
    """All that is known of one network: its graphs by input, and a program for each rectangle asked for."""

    network: weakref.ref[SuperResolver]
    lock: threading.Lock = field(default_factory=threading.Lock)
    prepared: Prepared = field(default_factory=Prepared)
    graphs: Lru[Graph | str] = field(default_factory=lambda: Lru(_GRAPHS))
    choices: Lru[_Choice] = field(default_factory=lambda: Lru(_PLANS))
    apart: dict[_GraphKey, bool] = field(default_factory=dict)

    def choice(self, key: _GraphKey, rectangle: Rectangle, whole: bool) -> _Choice:
        """What to run for a rectangle, planned on first use; `whole`: every layer in full."""
        found = self.choices.get((key, rectangle, whole))
        if found is not None:
            return found
        with self.lock:
            found = self.choices.get((key, rectangle, whole))
            if found is None:
                found = self._choose(key, rectangle, whole)
                self.choices.put((key, rectangle, whole), found)
        return found

    def independent(self, key: _GraphKey) -> bool:
        """Whether the pictures of a batch are certain not to meet."""
        with self.lock:
            if key not in self.apart:
                graph = self._graph(key)
                try:
                    self.apart[key] = not isinstance(graph, str) and not graph.draws and pictures_are_independent(graph)
                except Exception:  # What no rule foresaw is not certain.
                    self.apart[key] = False
            return self.apart[key]

    def _choose(self, key: _GraphKey, rectangle: Rectangle, whole: bool) -> _Choice:
        graph = self._graph(key)
        if isinstance(graph, str):
            return _Choice(None, 0.0, graph)
        about = {"digest": graph.digest, "foreign": graph.foreign, "lower_precision": graph.lower_precision}
        try:
            reason = TRACED_WHOLE
            if not whole:
                cropped = plan(graph, *rectangle)
                saving = cropped.work.saving
                if saving >= MINIMUM_SAVING:
                    return _Choice(cropped.program, saving, "", cropped.borders, work=cropped.work, **about)
                reason = f"cropping would save only {max(saving, 0):.1%} of the multiply-adds"
            in_full = plan(graph, *rectangle, cropped=False)
            return _Choice(in_full.program, 0.0, reason, work=in_full.work, **about)
        except Exception as error:  # A network is foreign code: what no rule foresaw is a reason to run it as it is.
            return _Choice(None, 0.0, f"the network's cone cannot be planned: {sentence(error)}")

    def known_graph(self, key: _GraphKey) -> Graph | None:
        """The network's graph on inputs like that; None where it cannot be traced."""
        with self.lock:
            graph = self._graph(key)
        return None if isinstance(graph, str) else graph

    def _graph(self, key: _GraphKey) -> Graph | str:
        graph = self.graphs.get(key)
        if graph is None:
            graph = self._trace(key)
            self.graphs.put(key, graph)
        return graph

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
