"""The grid of cards: shipped results, stored results, and those that are being computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import inf

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.app_pages.attribution import hot_spot_card, result_card
from dashboard.app_pages.attribution.result_card import Head
from dashboard.components.copy_link import copy_link
from dashboard.components.linked_picture import Frame
from dashboard.gallery.hot_spots import HotSpot
from dashboard.gallery.shipped import FirstVisit, first_visit
from dashboard.presentation import exports
from dashboard.presentation.decoded_image import Picture
from dashboard.presentation.map_colours import MapColours, Mapped
from dashboard.presentation.model_options import Offer
from dashboard.presentation.view import MOST_MODELS
from dashboard.runtime.compute import Outcome, at_hand
from dashboard.state import history, session, visitor
from dashboard.state.target import AttributionTarget
from dashboard.widgets import baseline_note, run_panel
from dashboard.widgets.field_frame import field_frame
from dashboard.widgets.map_display import map_display
from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.result import Attribution
from lam_core.attribution.settings import AttributionSettings
from lam_core.service.service import Status
from zoo.catalog.registry import registry

NARROWEST_CARD = 215
LONG = 90.0
"""Seconds of waiting that are announced beside Compute."""


@dataclass(eq=False)
class Card:
    """One network's place in the grid, and what is known of its map."""

    offer: Offer
    head: Head
    slot: DeltaGenerator
    request: AttributionRequest | None
    outcome: Outcome[Attribution]
    spot: HotSpot | None = None
    """The map that ships, where the window is a marked one: shown as long as nothing better is there."""

    @property
    def is_missing(self) -> bool:
        """Whether there is something to compute."""
        return self.request is not None and self.outcome.result is None and not self.outcome.failure

    @property
    def shown(self) -> Attribution | HotSpot | None:
        """What has a map to be drawn."""
        return self.outcome.result or self.spot


@dataclass(frozen=True)
class Look:
    """How all cards of the grid draw their maps."""

    colours: MapColours
    frame: Frame

    @classmethod
    def of(cls, target: AttributionTarget, results: Sequence[Mapped]) -> Look:
        """For these maps, each of which the grid holds."""
        frame = field_frame(target.picture, target.field, target.window, results)
        return cls(MapColours.of(target.view, results), frame)


def show_shipped(first: FirstVisit, target: AttributionTarget) -> None:
    """The results of published checkpoints that ship with the project."""
    st.markdown(
        "**What three published networks saw of the framed window.** Click another place in the image, and the "
        "networks switched on above show theirs within seconds."
    )
    look = Look.of(target, [one.result for one in first.results])
    map_display(target.view, look.colours, look.frame)
    grid = st.grid(3, min_column_width=NARROWEST_CARD)
    for one in first.results:
        with grid.container(border=True):
            head = Head(one.id, registry()[one.id].name, "published", "shipped result", one.checkpoint.details)
            result_card.result_card(head, target.picture, one.result, **vars(look), from_store=True)
    history.record(target.view, target.window, [one.id for one in first.results])
    _takeaways(target.picture, [one.id for one in first.results], [one.result for one in first.results])


def show(target: AttributionTarget) -> None:
    """A card for every selected network. What is missing is computed if the view was asked for."""
    baseline_note.show(target.view.settings, target.picture.scale)
    bar, display = st.container(), st.container()
    grid = st.grid(3, min_column_width=NARROWEST_CARD)
    # As many places as there can ever be: what another view left in one of them goes at once.
    slots = [grid.empty() for _ in range(MOST_MODELS)]
    deck = []
    with bar, st.spinner("Looking for results"):
        for offer, slot in zip(target.selected, slots, strict=False):
            request, outcome = at_hand(visitor.service(target.picture), partial(target.request, offer.key))
            spot = target.hot_spots.get(offer.key)
            deck.append(Card(offer, head_of(offer, outcome), slot, request, outcome, spot))
    missing = [card for card in deck if card.is_missing and not card.spot]
    look = Look.of(target, _maps(deck))
    for card in deck:
        if card.is_missing and not card.spot:
            with card.slot.container(border=True):
                waits = session.is_to_compute(target.view, card.offer)
                words = "Waits for its turn." if waits else _not_yet(card.offer, target.view.settings)
                result_card.empty_card(card.head, target.picture, target.field, target.local, words)
        else:
            _fill(card, target, look)
    now = [card for card in missing if session.is_to_compute(target.view, card.offer)]
    marked = [card for card in deck if card.is_missing and card.spot]
    if works := [*now, *(card for card in marked if hot_spot_card.is_to_compute(target, card.offer))]:
        _compute(_quickest_first(works, target.view.settings), deck, target, bar.empty())
    if len(now) < len(missing):
        about = _together([card.offer for card in missing if card not in now], target.view.settings)
        bar.info(f"Press Compute, or Enter, to see the missing maps{about}.", icon=":material/touch_app:")
    last = Look.of(target, _maps(deck))
    if works and last.colours != look.colours:
        # What all maps share is known only now that all are there.
        st.rerun()
    if _maps(deck):
        with display:
            map_display(target.view, last.colours, last.frame)
    done = [(card.offer.reference, card.outcome.result) for card in deck if card.outcome.result]
    if done:
        history.record(target.view, target.window, [card.offer.key for card in deck if card.outcome.result])
        _takeaways(target.picture, [name for name, _ in done], [result for _, result in done])
    _offer_more(target)


