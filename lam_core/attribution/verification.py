"""Whether a plan gives what the untouched network gives, looked at once and remembered."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lam_core.attribution.cone import Cone, cone
from lam_core.attribution.detectors import Detector
from lam_core.attribution.passes import InPlaceError, Pass, draws, forward_alone, planned, untouched
from lam_core.attribution.settings import METHOD_VERSION
from lam_core.device import ran_out_of_memory
from lam_core.errors import LamError
from lam_core.lru import Lru
from lam_core.model import SuperResolver
from lam_core.service import network_facts

ROUNDING: dict[str, tuple[float, float]] = {
    "float64": (1e-9, 1e-8),
    "float32": (5e-6, 3e-5),
    "tf32": (5e-3, 5e-2),
}
"""Largest relative difference of the window, and of the gradient, that rounding explains without another look."""
EXACT = 1e-8
"""Largest relative difference in float64: beyond, plan and network are two functions."""
EXACT_IN_LOWER = 1e-4
"""The same for a network that computes in a lower precision inside."""
ALONE = 1e-4, 1e-2
"""Largest relative difference between a picture in a batch and by itself, of the window and of the gradient."""
STEP = 1e-6
"""Length of the step of finite differences."""
_MOST_VERDICTS = 4096


@dataclass(frozen=True)
class Verdict:
    """What came of comparing a plan with the untouched network at one node."""

    sound: bool
    """Whether the plan may be used; of several pictures, whether they may share a batch."""
    compared_with: str = "untouched network"
    difference: float | None = None
    """Relative L2 difference of the gradient."""
    reason: str = ""
    """Why the plan may not be used."""
    draws: bool = False
    """Whether the network draws random numbers."""


def truth_of(view: Cone, detector: Detector, found: Pass, batch: Tensor) -> Pass | None:
    """What the untouched network gives where a plan gave `found`; None where its own backward pass cannot run.

    Raises what the untouched network raises, unless its backward pass alone fails for having been written over.
    """
    try:
        return untouched(view.model, detector, batch.detach().clone(), found.slope)
    except InPlaceError:
        return None


def verify(view: Cone, detector: Detector, found: Pass, truth: Pass | None, batch: Tensor, precision: str) -> Verdict:
    """Compares what a plan gave for one picture with `truth_of` it.

    Where the two differ by more than rounding explains, a look in float64 tells a chaotic network from a wrong plan.
    """
    if truth is None:
        return _by_differences(view, detector, batch)
    random = draws(view.model, detector, batch, truth)
    values, slopes = _relative(found.window, truth.window), _relative(found.slopes, truth.slopes)
    if explained_by_rounding(found, truth, precision):
        return Verdict(True, difference=slopes, draws=random)
    exact = math.inf if precision == "float64" else _in_double(view, detector, batch)
    limit = EXACT_IN_LOWER if view.lower_precision else EXACT
    if exact <= limit or (precision == "float64" and view.lower_precision and max(values, slopes) <= EXACT_IN_LOWER):
        return Verdict(True, difference=slopes, draws=random)
    differs = f"{slopes:.1e} in the gradient, {values:.1e} in the output"
    reason = f"its plan differed from the network itself ({differs})"
    return Verdict(False, difference=slopes, reason=reason, draws=random)


def same_output(planned: Tensor, truth: Tensor, precision: str) -> bool:
    """Whether a plan's output differs from the untouched network's by no more than rounding explains."""
    return _relative(planned, truth) <= ROUNDING[precision][0]


def explained_by_rounding(found: Pass, truth: Pass, precision: str) -> bool:
    """Whether two passes over one picture differ by so little that nothing else needs to explain it."""
    same_slopes = _relative(found.slopes, truth.slopes) <= ROUNDING[precision][1]
    return same_slopes and same_output(found.window, truth.window, precision)


def meets_no_other(in_batch: Pass, alone: Pass) -> bool:
    """Whether the last picture of a batch came out as by itself."""
    window, slopes = _relative(in_batch.window[-1:], alone.window), _relative(in_batch.slopes[-1:], alone.slopes)
    return window <= ALONE[0] and slopes <= ALONE[1]


def same_window(one: Tensor, other: Tensor) -> bool:
    """Whether two runs of a network gave the same, as far as rounding goes."""
    return _relative(one, other) <= 1e-3 or not bool(one.sum().isfinite())


def _in_double(view: Cone, detector: Detector, batch: Tensor) -> float:
    """The largest relative difference in float64; infinite where the network does not run in it."""
    try:
        double = _double(view)
        x = batch.detach().double()
        found = planned(double, detector, x.clone())
        truth = untouched(double.model, detector, x, found.slope)
    except Exception as error:  # it may be anybody's network
        if ran_out_of_memory(error):
            raise
        return math.inf
    return max(_relative(found.window, truth.window), _relative(found.slopes, truth.slopes))


def _by_differences(view: Cone, detector: Detector, batch: Tensor) -> Verdict:
    """For a network whose own backward pass fails: the plan's gradient beside finite differences, in float64."""
    try:
        double = _double(view)
        x = batch.detach().double()
        found = planned(double, detector, x.clone())
        direction = found.slopes / found.slopes.norm()
        ahead, here, behind = (forward_alone(double.model, detector, x + step * direction) for step in (STEP, 0, -STEP))
    except LamError as error:
        return Verdict(False, reason=str(error))
    expected = float(((ahead - behind) * found.slope).sum() / (2 * STEP))
    difference = abs(expected / float(found.slopes.norm()) - 1)
    values = _relative(found.window, here)
    limit = EXACT_IN_LOWER if view.lower_precision else EXACT
    if values <= limit and difference <= 1e-3:
        return Verdict(True, compared_with="finite differences", difference=difference)
    return Verdict(False, difference=difference, reason="its plan differed from the network itself")


