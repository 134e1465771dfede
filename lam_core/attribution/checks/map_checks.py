"""The checks of a map, one object each: title, question, computation, verdict. Only computing one loads PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.result import Attribution
from lam_core.images import Pixels, downscale
from lam_core.region import field_around
from lam_core.samples import sample

if TYPE_CHECKING:
    from lam_core.attribution.checks.check import Check
    from lam_core.attribution.checks.verdict import Verdict

CheckName = Literal["faithfulness", "occlusion", "randomisation", "causal"]

DONORS = ("cat", "coffee", "engine", "flag", "brick", "palace-roof", "hedge", "page", "corner-office")
"""Samples that give patches for causal effects."""
REDRAWS = 4
"""Draws of the weights beside the first one: an interval takes more than the check's own draw."""


@dataclass(frozen=True, eq=False)
class Subject:
    """One network's map of one window, which checks are about."""

    request: AttributionRequest
    result: Attribution | None
    """The map itself, if it is stored."""
    truth: Pixels | None
    """The HR image, [s·h, s·w, 3], if there is one."""
    image: str
    """Id of the image: one of its own gives no patches to a sample."""

    def donors(self, but: str = "") -> list[Pixels]:
        """LR samples at the subject's scale, all but the one of that id."""
        return [downscale(sample(name).pixels(), self.request.model.scale) for name in DONORS if name != but]

    def distance(self, block: int) -> NDArray[np.float64]:
        """Mean distance of each block of the field from the window, in blocks, [rows, columns]."""
        from lam_core.attribution.checks.occlusion import blocks_of, over_blocks
        from lam_core.attribution.checks.scene import distance_from

        request, scale = self.request, self.request.model.scale
        height, width = request.image.shape[:2]
        field = field_around(request.region, height, width, scale, request.settings.field)
        shape = field.height, field.width
        away = distance_from(field.local(request.region, scale).footprint(scale), shape)
        return over_blocks(away, *blocks_of(shape, block), np.mean) / block


@dataclass(frozen=True)
class MapCheck:
    """One check of a map."""

    title: str
    question: str
    ask: Callable[[Subject], Check[Any]]
    """The request that computes it."""
    judge: Callable[[Sequence[Any], Subject], Verdict | None]
    """What its results say of the map, None where the map is not there."""
    redraws: int = 0
    """Further random draws that its verdict takes."""
    needs_truth: bool = False
    """Whether it compares with the HR image."""

    def requests(self, subject: Subject) -> Mapping[str, Callable[[], Check[Any]]]:
        """What makes each request, by its name: the check itself, by its title, first."""
        further = {f"Draw {n + 1} of the weights": partial(_redraw, subject, n) for n in range(1, self.redraws + 1)}
        return {self.title: partial(self.request, subject), **further}

    def request(self, subject: Subject) -> Check[Any]:
        """The check itself, with its map where that is stored."""
        return replace(self.ask(subject), attribution=subject.result)


def _faithfulness(subject: Subject) -> Check[Any]:
    from lam_core.attribution.checks.requests import faithfulness_of

    return faithfulness_of(subject.request)


def _judge_faithfulness(results: Sequence[Any], subject: Subject) -> Verdict:
    from lam_core.attribution.checks.verdict import faithfulness_verdict

    return faithfulness_verdict(results[0])


def _occlusion(subject: Subject) -> Check[Any]:
    from lam_core.attribution.checks.requests import occlusion_of

    return occlusion_of(subject.request)


def _judge_occlusion(results: Sequence[Any], subject: Subject) -> Verdict:
    from lam_core.attribution.checks.verdict import blocks_verdict

    found = results[0]
    return blocks_verdict(found.effect, found.attributed, subject.distance(found.block), "occlusion")


def _randomisation(subject: Subject) -> Check[Any]:
    from lam_core.attribution.checks.requests import randomisation_of

    return randomisation_of(subject.request)


def _redraw(subject: Subject, seed: int) -> Check[Any]:
    """Another draw of the weights, all layers at once."""
    from lam_core.attribution.checks.requests import randomisation_of

    return replace(randomisation_of(subject.request, steps=1, seed=seed), attribution=subject.result)


def _judge_randomisation(results: Sequence[Any], subject: Subject) -> Verdict:
    from lam_core.attribution.checks.verdict import randomisation_verdict

    return randomisation_verdict(results)


def _causal(subject: Subject) -> Check[Any]:
    from lam_core.attribution.checks.requests import causal_effects_of

    assert subject.truth is not None, "it is asked where there is an HR image"
    return causal_effects_of(subject.request, subject.truth, subject.donors(but=subject.image))


def _judge_causal(results: Sequence[Any], subject: Subject) -> Verdict | None:
    from lam_core.attribution.checks.occlusion import blocks_of, over_blocks
    from lam_core.attribution.checks.verdict import blocks_verdict

    if subject.result is None:
        return None
    found, block = results[0], results[0].settings.block
    attributed = over_blocks(subject.result.map, *blocks_of(subject.result.map.shape, block), np.sum)
    return blocks_verdict(found.effect, attributed, subject.distance(block), "causal effects")


CHECKS: dict[CheckName, MapCheck] = {
    "faithfulness": MapCheck(
        "Insertion and deletion",
        "Do the pixels that the map ranks first change the window most? The window’s own footprint is left out. Close "
        "pixels matter most to every network, so the control that counts is the map shuffled within rings of equal "
        "distance.",
        _faithfulness,
        _judge_faithfulness,
    ),
    "occlusion": MapCheck(
        "Agreement with occlusion",
        "Does D change most where the map is strongest? One block after the other is blurred, and the network asked "
        "again: no gradient, no path.",
        _occlusion,
        _judge_occlusion,
    ),
    "randomisation": MapCheck(
        "Model randomisation",
        "The map should change as weights are randomised. One that stays when they are shuffled, layer by layer from "
        "the output, shows the image and not the network.",
        _randomisation,
        _judge_randomisation,
        redraws=REDRAWS,
    ),
    "causal": MapCheck(
        "Causal effects",
        "Does a block help the window or harm it? Each is replaced by patches of other images, and the window’s PSNR "
        "measured: forward passes alone. Takes the longest.",
        _causal,
        _judge_causal,
        needs_truth=True,
    ),
}