def _maps(deck: Sequence[Card]) -> list[Mapped]:
    return [card.shown for card in deck if card.shown]


def _quickest_first(cards: Sequence[Card], settings: AttributionSettings) -> list[Card]:
    """The order in which maps are computed: whoever waits sees the first one soon; those to be fetched come last."""

    def wait(card: Card) -> tuple[bool, float]:
        seconds = card.offer.seconds_under(settings)
        return card.offer.remote, inf if seconds is None else seconds

    return sorted(cards, key=wait)


def _offer_more(target: AttributionTarget) -> None:
    """How many more maps ship for a marked window, and a button that shows them."""
    more = [offer for offer in target.here if offer.key in target.hot_spots and offer not in target.selected]
    more = more[: MOST_MODELS - len(target.selected)]
    if more:
        st.caption(f"{len(target.hot_spots)} published networks ship their maps of this marked window.")
        keys = tuple(offer.key for offer in (*target.selected, *more))
        label = "Show " + ", ".join(offer.name for offer in more)
        st.button(label, icon=":material/add:", key="more-hot-spots", on_click=_select, args=(keys,))


def _select(keys: tuple[str, ...]) -> None:
    session.change(models=keys)


def _not_yet(offer: Offer, settings: AttributionSettings) -> str:
    """What stands on the card of a network whose map takes long or needs its weights first."""
    if offer.remote:
        return "Its weights are fetched when you press Compute."
    seconds = offer.seconds_under(settings)
    about = f", which takes about {seconds:.0f} s" if seconds else ""
    return f"Not computed for this window yet{about}."


def _together(offers: Sequence[Offer], settings: AttributionSettings) -> str:
    """What a long wait for several maps is said to be; memory is told by each run before it starts."""
    seconds = sum(offer.seconds_under(settings) or 0.0 for offer in offers)
    return f": up to about {seconds / 60:.0f} min on one core" if seconds >= LONG else ""


def head_of(offer: Offer, outcome: Outcome[Attribution]) -> Head:
    """What stands above a network's card."""
    if not outcome.shipped:
        return Head(offer.key, offer.name, offer.tag)
    first = first_visit()
    source = next((one for one in (*first.checkpoints, *first.packaged) if one.id == offer.key), None)
    return Head(offer.key, offer.name, offer.tag, "shipped result", source.details if source else "")


def _compute(missing: Sequence[Card], deck: Sequence[Card], target: AttributionTarget, slot: DeltaGenerator) -> None:
    works = [_work(card, card.request, deck, target) for card in missing if card.request is not None]

    def give_up() -> None:
        session.give_up(target.view.question)
        for card in missing:
            session.give_up(hot_spot_card.wish(target, card.offer))

    run_panel.run(works, key="maps", give_up=give_up, slot=slot)


def _work(
    card: Card, request: AttributionRequest, deck: Sequence[Card], target: AttributionTarget
) -> run_panel.Work[Outcome[Attribution]]:
    def show(status: Status) -> None:
        if card.spot:
            return
        with card.slot.container(border=True):
            result_card.waiting_card(card.head, target.picture, target.field, target.local, status.progress)

    def finished(outcome: Outcome[Attribution]) -> None:
        card.outcome = outcome
        _fill(card, target, Look.of(target, _maps(deck)))

    service = visitor.service(target.picture)
    return run_panel.request_work(card.head.name, service, request, show=show, finished=finished)


def _fill(card: Card, target: AttributionTarget, look: Look) -> None:
    outcome = card.outcome
    with card.slot.container(border=True):
        if outcome.result is None and card.spot:
            hot_spot_card.hot_spot_card(card.head, target, card.spot, card.offer, **vars(look), failure=outcome.failure)
            return
        if outcome.result is None:
            result_card.failed_card(card.head, outcome.failure)
            return
        result_card.result_card(card.head, target.picture, outcome.result, **vars(look), from_store=outcome.from_store)
        if outcome.note:
            st.caption(f":material/info: {outcome.note}")


def _takeaways(picture: Picture, models: Sequence[str], results: Sequence[Attribution]) -> None:
    with st.container(horizontal=True):
        st.download_button(
            "Paper figure, PNG",
            partial(exports.figure, picture, models, results),
            exports.file_name(picture, results[0].region, ".png"),
            exports.kind(picture, "image/png"),
            icon=":material/image:",
            on_click="ignore",
        )
        st.download_button(
            "All figures, JSON",
            partial(exports.figures, picture, results, st.context.url or ""),
            exports.file_name(picture, results[0].region, ".json"),
            exports.kind(picture, "application/json"),
            icon=":material/data_object:",
            on_click="ignore",
        )
        copy_link("link-all", width=120)
