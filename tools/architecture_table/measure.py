"""What attribution makes of one architecture, beside plain autograd in float64."""

from __future__ import annotations

import copy
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lam_core.attribution.cone import cone
from lam_core.attribution.detectors import Detector
from lam_core.attribution.gradients import Gradients
from lam_core.convention import Convention
from lam_core.errors import LamError
from lam_core.model import SuperResolver
from lam_core.randomness import SEED
from lam_core.region import Region
from tests.conformance.fuzz.oracle import changed, largest_error, plain, points
from tools.architecture_table.builds import BUILDS
from zoo.checkpoints.detect import detect

SIZES = ((37, 53), (17, 90))
"""Height and width of the LR pictures on which gradients are compared."""
SIDE = 64
"""Side of the LR picture of the saving and the plan's time: that of a field by default."""
WINDOW = 16
STRIP = (24, 256)
"""LR picture on which the reach is measured, from a window at its left edge."""
POINTS = 3


@dataclass(frozen=True)
class Row:
    """One architecture's line of the table."""

    architecture: str
    scale: int = 0
    saving: float = 0.0
    whole: str = ""
    """Why it runs uncropped; empty where it is cropped."""
    errors: tuple[float, ...] = ()
    """Largest relative error of value and gradient, for each of `SIZES`."""
    alone: float = 0.0
    """Largest relative difference between points in one call and one by one."""
    state: str = ""
    """What is no longer as it was; empty if nothing."""
    reach: int = -1
    """How many LR pixels beyond the window its value depends on; -1 for the whole picture."""
    plan_seconds: float = 0.0
    refused: str = ""
    """Why nothing is attributed, in the sentence that a user reads."""
    note: str = ""
    """What is special about how the row was measured."""


def row(name: str) -> Row:
    """Measures one architecture, with random weights of every sign."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        try:
            found = detect(BUILDS[name]().state_dict(), name=name)
        except LamError as error:
            return Row(name, refused=str(error))
        if found.architecture != name:
            raise ValueError(f"the weights of {name} are taken for those of {found.architecture}")
        scatter(found.module)
        module, note = found.module, ""
        if _is_random(module, found.scale, found.convention):
            note = "draws random numbers"
        single = SuperResolver(module, found.scale, convention=found.convention, name=name, fingerprint=name)
        model, default, how = _comparable(single)
        note = ", ".join(filter(None, (note, how)))
        # Copies of some layers, such as einops', are in training mode again.
        untouched = copy.deepcopy(model.module).eval()
        with constants_in(default):
            try:
                compared = [_compare(model, untouched, *size) for size in SIZES]
            except LamError as error:
                return Row(name, found.scale, refused=str(error), state=changed(model.module, untouched), note=note)
            reach = _reach(model, untouched)
        began = time.perf_counter()
        detector = _detector(single.scale, SIDE, SIDE)
        Gradients(single, detector).plan(SIDE, SIDE)
        seconds = time.perf_counter() - began
        planned = cone(single, SIDE, SIDE, detector.rows, detector.columns)
        return Row(
            name,
            found.scale,
            saving=planned.saving,
            whole=planned.fallback,
            errors=tuple(error for error, _ in compared),
            alone=max(alone for _, alone in compared),
            state=changed(model.module, untouched),
            reach=reach,
            plan_seconds=seconds,
            note=note,
        )


@torch.no_grad()
def _is_random(network: nn.Module, scale: int, convention: Convention) -> bool:
    model = SuperResolver(copy.deepcopy(network), scale, convention=convention, fingerprint="tried")
    x = torch.rand(1, 3, 16, 16)
    return not torch.equal(model(x), model(x))


def _comparable(single: SuperResolver) -> tuple[SuperResolver, torch.dtype, str]:
    """The model in the highest precision in which it runs, PyTorch's default type for that, and what is special."""
    double = single.to(dtype=torch.float64)
    if _runs(double, torch.float32):
        return double, torch.float32, ""
    if _runs(double, torch.float64):
        # Constants that its forward makes are float32 unless PyTorch is told otherwise.
        return double, torch.float64, "in float64 only as PyTorch's default type"
    return single, torch.float32, "cannot run in float64: errors in float32"


@torch.no_grad()
def _runs(model: SuperResolver, default: torch.dtype) -> bool:
    """Whether it runs in its precision on the pictures that are compared."""
    try:
        for height, width in SIZES:
            with constants_in(default):
                _again(model, model.module)(torch.rand(1, 3, height, width, dtype=model.dtype))
    except RuntimeError:
        return False
    return True


@contextmanager
def constants_in(dtype: torch.dtype) -> Iterator[None]:
    """Constants that a network makes as it is built or run, such as a mean, are made in that precision."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def scatter(network: nn.Module) -> None:
    """Moves scales and biases off one and zero, where they would hide whole branches."""
    generator = torch.Generator().manual_seed(7)
    for parameter in network.parameters():
        if parameter.numel() and (parameter.squeeze().dim() < 2 or not parameter.any()):
            parameter.data += torch.rand(parameter.shape, generator=generator) * 0.3 - 0.1


def _detector(scale: int, height: int, width: int) -> Detector:
    """Of a window in the middle."""
    top, left = (height * scale - WINDOW) // 2, (width * scale - WINDOW) // 2
    return Detector("gradient", Region(left, top, WINDOW), height * scale, width * scale)


def _compare(model: SuperResolver, untouched: nn.Module, height: int, width: int) -> tuple[float, float]:
    """Largest relative error of several points in one call, and their difference from points one by one."""
    detector = _detector(model.scale, height, width)
    nodes = points(height, width, count=POINTS)
    gradients = Gradients(model, detector)
    gradients.plan(height, width)
    together = gradients(nodes)
    alone, wanted = [], []
    for node in nodes:
        alone += gradients([node])
        wanted.append(_plain(model, untouched, detector, node))
    return largest_error(together, wanted), largest_error(together, alone)


def _reach(model: SuperResolver, untouched: nn.Module) -> int:
    height, width = STRIP
    region = Region(0, (height * model.scale - WINDOW) // 2, WINDOW)
    detector = Detector("gradient", region, height * model.scale, width * model.scale)
    _, gradient = _plain(model, untouched, detector, points(height, width, count=1)[0])
    last = int(np.flatnonzero(np.abs(gradient).sum((0, 2))).max())
    return -1 if last >= width - 4 else max(last - (detector.columns[1] - 1) // model.scale, 0)


def _plain(model: SuperResolver, untouched: nn.Module, detector: Detector, node: NDArray) -> tuple[float, NDArray]:
    """Plain autograd on the network as it was; a random one draws as every node does."""
    with torch.random.fork_rng([]):
        torch.manual_seed(SEED)
        return plain(_again(model, untouched), detector, node)


def _again(model: SuperResolver, untouched: nn.Module) -> SuperResolver:
    """The network as it was."""
    return SuperResolver(copy.deepcopy(untouched), model.scale, convention=model.convention, fingerprint="plain")
