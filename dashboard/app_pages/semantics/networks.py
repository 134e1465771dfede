"""The networks whose features can be looked at here, and how each one's parts came about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dashboard.gallery.semantics import shipped
from dashboard.presentation.model_options import Offer
from lam_core.semantics.reading import Subject
from lam_core.semantics.result import Analysis, LayerResult, ModelResult
from zoo.catalog.registry import registry
from zoo.settings import ZooSettings
from zoo.sources.weights import reach


def choices(offered: Iterable[Offer], settings: ZooSettings) -> dict[str, Offer]:
    """By key: the networks on offer, and beside them classifiers and those whose results alone ship."""
    listed = {offer.key: offer for offer in offered}
    for entry in registry(*settings.entries):
        if entry.id in listed:
            continue
        where = reach(entry, settings)
        if entry.id in shipped.sources() or (entry.kind == "classifier" and where != "absent"):
            tag = "compact" if entry.tag == "compact" else "published"
            name = entry.name.removesuffix(" (compact)")
            listed[entry.id] = Offer(
                entry.id,
                name,
                tag,
                entry.scale,
                where != "here",
                entry.published.year or 0,
                only_shipped=where == "absent",
            )
    order = {"yours": 0, "published": 1, "compact": 2}
    ranked = sorted(
        listed.values(),
        key=lambda offer: (
            order[offer.tag] if offer.key in shipped.sources() or offer.tag == "yours" else 3,
            offer.name,
        ),
    )
    return {offer.key: offer for offer in ranked}


def full_name(offer: Offer) -> str:
    """The name on cards and in charts: a compact network is never taken for the published one."""
    return f"{offer.name} (compact)" if offer.tag == "compact" else offer.name


def is_classifier(key: str, settings: ZooSettings) -> bool:
    """Whether the key is an entry of a classifier."""
    entries = registry(*settings.entries)
    return key in entries and entries[key].kind == "classifier"


@dataclass(frozen=True, eq=False)
class Examined:
    """A network, its controls and where the figures come from."""

    offer: Offer
    analysis: Analysis
    origin: str
    """`shipped result`, `from the store` or `computed now`."""

    @property
    def name(self) -> str:
        """As on cards."""
        return full_name(self.offer)

    @property
    def model(self) -> ModelResult:
        """The network itself."""
        return self._of("model")

    @property
    def untrained(self) -> ModelResult:
        """The same before training."""
        return self._of("untrained")

    @property
    def raw(self) -> LayerResult:
        """The pixels."""
        return self._of("raw").layers[0]

    def stage(self, position: float) -> int:
        """The layer at a share of the depth, 0 the first and 1 the last."""
        return round(position * (len(self.model.layers) - 1))

    def stages(self, count: int) -> list[int]:
        """As many layers, evenly spaced, the first and the last among them."""
        last = len(self.model.layers) - 1
        return sorted({round(i * last / (count - 1)) for i in range(count)})

    def subject(self, *, classifier: bool) -> Subject:
        """For sentences."""
        return Subject(self.name, self.model.layers, self.untrained.layers, self.raw, classifier)

    def _of(self, role: str) -> ModelResult:
        return next(model for model in self.analysis.models if model.role == role)
