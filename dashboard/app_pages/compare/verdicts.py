"""From a check's result to its verdict, for the map that the panel is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboard.presentation.questions import CheckName, Subject
from dashboard.state.target import AttributionTarget

if TYPE_CHECKING:
    from lam_core.attribution.checks.verdict import Verdict

JUDGED: tuple[CheckName, ...] = ("faithfulness", "occlusion", "randomisation", "causal")
"""Checks that judge a map; the effective receptive field is a trait of the network."""


def verdict_of(name: CheckName, results: Sequence[Any], subject: Subject, target: AttributionTarget) -> Verdict | None:
    """What a check says of the map; None for one that judges none, or where the map is not there."""
    from lam_core.attribution.checks import verdict

    if name == "faithfulness":
        return verdict.faithfulness_verdict(results[0])
    if name == "randomisation":
        return verdict.randomisation_verdict(results)
    if name == "occlusion":
        found = results[0]
        return _of_blocks(found.effect, found.attributed, found.block, "occlusion", target)
    if name == "causal" and subject.result is not None:
        from lam_core.attribution.checks.occlusion import blocks_of, over_blocks

        found = results[0]
        rows, columns = blocks_of(subject.result.map.shape, found.settings.block)
        attributed = over_blocks(subject.result.map, rows, columns, np.sum)
        return _of_blocks(found.effect, attributed, found.settings.block, "causal effects", target)
    return None


def _of_blocks(effect: np.ndarray, attributed: np.ndarray, block: int, what: str, target: AttributionTarget) -> Verdict:
    from lam_core.attribution.checks.occlusion import blocks_of, over_blocks
    from lam_core.attribution.checks.scene import distance_from
    from lam_core.attribution.checks.verdict import blocks_verdict

    shape = target.field.height, target.field.width
    distance = distance_from(target.local.footprint(target.picture.scale), shape)
    return blocks_verdict(effect, attributed, over_blocks(distance, *blocks_of(shape, block), np.mean) / block, what)
