"""The one verb: which input pixels made this window of a network's output."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, isfinite

import numpy as np
from numpy.typing import NDArray
from torch import nn

from lam_core.attribution.computation import Computation
from lam_core.attribution.detectors import Detector
from lam_core.attribution.estimate import Estimate
from lam_core.attribution.gradients import Gradients, in_precision
from lam_core.attribution.path import Image, path_of, reference_path
from lam_core.attribution.quadrature import (
    Integral,
    equal_lengths,
    nested_trapezoids,
    reference_sum,
    simulated,
)
from lam_core.attribution.result import Attribution, displayed
from lam_core.attribution.settings import AttributionSettings
from lam_core.attribution.warnings import completeness_error, of_completeness, of_weights
from lam_core.condition import plain
from lam_core.device import out_of_memory
from lam_core.diffusion.index import diffusion_index
from lam_core.errors import LamError
from lam_core.images import Pixels, as_pixels, digest
from lam_core.model import ModelError, SuperResolver, in_eight_bits
from lam_core.readings import warning_of
from lam_core.region import Field, Region, field_around

SURROUNDINGS = 4
"""LR pixels around the window's footprint whose change sets the spacing of nodes."""

NOTHING = 1e-12
"""A map whose largest value is below this is zero but for rounding: blurring a flat picture is not quite exact."""


class ZeroMapError(LamError):
    """A map that is zero everywhere: nothing to show, and the cause said."""


@dataclass(frozen=True, eq=False)
class Progress:
    """How far an attribution has come."""

    nodes: int
    """Gradients computed so far."""
    budget: int
    """Gradients that will be computed at most."""
    error: float
    """Estimated relative error of the displayed map as it stands."""
    signed: NDArray[np.float64]
    """The map so far, [3, h, w]."""
    estimate: Estimate | None = None
    """What the run takes at most, before the first node of one that takes long or much memory; None afterwards."""

    @property
    def announces(self) -> bool:
        """Whether it says what a large run takes, before its first node."""
        return self.estimate is not None

    @property
    def share(self) -> float:
        """Of the gradients that are computed at most."""
        return min(self.nodes / self.budget, 1.0)

    @property
    def text(self) -> str:
        """In words."""
        if self.estimate is not None:
            return f"This takes {self.estimate.sentence}"
        error = f", map error {self.error * 100:.1f} %" if isfinite(self.error) else ""
        return f"{self.nodes} of at most {self.budget} nodes{error}"

    @property
    def preview(self) -> NDArray[np.float64] | None:
        """The displayed map so far, [h, w]; None while it is zero everywhere."""
        return displayed(self.signed) if self.signed.any() else None


