"""One forward and one backward pass: of the network as it is, or of a plan made of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from lam_core.attribution.cone import Cone
from lam_core.attribution.cone.graph import leaves
from lam_core.attribution.detectors import Detector
from lam_core.device import ran_out_of_memory
from lam_core.diagnosis import NetworkFailedError, explain
from lam_core.errors import LamError, sentence
from lam_core.model import SuperResolver
from lam_core.module_state import undisturbed
from lam_core.randomness import seeded


class NotDifferentiableError(LamError):
    """A network whose output is cut off from its input."""


class PlanFailedError(NetworkFailedError):
    """A plan of a network that raised; the network itself may not."""


class InPlaceError(NetworkFailedError):
    """A network that writes over values which its own backward pass needs."""


FREED = "backward through the graph a second time"
"""In what PyTorch says of a graph that one way back has used up."""
FURTHER_LOOKS = 2
"""Further passes that must have drawn random numbers before a network is said to draw them."""


@dataclass(frozen=True, eq=False)
class Pass:
    """What one pass gives for a batch of pictures."""

    window: Tensor
    """The SR pixels that D reads, [B, 3, rows, columns]."""
    values: Tensor
    """D of every picture, [B]."""
    slope: Tensor
    """∂D/∂window."""
    slopes: Tensor
    """∂D/∂x, [B, 3, h, w]."""
    drew: bool = False
    """Whether random numbers were drawn meanwhile, by the network or, seldom, by another thread; see `draws`."""
    picture: Tensor | None = None
    """The whole SR picture, [B, 3, s·h, s·w], where all of it was computed."""

    @property
    def last(self) -> Pass:
        """What it gives for the last picture."""
        return Pass(self.window[-1:], self.values[-1:], self.slope[-1:], self.slopes[-1:])


def planned(view: Cone, detector: Detector, batch: Tensor) -> Pass:
    """A pass of a plan. Raises `PlanFailedError`."""
    try:
        return _planned(view, detector, batch)
    except NetworkFailedError as error:
        raise PlanFailedError(str(error)) from error


def _planned(view: Cone, detector: Detector, batch: Tensor) -> Pass:
    with foreign_code(view.model, batch):
        batch = batch.requires_grad_(True)
        window = view(batch)
        values, slope = _slope(view.model, detector, window)
        if not view.foreign:
            (slopes,) = torch.autograd.grad(_projected(window, slope), batch)
            return Pass(window.detach(), values, slope, slopes)
        with undisturbed(view.model.module):
            (slopes,) = torch.autograd.grad(_projected(window, slope), batch)
        return Pass(window.detach(), values, slope, slopes)


def untouched(model: SuperResolver, detector: Detector, batch: Tensor, slope: Tensor | None = None) -> Pass:
    """A pass of the network as it is, which stays as it was, every time with the same random numbers.

    `slope`: ∂D/∂window to go back with, if not that of the network's own window. Raises `NotDifferentiableError`,
    `InPlaceError`, `NetworkFailedError`.
    """
    try:
        return _untouched(model, detector, batch, slope)
    except NetworkFailedError as error:
        if FREED not in str(error.__cause__):
            raise
        # A network may keep tensors computed from its weights, such as folded kernels. One way back uses up their
        # graph; from then on, the way to the picture alone is gone.
        return _untouched(model, detector, batch, slope, to_the_picture_alone=True)


def _untouched(
    model: SuperResolver, detector: Detector, batch: Tensor, slope: Tensor | None, *, to_the_picture_alone: bool = False
) -> Pass:
    # As published: in another layout sums run in another order, and a unit near its kink may switch.
    batch = batch.detach().contiguous().requires_grad_(True)
    part = (..., slice(*detector.rows), slice(*detector.columns))
    with foreign_code(model, batch), undisturbed(model.module), seeded(model.device) as drawn, torch.enable_grad():
        picture = model(batch)
        window = picture[part]
        values, own = _slope(model, detector, window)
        # `autograd.grad`, and `inputs`, would be refused by checkpoints of the older kind.
        only = [batch] if to_the_picture_alone else None
        _projected(window, own if slope is None else slope).backward(inputs=only)
        drew = drawn()
    if batch.grad is None:
        raise NotDifferentiableError(_cut_off(model))
    return Pass(window.detach(), values, own, batch.grad, drew, picture.detach())


def _projected(window: Tensor, slope: Tensor) -> Tensor:
    """A number whose gradient with respect to the window is `slope`, exactly.

    PyTorch takes such a gradient as an argument too, but loads SymPy for it, half a second that a first map waits.
    """
    return (window * slope).sum()


def draws(model: SuperResolver, detector: Detector, batch: Tensor, found: Pass) -> bool:
    """Whether a network draws random numbers, given one pass of it as it is over the same `batch`.

    The generators are the whole process's. One pass that leaves them alone shows that the network draws nothing, and
    that what was drawn before was drawn by another thread. Raises what `untouched` raises.
    """
    return found.drew and all(untouched(model, detector, batch.detach().clone()).drew for _ in range(FURTHER_LOOKS))


def forward_alone(model: SuperResolver, detector: Detector, batch: Tensor) -> Tensor:
    """The window of the network as it is, without a gradient."""
    # With gradients on, as in every other pass: a network may take a gradient of its own on its way.
    with foreign_code(model, batch), undisturbed(model.module), seeded(model.device), torch.enable_grad():
        window = model(batch.detach().contiguous())[..., slice(*detector.rows), slice(*detector.columns)]
        return window.detach().clone()


def once_more(model: SuperResolver, detector: Detector, batch: Tensor) -> tuple[Tensor, int]:
    """The window of the network as it is, and bits of the lowest precision inside; 0 where none is below its own."""
    watch = _Precision(model.dtype)
    part = (..., slice(*detector.rows), slice(*detector.columns))
    try:
        with undisturbed(model.module), seeded(model.device), torch.enable_grad():
            # What depends on the picture is told from constants by its gradient.
            x = batch.detach().contiguous().requires_grad_(True)
            with watch:
                window = model(x)[part].detach().clone()
    except Exception as error:  # Not every network bears being watched.
        if ran_out_of_memory(error):
            raise
        return forward_alone(model, detector, batch), 0
    return window, watch.lowest


class _Precision(TorchDispatchMode):
    """Looks for results in a lower precision than a network's own."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # PyTorch would load its compiler, for a second, only to leave this class out of what it compiles.
        return False

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self._least = torch.finfo(dtype).bits
        self.lowest = 0
        """Bits of the lowest one; 0 if there is none."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        lower = [bits for value in leaves([found]) if (bits := _bits(value)) < self._least]
        given = leaves([args, kwargs or {}])
        if lower and any(isinstance(value, Tensor) and value.requires_grad for value in given):
            self.lowest = self._least = int(min(lower))
        return found


def _bits(value: Any) -> float:
    """Of a tensor's precision; infinite for all that is no number with a fraction."""
    is_number = isinstance(value, Tensor) and (value.is_floating_point() or value.is_complex())
    return torch.finfo(value.dtype).bits if is_number else math.inf


def _slope(model: SuperResolver, detector: Detector, window: Tensor) -> tuple[Tensor, Tensor]:
    if not window.requires_grad:
        raise NotDifferentiableError(_cut_off(model))
    return detector.with_slope(window.detach())


def _cut_off(model: SuperResolver) -> str:
    return (
        f"{model.name} gives a picture without gradient; compute it with PyTorch alone, without detach(), "
        "no_grad() or NumPy"
    )


@contextmanager
def foreign_code(model: SuperResolver, batch: Tensor) -> Iterator[None]:
    """Turns whatever a network's own code raises, forward or backward, into `NetworkFailedError`."""
    try:
        yield
    except Exception as error:  # it may be anybody's network
        if not _in_place(error):
            explain(model, batch, error)
        raise InPlaceError(
            f"{model.name} writes over values that its own backward pass needs ({sentence(error)}); choose the default "
            "rule, or have it write into new tensors"
        ) from error


def _in_place(error: Exception) -> bool:
    return isinstance(error, RuntimeError) and any(
        words in str(error)
        for words in ("modified by an inplace operation", "used in an in-place operation", "being modified inplace")
    )
