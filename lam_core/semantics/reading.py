"""What the figures say about the published findings, in sentences that follow them whichever way they go.

Liu et al., "Discovering Distinctive 'Semantics' in Super-Resolution Networks" (arXiv 2108.00406). Two shares differ
where their 95 % intervals do not meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from lam_core.semantics.result import LayerResult
from lam_core.semantics.strength import StrengthCurve

Parting = Literal["degradation", "content", "neither"]

SIGNIFICANT_RANKS = 0.829
"""Spearman's correlation that six strengths reach by chance in 5 of 100 cases."""


@dataclass(frozen=True)
class Subject:
    """A network's layers, first to last, and its controls."""

    name: str
    layers: Sequence[LayerResult]
    untrained: Sequence[LayerResult]
    """The same layers before training."""
    raw: LayerResult
    """The pixels themselves."""
    is_classifier: bool = False


@dataclass(frozen=True)
class Finding:
    """A published finding, and for which networks it appears here."""

    claim: str
    """As a clause: what was found."""
    appears: tuple[str, ...]
    fails: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The claim, and where it appears and where it does not."""
        if not self.appears and not self.fails:
            return ""
        if not self.fails:
            here = f"It appears here for {listed(self.appears)}."
        elif not self.appears:
            here = f"It does not appear here for {listed(self.fails)}."
        else:
            here = f"It appears here for {listed(self.appears)}; it does not for {listed(self.fails)}."
        return f"Published: {self.claim}. {here}"


def parting(layer: LayerResult) -> Parting:
    """By what a layer's features part more: the source whose share lies clearly above the other's."""
    degradation, content = layer.intervals.degradation, layer.intervals.content
    if degradation[0] > content[1] and layer.null.p_degradation <= 0.05:
        return "degradation"
    if content[0] > degradation[1] and layer.null.p_content <= 0.05:
        return "content"
    return "neither"


def is_learned(subject: Subject, at: int = -1) -> bool:
    """Whether the degradation's share lies clearly above that of the untrained network and of the pixels."""
    lowest = subject.layers[at].intervals.degradation[0]
    controls = [subject.raw, *([subject.untrained[at]] if subject.untrained else [])]
    return all(lowest > control.intervals.degradation[1] for control in controls)


def in_words(subject: Subject, at: int = -1) -> str:
    """One network at one layer, as a sentence with its figures."""
    layer = subject.layers[at]
    verdict = {
        "degradation": "parts pictures by degradation",
        "content": "parts pictures by content",
        "neither": "parts pictures by neither clearly more than by the other",
    }[parting(layer)]
    figures = (
        f"degradation {with_interval(layer.share.degradation, layer.intervals.degradation)}, "
        f"content {with_interval(layer.share.content, layer.intervals.content)} of the variance"
    )
    before = f", {percentage(subject.untrained[at].share.degradation)} before training" if subject.untrained else ""
    learned = "clearly above" if is_learned(subject, at) else "not clearly above"
    return (
        f"{subject.name} at {layer.layer} {verdict}: {figures}. Its share of degradation is {learned} its controls' "
        f"({percentage(subject.raw.share.degradation)} in the pixels{before})."
    )


def by_degradation(subjects: Iterable[Subject]) -> Finding:
    """Claim 1: deep features of SR networks separate by degradation, which they have learned."""
    networks = [subject for subject in subjects if not subject.is_classifier]
    return _sorted(
        "the deepest features of SR networks separate by degradation, not by content",
        networks,
        [parting(subject.layers[-1]) == "degradation" and is_learned(subject) for subject in networks],
    )


def by_content(subjects: Iterable[Subject]) -> Finding:
    """Claim 1, the contrast: a classifier's separate by content, more so in deeper layers."""
    networks = [subject for subject in subjects if subject.is_classifier]
    return _sorted(
        "a classifier's features separate by content, more so in deeper layers",
        networks,
        [
            parting(subject.layers[-1]) == "content"
            and subject.layers[-1].intervals.content[0] > subject.layers[0].intervals.content[1]
            for subject in networks
        ],
    )


def by_residual(pairs: Iterable[tuple[Subject, Subject]]) -> Finding:
    """Claim 3: of two twins, the one with a global residual (first) parts more by degradation."""
    pairs = list(pairs)
    return _sorted(
        "a global residual makes features part more by degradation",
        [first for first, _ in pairs],
        [a.layers[-1].intervals.degradation[0] > b.layers[-1].intervals.degradation[1] for a, b in pairs],
    )


def with_strength(networks: Iterable[tuple[str, Sequence[StrengthCurve]]]) -> Finding:
    """Claim 4: separability grows with strength; a network that fails for some degradations alone names them."""
    claim = "the stronger the degradation, the further its pictures lie from the clean ones"
    appears, fails = [], []
    for name, curves in networks:
        short = [c.degradations[-1].partition(":")[0] for c in curves if c.spearman < SIGNIFICANT_RANKS]
        if short:
            fails.append(name if len(short) == len(curves) else f"{name} under {listed(short)}")
        else:
            appears.append(name)
    return Finding(claim, tuple(appears), tuple(fails))


def percentage(share: float) -> str:
    """A share with as many digits as tell it from nothing.

    >>> percentage(0.314), percentage(0.0123), percentage(0.00041)
    ('31 %', '1.2 %', '0.04 %')
    """
    digits = 0 if share >= 0.095 else 1 if share >= 0.00095 else 2
    return f"{share * 100:.{digits}f} %"


def with_interval(share: float, interval: tuple[float, float]) -> str:
    """A share and its interval.

    >>> with_interval(0.314, (0.28, 0.35))
    '31 % (28 to 35 %)'
    """
    low, high = (percentage(bound) for bound in interval)
    return f"{percentage(share)} ({low.removesuffix(' %')} to {high})"


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them.

    >>> listed(("a", "b", "c"))
    'a, b and c'
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _sorted(claim: str, subjects: Sequence[Subject], appears: Sequence[bool]) -> Finding:
    def named(wanted: bool) -> tuple[str, ...]:
        return tuple(subject.name for subject, found in zip(subjects, appears, strict=True) if found == wanted)

    return Finding(claim, named(True), named(False))
