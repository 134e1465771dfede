"""Several networks' results on one window, and what of them is set against what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dashboard.components.linked_picture import Frame
from dashboard.presentation.map_colours import MapColours
from dashboard.presentation.model_options import Offer
from dashboard.presentation.view import Comparison
from dashboard.runtime.compute import Outcome
from dashboard.state.target import AttributionTarget
from dashboard.widgets.field_frame import field_frame
from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.result import Attribution
from lam_core.diffusion.informative import InformativeAreas, informative_areas_of, parted, unit_mass
from lam_core.images import Pixels, bicubic
from lam_core.render import logarithmic

STANDARD_SIDES = {"hr": "HR", "bicubic": "Bicubic"}
"""What can be under the slider besides networks."""

Answered = tuple[Offer, AttributionRequest | None, Outcome[Attribution]]
"""A network, what was asked of it, and what became of that."""


@dataclass(frozen=True, eq=False)
class Seen:
    """One network's map of the window."""

    offer: Offer
    request: AttributionRequest
    outcome: Outcome[Attribution]
    result: Attribution

    @property
    def key(self) -> str:
        """Of the network."""
        return self.offer.key

    @property
    def name(self) -> str:
        """Of the network, a compact one labelled so."""
        return self.offer.label


@dataclass(frozen=True, eq=False)
class Lineup:
    """At least two networks' results, in the order of the page."""

    target: AttributionTarget
    seen: tuple[Seen, ...]
    asked: tuple[str, ...]
    """Keys of all networks that were asked, those without an answer too."""

    @property
    def chosen(self) -> Comparison:
        """What the visitor set against what."""
        return self.target.view.comparison

    def of(self, key: str) -> Seen | None:
        """The network of that key, if it is here."""
        return next((one for one in self.seen if one.key == key), None)

    @cached_property
    def by_index(self) -> tuple[Seen, ...]:
        """By DI, the least first."""
        return tuple(sorted(self.seen, key=lambda one: one.result.diffusion_index))

    @property
    def baseline(self) -> Seen:
        """The network that the others are compared with."""
        return self.of(self.chosen.baseline) or self.by_index[0]

    @property
    def subject(self) -> Seen:
        """The network that methods and checks are about."""
        return self.of(self.chosen.subject) or self.by_index[-1]

    @property
    def others(self) -> tuple[Seen, ...]:
        """All but the baseline."""
        return tuple(one for one in self.seen if one is not self.baseline)

    @cached_property
    def wide(self) -> tuple[Seen, ...]:
        """The group that is set against the others: as chosen, else the networks above the widest gap in DI."""
        chosen = tuple(one for one in self.seen if one.key in self.chosen.wide)
        if 0 < len(chosen) < len(self.seen):
            return chosen
        flags = parted([one.result.diffusion_index for one in self.seen])
        return tuple(one for one, is_wide in zip(self.seen, flags, strict=True) if is_wide) or self.by_index[-1:]

    @property
    def common(self) -> tuple[Seen, ...]:
        """All that are not in the wide group."""
        return tuple(one for one in self.seen if one not in self.wide)

    @cached_property
    def areas(self) -> InformativeAreas:
        """What the wide group looks at and what all do. Raises `UnlikeMapsError`."""
        return informative_areas_of([one.result for one in self.wide], [one.result for one in self.common])

    @cached_property
    def sentence(self) -> str:
        """What the shares of the two groups say."""
        return self.areas.shares.sentence([one.name for one in self.common], [one.name for one in self.wide])

    @cached_property
    def quality(self) -> dict[str, tuple[float, float] | None]:
        """By network, what `Picture.quality` gives: PSNR in dB of its SR and of bicubic interpolation."""
        return {one.key: self.target.picture.quality(one.result) for one in self.seen}

    @cached_property
    def frame(self) -> Frame:
        """Of every picture of the field."""
        return field_frame(self.target.picture, self.target.field, self.target.window, self.results)

    @cached_property
    def colours(self) -> MapColours:
        """Of every map."""
        return MapColours.of(self.target.view, self.results)

    @property
    def results(self) -> tuple[Attribution, ...]:
        """Of the networks."""
        return tuple(one.result for one in self.seen)

    def difference(self, one: Seen) -> NDArray[np.float64]:
        """A network's share of attribution by pixel less the baseline's, [h, w]."""
        return unit_mass(one.result.map) - unit_mass(self.baseline.result.map)

    @cached_property
    def full_difference(self) -> float:
        """The value of the darkest red and blue of every difference."""
        return max((float(np.abs(self.difference(one)).max()) for one in self.others), default=0.0) or 1.0

    def coloured_difference(self, one: Seen) -> NDArray[np.float64]:
        """`difference` as places on a logarithmic scale of colours, [h, w] in [−1, 1]."""
        return logarithmic(self.difference(one) / self.full_difference)

    def pair(self) -> str:
        """What the networks under the slider share, in one sentence; empty if one side is no network."""
        left, right = (self.of(side) for side in self.sides)
        if left is None or right is None or left is right:
            return ""
        narrow, wide = sorted((left, right), key=lambda one: one.result.diffusion_index)
        shares = informative_areas_of([wide.result], [narrow.result]).shares
        return shares.sentence([narrow.name], [wide.name])

    def shared(self, one: Seen) -> float:
        """Share of attribution that a network and the baseline spend on the same pixels."""
        return 1 - float(np.abs(self.difference(one)).sum()) / 2

    @cached_property
    def options(self) -> dict[str, str]:
        """What can be under the slider, by key, with its name."""
        standard = {k: v for k, v in STANDARD_SIDES.items() if k != "hr" or self.target.picture.hr is not None}
        return {**{one.key: one.name for one in self.seen}, **standard}

    @property
    def sides(self) -> tuple[str, str]:
        """Keys of what is under the slider: as chosen, else the baseline's picture against the best by PSNR."""
        left = self.chosen.left if self.chosen.left in self.options else self.baseline.key
        right = self.chosen.right if self.chosen.right in self.options else self._best(left)
        return left, right

    def _best(self, other: str) -> str:
        candidates = [one for one in self.seen if one.key != other]
        if self.target.picture.hr is None:
            return candidates[-1].key
        return max(candidates, key=lambda one: (self.quality[one.key] or (0.0,))[0]).key

    def picture_of(self, side: str) -> Pixels:
        """The picture of the field, [s·h, s·w, 3], that goes under the slider for a key of `options`."""
        lr, hr = self.target.picture.part(self.target.field)
        if side == "hr" and hr is not None:
            return hr
        one = self.of(side)
        return bicubic(lr, self.target.picture.scale) if one is None else one.result.sr


def lineup_of(target: AttributionTarget, answers: Sequence[Answered]) -> Lineup | None:
    """The networks that have an answer, None if they are fewer than two."""
    seen = tuple(
        Seen(offer, request, outcome, outcome.result)
        for offer, request, outcome in answers
        if request is not None and outcome.result is not None
    )
    return Lineup(target, seen, tuple(offer.key for offer, _, _ in answers)) if len(seen) > 1 else None
