"""The networks a visitor can choose from, without loading any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dashboard.presentation.view import MOST_MODELS
from lam_core.attribution.settings import AttributionSettings
from zoo.catalog.entry import Entry
from zoo.catalog.registry import card, registry
from zoo.settings import ZooSettings
from zoo.sources.weights import Reach, reach
from zoo.spec import title

COMPACT = ("fsrcnn-c", "edsr-c", "imdn-c")
"""Chosen where no published network is here: three of growing receptive field that come with the project."""
FIRST: Mapping[int, tuple[tuple[str, ...], ...]] = {
    4: (("fsrcnn", "carn-m", "imdn"), ("span-ch48", "realesr-animevideov3", "realesrgan-x4plus-anime")),
    2: (("span-ch48-x2",),),
}
"""By scale, the published networks of the first cards: the first group whose weights are all here."""
QUICK = 5.0
"""Seconds below which a map is computed without being asked for."""
_PASSES = 25
_OPERATIONS_A_SECOND = 60e9
_PIXELS = 64 * 64
_COMPUTED = 0.15
"""Share of a whole pass that a window's dependency cone needs, roughly."""
SHELF = 5
"""Networks to be switched on and off at once, as many as stand in one row beside the rest; more only if selected."""
SHELVED = (*COMPACT, "rfdn-c", "carn-c", "rcan-c")
"""What it is filled up with after one's own: a network of each kind."""

Tag = Literal["published", "compact", "yours"]
_ORDER: tuple[Tag, ...] = ("yours", "compact", "published")


@dataclass(frozen=True)
class Offer:
    """One network on offer."""

    key: str
    """What `zoo.reference` takes."""
    name: str
    tag: Tag
    scale: int | None
    """None for a network of one's own before it is loaded."""
    remote: bool = False
    """Its weights must be fetched first."""
    year: int = 0
    only_shipped: bool = False
    """Its weights cannot be had here, but its results for the first window ship."""
    seconds: float | None = None
    """Rough time of a map on one core under standard settings, from the number of weights; None where not known."""

    def is_quick(self, settings: AttributionSettings) -> bool:
        """Whether a map under these settings takes so little that it is computed without being asked for."""
        seconds = self.seconds_under(settings)
        return not self.remote and seconds is not None and seconds < QUICK

    def seconds_under(self, settings: AttributionSettings) -> float | None:
        """Rough time of a map under these settings."""
        return self.seconds and self.seconds * _effort(settings)

    @property
    def reference(self) -> str:
        """For files: its key, or the name alone of one's own, whose folder is nobody else's concern."""
        return self.name if self.tag == "yours" else self.key

    @property
    def label(self) -> str:
        """For lists: a compact network is never taken for the published one of that name."""
        return f"{self.name} ({self.tag})" if self.tag != "published" else self.name


def _effort(settings: AttributionSettings) -> float:
    """How many times as long as under standard settings a map takes, roughly.

    >>> _effort(AttributionSettings()), _effort(AttributionSettings(nodes=10_000, tolerance=0.0))
    (1.0, 400.0)
    """
    standard = AttributionSettings()
    steps = float(settings.nodes)
    if settings.rule == "default" and settings.tolerance:
        steps = min(steps, _PASSES * standard.tolerance / settings.tolerance)
    # A whole image is at least as large as the field around a window; how large is not known here.
    side = 2 * 64 if settings.field == "full" else max(settings.field, 64)
    return steps / _PASSES * side**2 / _PIXELS * (2 if settings.dtype == "float64" else 1)


def offers(settings: ZooSettings, own: Iterable[str] = ()) -> tuple[Offer, ...]:
    """Every super-resolution network that can be had here, one's own first, then compact, then published by year."""
    listed = [Offer(key, title(key), "yours", None) for key in (() if settings.hosted else own)]
    listed += [
        _offer(entry, where)
        for entry in registry(*settings.entries)
        if entry.kind == "super-resolver" and (where := reach(entry, settings)) != "absent"
    ]
    return tuple(sorted(listed, key=_place))


