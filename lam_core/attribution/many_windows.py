"""Many windows of one picture, attributed together: those that lie in one field share every forward pass.

Windows of a field share their nodes too. The next nodes go where the largest error of any window is expected, and a
window whose own estimate is below the tolerance is done.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lam_core.attribution.attribute import (
    Found,
    Upscaled,
    ZeroMapError,
    index_of,
    integrate,
    refuse_zero,
    result_of,
    surroundings,
    upscaled,
)
from lam_core.attribution.detectors import Detector
from lam_core.attribution.gradients import in_precision
from lam_core.attribution.passes import PlanFailedError
from lam_core.attribution.path import path_of
from lam_core.attribution.quadrature import FIRST_NODES, NestedSum, Node, Piece, equal_lengths
from lam_core.attribution.result import Attribution
from lam_core.attribution.settings import AttributionSettings
from lam_core.attribution.settings import Detector as DetectorName
from lam_core.attribution.shared_passes import SharedPasses
from lam_core.images import Pixels, as_pixels
from lam_core.model import SuperResolver
from lam_core.region import Field, Region, field_around

MEMORY = 64 * 2**20
"""Bytes that the sums of windows attributed together may take, roughly."""
USUAL_NODES = 20
"""Nodes after which most windows are done."""


@dataclass(frozen=True)
class Question:
    """One window, and what it is asked for."""

    region: Region
    """In SR pixels of the whole picture."""
    detector: DetectorName


Answer = Found | ZeroMapError
Tell = Callable[[float], None]
"""Called after every node with the windows' worth of work under way; an exception it raises ends the computation."""


def attribute_many(
    model: SuperResolver,
    image: Pixels,
    regions: Sequence[Region],
    settings: AttributionSettings | None = None,
    *,
    detectors: Sequence[DetectorName] | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Attribution | ZeroMapError]:
    """The Local Attribution Maps of several windows of one picture, each for one or several detectors.

    At equal nodes each map equals that of `attribute`. Windows that share a field share their nodes, which may so be
    others than those of a window by itself.

    Args:
        model: the network.
        image: the LR image, uint8 [h, w, 3], RGB.
        regions: the windows, in SR pixels.
        settings: how the maps are computed; the default rule if None.
        detectors: what is attributed, for each window; that of `settings` if None.
        on_progress: called as `on_progress(done, total)` after every node, windows under way counted by their nodes; an
            exception it raises ends the computation.

    Returns:
        Results window by window and, within a window, detector by detector; in place of a map that is zero everywhere
        stands its `ZeroMapError`.

    Raises:
        LamError: of the kinds that `attribute` raises.
    """
    settings = settings or AttributionSettings()
    image = as_pixels(image)
    names = (settings.detector,) if detectors is None else tuple(detectors)
    questions = [Question(region, name) for region in regions for name in names]
    results: list[Attribution | ZeroMapError | None] = [None] * len(questions)
    began = time.perf_counter()
    pictures: dict[Field, Upscaled] = {}
    for position, answer in integrate_many(model, image, questions, settings, on_progress):
        question = questions[position]
        if isinstance(answer, ZeroMapError):
            results[position] = answer
        else:
            field = answer.field
            if field not in pictures:
                pictures[field] = upscaled(model, image, answer)
            # Where windows share their passes, so do they the time: each is said to have taken its part of all.
            seconds = (time.perf_counter() - began) / len(questions)
            own = replace(settings, detector=question.detector)
            results[position] = result_of(
                model, image, question.region, own, answer, index_of(answer.integral), pictures[field], seconds
            )
    return [result for result in results if result is not None]


def integrate_many(
    model: SuperResolver,
    image: Pixels,
    questions: Sequence[Question],
    settings: AttributionSettings,
    on_progress: Callable[[int, int], None],
) -> Iterator[tuple[int, Answer]]:
    """The field, sum and computation of each question, with its position, as they are found.

    `image` is an LR picture [h, w, 3]. Raises what `integrate` raises, `ZeroMapError` apart.
    """
    done = told = 0

    def tell(under_way: float = 0.0) -> None:
        nonlocal told
        told = max(told, done + int(under_way))
        on_progress(told, len(questions))

    height, width = image.shape[:2]
    fields: dict[Field, list[int]] = defaultdict(list)
    for position, question in enumerate(questions):
        fields[field_around(question.region, height, width, model.scale, settings.field)].append(position)
    for field, positions in fields.items():
        most = _most_together(field, settings)
        for start in range(0, len(positions), most):
            group = positions[start : start + most]
            chosen = [questions[position] for position in group]
            for number, answer in _together(model, image, field, chosen, settings, tell):
                yield group[number], answer
                done += 1
                tell()