def _double(view: Cone) -> Cone:
    model = view.model.to(dtype=torch.float64)
    return cone(model, view.height, view.width, view.rows, view.columns)


def _relative(one: Tensor, other: Tensor) -> float:
    difference, size = float((one.double() - other.double()).norm()), float(other.double().norm())
    if difference == 0:
        return 0.0
    return difference / size if size else math.inf


_KNOWN = Lru[Verdict](_MOST_VERDICTS)


def recall(model: SuperResolver, view: Cone, precision: str, pictures: int) -> Verdict | None:
    """What is known of a network's plans of this size, place, precision and batch."""
    identity = _identity(model, view, precision, pictures)
    key = repr(identity)
    if (known := _KNOWN.get(key)) is not None:
        return known
    fact = network_facts.look_up(identity)
    if fact is None:
        return None
    with suppress(TypeError):
        verdict = Verdict(**fact)
        _KNOWN.put(key, verdict)
        return verdict
    return None


def remember(model: SuperResolver, view: Cone, precision: str, pictures: int, verdict: Verdict) -> None:
    """Keeps a verdict in this process, and in the store if there is one; not of a network that gives NaN."""
    if not np.isfinite([figure for figure in asdict(verdict).values() if isinstance(figure, float)]).all():
        return
    identity = _identity(model, view, precision, pictures)
    _KNOWN.put(repr(identity), verdict)
    network_facts.keep(identity, asdict(verdict))


def _identity(model: SuperResolver, view: Cone, precision: str, pictures: int) -> dict[str, Any]:
    return {
        "kind": "verdict",
        "version": METHOD_VERSION,
        "fingerprint": model.fingerprint,
        "operations": view.digest,
        "size": [view.height, view.width],
        "place": [int(reached) for reached in view.borders],
        "window": [view.rows[1] - view.rows[0], view.columns[1] - view.columns[0]],
        "cropped": not view.fallback,
        "precision": precision,
        "pictures": pictures,
        "device": model.device.type,
        "torch": torch.__version__,
    }