def with_shipped(listed: Iterable[Offer], shipped: Iterable[str]) -> tuple[Offer, ...]:
    """The networks on offer and those whose results ship, by the ids of their entries."""
    offered = tuple(listed)
    keys = {offer.key for offer in offered}
    more = [_shipped(registry()[key]) for key in shipped if key not in keys]
    return tuple(sorted((*offered, *more), key=_place))


def at_scale(listed: Iterable[Offer], scale: int) -> tuple[Offer, ...]:
    """Those of one scale; a network of one's own that is not loaded yet may have any."""
    return tuple(offer for offer in listed if offer.scale in (scale, None))


def scales(listed: Iterable[Offer]) -> tuple[int, ...]:
    """The scales that some network has, ascending; 4 in any case."""
    return tuple(sorted({offer.scale for offer in listed if offer.scale} | {4}))


def first_cards(listed: Sequence[Offer], scale: int) -> tuple[str, ...]:
    """The published networks that a visitor of this scale meets first; none where no group of `FIRST` is all here."""
    here = {offer.key for offer in listed if not offer.remote and not offer.only_shipped}
    return next((group for group in FIRST.get(scale, ()) if here.issuperset(group)), ())


def chosen(listed: Sequence[Offer], wanted: Sequence[str]) -> tuple[Offer, ...]:
    """The wanted ones among those listed, in the order of the list.

    If none is: one's own and the compact networks, else the first three that need no download.
    """
    if found := tuple(offer for offer in listed if offer.key in wanted):
        return found
    standard = tuple(offer for offer in listed if offer.tag == "yours" or offer.key in COMPACT)[:MOST_MODELS]
    return standard or tuple(offer for offer in listed if not offer.remote)[:3] or tuple(listed)[:3]


def shelf(listed: Sequence[Offer], selected: Sequence[Offer], size: int = SHELF) -> tuple[Offer, ...]:
    """The few that are shown for switching on and off: those selected, filled up with what is on this computer."""
    kept = set(selected[:MOST_MODELS])
    ranks = {key: rank for rank, key in enumerate(SHELVED)}
    for offer in sorted(listed, key=lambda offer: (offer.tag != "yours", ranks.get(offer.key, len(ranks)))):
        if len(kept) < size and not offer.remote:
            kept.add(offer)
    return tuple(offer for offer in listed if offer in kept)


def twins(entries: Iterable[Entry]) -> tuple[tuple[Entry, Entry], ...]:
    """Pairs of one network trained on the same data, once for PSNR and once adversarially, in that order."""
    listed = [(entry, _upbringing(entry)) for entry in entries if entry.kind == "super-resolver"]
    return tuple(
        (one, other)
        for one, upbringing in listed
        if one.family == "psnr"
        for other, theirs in listed
        if other.family == "gan" and theirs == upbringing
    )


def _upbringing(entry: Entry) -> tuple[str, str, str | None, str | None]:
    return entry.tag, entry.network, entry.published.training, entry.published.degradation


def _place(offer: Offer) -> tuple[int, int, str]:
    return _ORDER.index(offer.tag), offer.year, offer.name


def _shipped(entry: Entry) -> Offer:
    return Offer(entry.id, entry.name, "published", entry.scale, year=entry.published.year or 0, only_shipped=True)


def _offer(entry: Entry, where: Reach) -> Offer:
    tag: Tag = "compact" if entry.tag == "compact" else "published"
    name = entry.name.removesuffix(" (compact)") if tag == "compact" else entry.name
    remote = where == "fetchable"
    return Offer(entry.id, name, tag, entry.scale, remote, entry.published.year or 0, seconds=_seconds(entry))


def _seconds(entry: Entry) -> float | None:
    """Every weight is used once a pixel in a pass forward and twice in one back, which convolutions nearly keep to."""
    parameters = card(entry).get("parameters", entry.published.parameters)
    if parameters is None:
        return None
    attention = 4 if entry.family == "transformer" else 1
    operations = 2 * 3 * parameters * _PIXELS * _PASSES * _COMPUTED
    return attention * operations / _OPERATIONS_A_SECOND
