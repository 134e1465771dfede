"""Verdicts on a map: what each check says, as a mark, one sentence and an interval.

Every verdict is a margin over a control with its 95 % interval: a map beats its control where the interval lies above
the value of no difference, does not where it lies below, and the check is undecided between. Against several controls
a map must beat them all. The functions are pure: results of checks in, verdicts out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from lam_core.attribution.checks.insertion_deletion import Direction, Faithfulness
    from lam_core.attribution.checks.randomisation import Randomisation

Mark = Literal["beats", "does not", "undecided"]

LEVEL = 0.95
SHUFFLES = 400
"""Reorderings within rings behind the interval of an agreement."""
OWN = 0.05
"""Share of a map's variance in ranks below which, distance taken out, what is left is no pattern of its own."""
KEPT = 0.5
"""Likeness beyond distance to the trained network's map from which on a map counts as kept without the weights."""
FEWEST_DRAWS = 3
"""Random draws below which no interval is given."""


@dataclass(frozen=True)
class Margin:
    """A map's figure over one control's, a ratio or a difference, with its 95 % interval."""

    value: float
    low: float
    high: float
    none: float
    """What the margin is where map and control are alike: 1 for a ratio, 0 for a difference."""

    @property
    def mark(self) -> Mark:
        """Whether the interval excludes no difference, and on which side."""
        if self.low > self.none:
            return "beats"
        return "does not" if self.high < self.none else "undecided"


@dataclass(frozen=True)
class Verdict:
    """What a check says of a map."""

    mark: Mark
    sentence: str
    margins: tuple[Margin, ...] = ()
    """One for each control, the one that counts first; none where no interval could be had."""


def joint(marks: Sequence[Mark]) -> Mark:
    """The mark against several controls: the worst of them.

    >>> joint(["beats", "beats"]), joint(["beats", "undecided"]), joint(["undecided", "does not"])
    ('beats', 'undecided', 'does not')
    """
    for mark in ("does not", "undecided"):
        if mark in marks:
            return mark
    return "beats" if marks else "undecided"


def faithfulness_verdict(found: Faithfulness) -> Verdict:
    """Deletion by the map against the map shuffled within rings and against plain closeness.

    The margins are ratios of areas under the curves over log q. Their interval is that of one further random order: a
    t interval from the draws' spread, added up over the curve as if all points moved together, which is never too
    narrow; as areas are positive, it spans as large a factor down as up. Closeness is a single order; the rings'
    relative spread stands for that of its ties.
    """
    if found.settings.draws < FEWEST_DRAWS:
        return Verdict("undecided", f"{found.settings.draws} random orders are too few for an interval.")
    ring, near = _ratio(found, "deletion", "ring"), _ratio(found, "deletion", "distance")
    mark = joint([ring.mark, near.mark])
    figures = (
        f"blurring pixels away by the map changes the window {_times(ring)} as much as the map shuffled within rings "
        f"of equal distance, and {_times(near)} as much as plain closeness"
    )
    meaning = {
        "beats": "The map knows more than distance",
        "does not": "The map ranks pixels worse than a control that knows distance alone",
        "undecided": "The map cannot be distinguished from distance",
    }[mark]
    return Verdict(mark, f"{meaning}: {figures}.", (ring, near))