def attribute(
    model: SuperResolver,
    image: Pixels,
    region: Region,
    settings: AttributionSettings | None = None,
    *,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> Attribution:
    """The Local Attribution Map of one window of a network's output (Gu and Dong, CVPR 2021, equations 4 to 6).

    Args:
        model: the network; the map is computed where its weights are.
        image: the LR image, uint8 [h, w, 3], RGB.
        region: the window, in SR pixels.
        settings: how the map is computed; the default rule if None.
        on_progress: called after the preview and after every further node, and once before the first one if the run
            will take long or much memory; an exception it raises ends the computation.

    Returns:
        The signed map over LR pixels with DI, its interval, the map's estimated error and how it was computed.

    Raises:
        RegionError: the window does not lie inside the SR image.
        ZeroMapError: window or network gives nothing to attribute.
        NonFiniteMapError: the network returns NaN or infinity.
        NotDifferentiableError: its output does not depend on its input as far as PyTorch can tell.
        ModelOutputError: its output has a wrong shape.
        NetworkFailedError: its own code raised something else.
        OutOfMemoryError: not even one pass fits into memory.
    """
    if not isinstance(model, SuperResolver):
        what = type(model).__name__ if isinstance(model, nn.Module) else f"{model!r:.60}"
        raise ModelError(f"attribute was given {what}; give it as lam_core.SuperResolver(network, scale)")
    settings = settings or AttributionSettings()
    image = as_pixels(image)
    began = time.perf_counter()

    def report(integral: Integral) -> None:
        signed = integral.signed.transpose(2, 0, 1)
        on_progress(Progress(integral.nodes, settings.nodes, integral.error, signed))

    def announce(estimate: Estimate, field: Field) -> None:
        nothing = np.zeros((3, field.height, field.width))
        on_progress(Progress(0, settings.nodes, inf, nothing, estimate))

    with out_of_memory(model.device.type):
        found = integrate(model, image, region, settings, report, announce)
    measured = index_of(found.integral)
    seconds = time.perf_counter() - began
    return result_of(model, image, region, settings, found, measured, upscaled(model, image, found), seconds)


@dataclass(frozen=True, eq=False)
class Found:
    """What came of one window's sum along the path."""

    field: Field
    """The LR field around the window."""
    integral: Integral
    """The sum over the field."""
    computation: Computation
    """How it ran."""
    sr: Pixels | None = None
    """The network's picture of the field, where a pass of the untouched network has given it."""


Upscaled = tuple[SuperResolver, Pixels]
"""The network as it is fed a field, and its picture of the field."""


def upscaled(model: SuperResolver, image: Pixels, found: Found) -> Upscaled:
    """The network's picture of a field of an LR picture, computed unless it is known."""
    fed = model.on_field(found.field, *image.shape[:2])
    return fed, fed.upscale(image[found.field.slices]) if found.sr is None else found.sr


def result_of(
    model: SuperResolver,
    image: Pixels,
    region: Region,
    settings: AttributionSettings,
    found: Found,
    index: tuple[float, float],
    sr: Upscaled,
    seconds: float,
) -> Attribution:
    """The result of one window, with what `index_of` gives and the network's picture of the field."""
    field, integral = found.field, found.integral
    fed, picture = sr
    return Attribution(
        signed=np.ascontiguousarray(integral.signed.transpose(2, 0, 1)),
        diffusion_index=index[0],
        diffusion_index_error=index[1],
        map_error=integral.error,
        completeness_error=completeness_error(integral),
        nodes=integral.nodes,
        settings=settings,
        region=region,
        field=field,
        scale=model.scale,
        model=model.name,
        fingerprint=model.fingerprint,
        image=digest(image),
        sr=picture,
        lr=image[field.slices].copy(),
        seconds=seconds,
        device=model.device.type,
        condition=plain(model.values),
        computation=found.computation.warned(
            of_completeness(integral, settings.dtype), of_weights(model.module), *_of_the_network(model, fed)
        ),
    )


def _of_the_network(model: SuperResolver, fed: SuperResolver) -> tuple[str, ...]:
    """What was decided of a network, and what speaks against the way it is `fed`, a sentence or nothing each."""
    return (*model.notes, fed.output_note, warning_of(model))


def integrate(
    model: SuperResolver,
    image: Pixels,
    region: Region,
    settings: AttributionSettings,
    report: Callable[[Integral], None],
    announce: Callable[[Estimate, Field], None] | None = None,
) -> Found:
    """The field around a window of `image`, an LR picture [h, w, 3], the sum along the path over it, and how it ran.

    `announce` hears before the first pass what a large run takes.
    Raises what `attribute` raises.
    """
    height, width = image.shape[:2]
    field = field_around(region, height, width, model.scale, settings.field)
    model = model.on_field(field, height, width)
    lr = image[field.slices].astype(np.float64) / 255
    local = field.local(region, model.scale)
    detector = Detector(settings.detector, local, field.height * model.scale, field.width * model.scale)
    # The reference rule runs the network whole, as published: in float32 a unit near its kink may switch with the
    # order of additions alone, and its map should differ from the published one by nothing.
    published = settings.rule == "reference"
    gradient = Gradients(in_precision(model, settings), detector, cropped=not published, tf32=settings.dtype == "tf32")
    a_round = gradient.plan(field.height, field.width)
    if announce is not None and (expected := gradient.estimate(settings.nodes)) is not None and expected.is_large:
        announce(expected, field)
    if published:
        integral = reference_sum(reference_path(lr, settings), gradient, report=report, batch=a_round)
    else:
        near = path_of(lr[surroundings([local], field, model.scale)], settings)
        integral = nested_trapezoids(
            path_of(lr, settings),
            equal_lengths(near),
            gradient,
            nodes=settings.nodes,
            tolerance=settings.tolerance,
            report=report,
            batch=a_round,
        )
    refuse_zero(lr, integral, model)
    # What the map shows beside itself is the model's own picture, not that of a copy in another precision.
    picture = gradient.picture_of(lr) if gradient.model is model else None
    return Found(field, integral, gradient.computation, None if picture is None else in_eight_bits(picture))


def refuse_zero(lr: Image, integral: Integral, model: SuperResolver) -> None:
    """Raises `ZeroMapError` for a sum that is zero everywhere."""
    if np.abs(integral.signed.sum(2)).max() < NOTHING:
        raise ZeroMapError(_cause_of_zero(lr, integral, model))


def index_of(integral: Integral) -> tuple[float, float]:
    """DI of the displayed map and the half-width of its 95 % interval, from draws of the integral's own error.

    The interval is the wider of the two that the two kinds of draws give: which of them is right is not known.
    """

    def index(plane: NDArray) -> float:
        return diffusion_index(plane / plane.max())

    measured = index(np.abs(integral.signed.sum(2)))
    return measured, max(abs(mean - measured) + 2 * deviation for mean, deviation in simulated(integral, index))


def surroundings(windows: Sequence[Region], field: Field, scale: int) -> tuple[slice, slice]:
    """Rows and columns of the LR pixels around some windows of a field, whose change sets the spacing of nodes."""

    def span(start: int, stop: int, available: int) -> slice:
        low, high = start // scale - SURROUNDINGS, -(-stop // scale) + SURROUNDINGS
        return slice(max(low, 0), min(high, available))

    rows = min(one.y for one in windows), max(one.y + one.size for one in windows)
    columns = min(one.x for one in windows), max(one.x + one.size for one in windows)
    return span(*rows, field.height), span(*columns, field.width)


def _cause_of_zero(lr: Image, integral: Integral, model: SuperResolver) -> str:
    if not np.ptp(lr, axis=(0, 1)).any():
        return "the field around this window is one flat colour, so blurring changes nothing; choose another place"
    if integral.start == integral.end:
        return (
            f"this window of {model.name}'s output does not change along the path: it is flat, or the network "
            "does not depend on its input; choose another place or check the network"
        )
    return f"{model.name} gives this window no gradient at all; check that the network is differentiable"