def _most_together(field: Field, settings: AttributionSettings) -> int:
    # A sum: two planes in double precision, a gradient in single precision for every node, half a plane for its piece.
    each = 2 * 24 + min(settings.nodes, USUAL_NODES) * (12 + 4)
    return max(1, MEMORY // (each * field.width * field.height))


def _together(
    model: SuperResolver,
    image: Pixels,
    field: Field,
    questions: Sequence[Question],
    settings: AttributionSettings,
    tell: Tell,
) -> Iterator[tuple[int, Answer]]:
    """The answers of questions that have one field, and each its number; those that cannot share are found alone."""
    left = set(range(len(questions)))
    for number, answer in _shared(model, image, field, questions, settings, tell):
        left.discard(number)
        yield number, answer
    for number in sorted(left):
        question = questions[number]
        own = replace(settings, detector=question.detector)
        try:
            yield number, integrate(model, image, question.region, own, lambda integral: tell(0.0))
        except ZeroMapError as error:
            yield number, error


def _shared(
    model: SuperResolver,
    image: Pixels,
    field: Field,
    questions: Sequence[Question],
    settings: AttributionSettings,
    tell: Tell,
) -> Iterator[tuple[int, Answer]]:
    """The answers of those questions whose windows can share their forward passes."""
    if settings.rule == "reference":
        return
    model = in_precision(model.on_field(field, *image.shape[:2]), settings)
    windows = [field.local(question.region, model.scale) for question in questions]
    height, width = field.height * model.scale, field.width * model.scale
    detectors = [
        Detector(question.detector, window, height, width) for question, window in zip(questions, windows, strict=True)
    ]
    passes = SharedPasses.plan(model, field.height, field.width, detectors)
    if passes is None:
        return
    lr = image[field.slices].astype(np.float64) / 255
    path = path_of(lr, settings)
    spacing = equal_lengths(path_of(lr[surroundings(windows, field, model.scale)], settings))
    try:
        verdicts = passes.check(path(1.0))
    except PlanFailedError:
        return
    active = [number for number, verdict in enumerate(verdicts) if verdict.sound]

    passed: list[float] = []

    def nodes_at(places: Sequence[float]) -> dict[int, list[Node]]:
        nodes: dict[int, list[Node]] = {number: [] for number in active}
        for u in places:
            point = path(spacing(u))
            for number, found in zip(active, passes.at(point, active), strict=True):
                nodes[number].append(Node(u, point, *found))
            passed.append(u)
            tell(0.95 * len(active) * min(len(passed) / min(settings.nodes, USUAL_NODES), 1.0))
        return nodes

    start = FIRST_NODES if settings.nodes >= FIRST_NODES else min(settings.nodes, 3)
    sums = {number: NestedSum(nodes) for number, nodes in nodes_at(np.linspace(0, 1, start).tolist()).items()}
    while sums:
        for number in [number for number in active if _is_done(sums[number], settings)]:
            integral = sums.pop(number).integral()
            active.remove(number)
            try:
                refuse_zero(lr, integral, model)
            except ZeroMapError as error:
                yield number, error
            else:
                yield number, Found(field, integral, passes.computation(number, verdicts[number]))
        if sums:
            pieces = _worst(sums)
            found = nodes_at(next(iter(pieces.values())).quarters)
            for number, piece in pieces.items():
                sums[number].halve(piece, *found[number])


def _is_done(total: NestedSum, settings: AttributionSettings) -> bool:
    return total.nodes + 2 > settings.nodes or total.error <= settings.tolerance


def _worst(sums: dict[int, NestedSum]) -> dict[int, Piece]:
    """Of each window the piece that lies where any of them expects its largest relative error.

    All have had the same pieces halved.
    """
    errors: dict[float, float] = defaultdict(float)
    for total in sums.values():
        size = total.size
        for piece in total.pieces:
            errors[piece.middle.u] = max(errors[piece.middle.u], piece.variance / size**2 if size else 0.0)
    worst = max(errors, key=lambda u: errors[u])
    return {number: next(piece for piece in total.pieces if piece.middle.u == worst) for number, total in sums.items()}