def blocks_verdict(
    effect: NDArray[np.float64], attributed: NDArray[np.float64], distance: NDArray[np.float64], what: str
) -> Verdict:
    """Whether blocks that a map marks have the larger effect, beyond both falling with distance.

    `effect`, `attributed`, `distance`: one value a block, the distance in blocks from the window. The margin is the
    partial rank correlation less that of the same map with its blocks shuffled within rings one block wide, 400 times.
    Blocks that touch the window are left out: they are what the window is made from. `what` names the effect.
    """
    compared = (distance > 0) & ((effect != 0) | (attributed != 0))
    size, given, away = (_centred(values[compared]) for values in (np.abs(effect), attributed, distance))
    rings, random = np.rint(distance[compared]), np.random.default_rng(0)
    shuffled = np.stack([_within(given, rings, random) for _ in range(SHUFFLES)]) if given.size else np.zeros((0, 0))
    measured, known = _beyond_distance(size, given[None], away), _beyond_distance(size, shuffled, away)
    if not (measured.size and known.size and np.isfinite(measured).all() and np.isfinite(known).all()):
        return Verdict("undecided", f"Beyond distance, map or {what} is the same everywhere: nothing to compare.")
    value = float(measured[0])
    if (given @ away) ** 2 > (1 - OWN) * (given @ given) * (away @ away):
        return Verdict("undecided", f"The map is ordered by distance alone, so that {what} tells nothing more of it.")
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    margin = Margin(value - float(known.mean()), value - float(high), value - float(low), 0.0)
    meaning = {
        "beats": f"The map agrees with {what} beyond distance",
        "does not": f"The map disagrees with {what} once distance is taken out",
        "undecided": f"No agreement with {what} beyond distance can be told from chance",
    }[margin.mark]
    figures = (
        f"rank correlation {signed(value)} with distance taken out, where the map shuffled within rings has "
        f"{signed(float(low))} to {signed(float(high))}, over {size.size} blocks"
    )
    return Verdict(margin.mark, f"{meaning}: {figures}.", (margin,))


def randomisation_verdict(draws: Sequence[Randomisation]) -> Verdict:
    """Whether a map is lost with the weights: its likeness beyond distance once all layers are random, over draws.

    The margin is `KEPT` less the mean likeness, with a t interval over draws. A map that follows the picture's edges
    from the start stays alike whatever the weights, so that where the edges' likeness is `KEPT` or more a kept map
    says nothing of the network, and the check is undecided.
    """
    ends = [draw.steps[-1].agreement for draw in draws if draw.steps]
    # No map left, or one without any order beyond distance: nothing of the trained map is kept.
    likeness = np.array([0.0 if end is None else _beyond(end.beyond_distance, end.spearman) for end in ends])
    edges = draws[0].picture.beyond_distance if draws else None
    beside = "" if edges is None else f"; the picture’s edges alone have {signed(edges)}"
    if likeness.size < FEWEST_DRAWS:
        said = f"{signed(float(likeness.mean()))} with all layers random" if likeness.size else "no draw"
        return Verdict(
            "undecided",
            f"Likeness beyond distance falls from 1 to {said}{beside}: {_counted(likeness.size)} of the weights, too "
            "few for an interval.",
        )
    mean = float(likeness.mean())
    reach = float(_stats().t.ppf((1 + LEVEL) / 2, likeness.size - 1)) * float(likeness.std(ddof=1)) / likeness.size**0.5
    margin = Margin(KEPT - mean, KEPT - mean - reach, KEPT - mean + reach, 0.0)
    blind = margin.mark == "does not" and edges is not None and edges >= KEPT
    mark: Mark = "undecided" if blind else margin.mark
    meaning = {
        "beats": "The map is lost with the weights, as it should be",
        "does not": "The map stays although the weights are random: it shows the image, not the network",
        "undecided": "Whether the map is lost with the weights is open",
    }[mark]
    figures = (
        f"likeness beyond distance falls from 1 to {signed(mean)} (95 % interval {signed(mean - reach)} to "
        f"{signed(mean + reach)}, {_counted(likeness.size)} of the weights){beside}"
    )
    return Verdict(mark, f"{meaning}: {figures}.", (margin,))


def overall(verdicts: Mapping[str, Verdict], of: int) -> str:
    """The line above all checks; `of` is how many there are.

    >>> overall({}, 4)
    'Not checked.'
    >>> overall({"Occlusion": Verdict("beats", ""), "Randomisation": Verdict("undecided", "")}, 4)
    'Beats its control in 1 of 2 checks, 1 undecided; 2 not checked.'
    """
    if not verdicts:
        return "Not checked."
    marks = [verdict.mark for verdict in verdicts.values()]
    won, lost, unclear = (marks.count(mark) for mark in ("beats", "does not", "undecided"))
    failed = ", ".join(name for name, verdict in verdicts.items() if verdict.mark == "does not")
    return (
        f"Beats its control in {won} of {len(marks)} {'check' if len(marks) == 1 else 'checks'}"
        + (f", does not in {lost} ({failed})" if lost else "")
        + (f", {unclear} undecided" if unclear else "")
        + (f"; {of - len(marks)} not checked" if len(marks) < of else "")
        + "."
    )


def signed(value: float) -> str:
    """A correlation with a proper minus sign.

    >>> signed(-0.301), signed(-0.001)
    ('−0.30', '0.00')
    """
    return f"{value + 0.0:.2f}".replace("-0.00", "0.00").replace("-", "−")


def _ratio(found: Faithfulness, direction: Direction, control: Literal["ring", "distance"]) -> Margin:
    curves, steps = found.curves[direction], np.log(found.share)
    of_map, of_control = (float(np.trapezoid(curves[name].mean, steps)) for name in ("map", control))
    rings, draws = curves["ring"], found.settings.draws
    spread = float(np.trapezoid(rings.high - rings.low, steps)) / _percentile_range(draws)
    mean = float(np.trapezoid(rings.mean, steps))
    further = float(_stats().t.ppf((1 + LEVEL) / 2, draws - 1)) * (1 + 1 / draws) ** 0.5
    reach = further * spread / mean if mean else 0.0
    if not of_control:
        return Margin(float("inf") if of_map else 1.0, 0.0, float("inf"), 1.0)
    value = of_map / of_control
    return Margin(value, value / (1 + reach), value * (1 + reach), 1.0)


def _percentile_range(draws: int) -> float:
    """Expected distance of the 2.5th and 97.5th sample percentile of as many normal draws, in standard deviations."""
    ordered = _stats().norm.ppf((np.arange(1, draws + 1) - 0.375) / (draws + 0.25))
    low, high = np.percentile(ordered, [2.5, 97.5])
    return float(high - low)


def _centred(values: NDArray) -> NDArray[np.float64]:
    """Ranks of values, of mean 0."""
    return _stats().rankdata(values) - (values.size + 1) / 2


def _beyond_distance(a: NDArray, many: NDArray, away: NDArray) -> NDArray[np.float64]:
    """Partial correlation of ranks `a` [n] with each of `many` [k, n] given `away` [n], all centred; NaN for none."""
    power = away @ away or 1.0
    first, others = a - away * (a @ away) / power, many - np.outer(many @ away, away) / power
    lengths = np.linalg.norm(first) * np.linalg.norm(others, axis=-1)
    # Ranks are halves up to n: what is left after a subtraction that should give zero is rounding.
    return np.where(lengths > (1e-9 * a.size) ** 2, others @ first, np.nan) / np.maximum(lengths, 1e-300)


def _within(values: NDArray, rings: NDArray, random: np.random.Generator) -> NDArray:
    """Values shuffled among places of one ring."""
    order = np.lexsort((random.random(values.size), rings))
    shuffled = np.empty_like(values)
    shuffled[np.argsort(rings, kind="stable")] = values[order]
    return shuffled


def _beyond(beyond: float | None, plain: float | None) -> float:
    """Likeness beyond distance; a map that holds distance alone has none to keep, and counts by its plain likeness."""
    return beyond if beyond is not None else plain if plain is not None else 0.0


def _times(margin: Margin) -> str:
    high = "∞" if np.isinf(margin.high) else f"{margin.high:.2g}"
    return f"{margin.value:.2g} times ({margin.low:.2g} to {high})"


def _counted(draws: int) -> str:
    return f"{draws} draw" if draws == 1 else f"{draws} draws"


def _stats() -> Any:
    """SciPy's statistics, imported when a verdict is computed: shipped ones are shown without it."""
    from scipy import stats

    return stats
