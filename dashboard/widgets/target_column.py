"""The left column of the pages that look at one window: which picture, which place in it, asked of which networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from dashboard.components.image_strip import chosen_image
from dashboard.components.region_picker import picked, pressed
from dashboard.gallery.hot_spots import networks_of_hot_spots
from dashboard.gallery.shipped import FirstVisit, first_visit
from dashboard.presentation.decoded_image import Picture
from dashboard.presentation.model_options import Offer, at_scale, chosen, first_cards, scales, with_shipped
from dashboard.presentation.view import View
from dashboard.runtime import process
from dashboard.state import session
from dashboard.state.target import AttributionTarget
from dashboard.state.user_models import absent, session_offers
from dashboard.widgets import degradation_choice, image_picker, model_picker, target_window
from zoo.catalog.registry import registry
from zoo.settings import settings as zoo_settings
from zoo.sources.availability import availability


@dataclass(frozen=True, eq=False)
class ChosenImage:
    """The image at the top of a column, and what can be asked about it."""

    view: View
    picture: Picture
    offers: tuple[Offer, ...]
    """Networks of every scale."""
    is_new: bool
    """Whether it was chosen just now."""


def choose_image() -> ChosenImage:
    """Shows the strip of samples, the upload and the scale, and reads them; ends the page if the image is not here."""
    view, is_new = session.current(), False
    if sample_id := chosen_image("strip"):
        view, is_new = session.change(image=sample_id, low_resolution=False, window=None), True
    offers = session_offers()
    image_picker.samples_strip(view.image)
    with st.container(horizontal=True, vertical_alignment="center"):
        image_picker.upload(view)
        image_picker.scale_choice(view, scales(offers))
        degradation_choice.choose(view)
    image_picker.upload_fault()
    picture = target_window.picture_of(view)
    if picture is None:
        target_window.ask_for_file()
        process.warm_up()
        st.stop()
    return ChosenImage(view, picture, offers, is_new)


def choose_target(shipped: Sequence[str], *, with_marks: bool = False) -> AttributionTarget:
    """Shows the column and reads it; ends the page if the picture is not here.

    `shipped`: networks that are selected on the first visit, for their results ship. `with_marks`: windows for which
    maps ship are marked in the picture, and their networks on offer there.
    """
    notice = st.container()
    before = session.current()
    is_untouched = not before.models and target_window.is_first_visit(before, first_visit())
    image = choose_image()
    asks = _take_pick(image.picture) or image.is_new
    window = target_window.window_of(session.current(), image.picture)
    view = session.current()
    maps = target_window.maps_that_ship(view, window) if with_marks else {}
    target = AttributionTarget(view, image.picture, window, hot_spots=maps)
    target_window.show_picker(target, target_window.marked(view, window) if with_marks else ())
    image_picker.place(window, image.picture)
    target = _choose_models(target, image.offers, shipped)
    if not target.hot_spots and not target_window.is_shipped_place(target.view, window, first_visit()):
        # Of a link, or of a marked window, whose maps are no maps of other pages.
        target = replace(target, selected=_with_weights(target.here, target.selected))
    if is_untouched:
        _note_who_stays(target, shipped)
    # Red only where maps wait for it; the tab of all windows has a button of its own.
    waits = not target.view.tiles and any(not session.is_to_compute(target.view, one) for one in target.selected)
    kind = "primary" if waits and not target_window.is_first_visit(target.view, first_visit()) else "secondary"
    if st.button("Compute", type=kind, width="stretch", disabled=not target.selected, help="Enter does the same"):
        asks = True
    _show_notes(target)
    if asks:
        target = _ask(target)
    with notice:
        _say_who_stepped_in(target.selected)
    session.publish(target.view)
    return target


def _take_pick(picture: Picture) -> bool:
    """Puts the window where the picture was clicked; whether its maps are wanted."""
    pick = picked("picker")
    if pick is None:
        return False
    size = target_window.window_of(session.current(), picture).size
    session.change(window=target_window.pushed_inside(pick.x, pick.y, size, picture))
    return pick.compute


def _choose_models(target: AttributionTarget, listed: Sequence[Offer], shipped: Sequence[str]) -> AttributionTarget:
    """The networks on offer and those selected: by the view, by a number key, or as on a first visit."""
    view, first = target.view, first_visit()
    if target_window.is_shipped_place(view, target.window, first):
        known = {one.id for one in first.checkpoints} | target.hot_spots.keys()
    else:
        known = target.hot_spots.keys() | (_shipping(first) & set(view.models))
    here = at_scale(with_shipped(listed, known), view.scale)
    standard = session.fixed(f"first-cards-{view.scale}", lambda: first_cards(here, view.scale))
    if not view.models and target_window.is_first_visit(view, first):
        standard = shipped or standard
    elif not standard:
        standard = tuple(key for key in shipped if key in target.hot_spots)
    selected = chosen(here, view.models or standard)
    if digit := pressed("picker"):
        model_picker.toggle(here, selected, int(digit))
        view = session.current()
        selected = chosen(here, view.models)
    return replace(target, view=view, here=here, selected=selected)


def _shipping(first: FirstVisit) -> set[str]:
    """Networks some of whose results ship."""
    return {one.id for one in first.checkpoints} | networks_of_hot_spots()


def _show_notes(target: AttributionTarget) -> None:
    """Close-ups of the window, what was done to the picture, and networks of a link that are not here."""
    target_window.show_close_ups(target.picture, target.window)
    for note in target.picture.notes:
        st.caption(note)
    st.caption(f"{target.picture.title}: {target.picture.credit}.")
    for reference in absent(target.view.models):
        st.info(f"This link also shows {reference}, which is not in this session yet.", icon=":material/link:")
        st.page_link(
            "app_pages/zoo/page.py", label="Inspect it in the zoo", query_params={"tab": "Add yours", "add": reference}
        )


def _ask(target: AttributionTarget) -> AttributionTarget:
    """Wants the maps of the target computed, by networks that can."""
    selected = target.selected
    if not target.hot_spots and not target_window.is_shipped_place(target.view, target.window, first_visit()):
        selected = _with_weights(target.here, selected)
    view = session.change(window=target.window, models=tuple(offer.key for offer in selected))
    session.ask()
    return replace(target, view=view, selected=selected)


def _with_weights(here: Sequence[Offer], selected: Sequence[Offer]) -> tuple[Offer, ...]:
    """The selected networks; where only shipped results of them are here, others in their place, which is said."""
    if not selected or not all(map(_has_shipped_maps_alone, selected)):
        return tuple(selected)
    others = chosen([offer for offer in here if not (offer.only_shipped or offer.remote)], first_cards(here, 4))
    _note_swap([offer.name for offer in selected], others)
    return others


def _has_shipped_maps_alone(offer: Offer) -> bool:
    """Whether maps of a network ship and no others can be had: its weights are not here and cannot be fetched now."""
    if offer.only_shipped:
        return True
    if not offer.remote or offer.key not in _shipping(first_visit()):
        return False
    return availability(registry()[offer.key], zoo_settings()).kind == "offline"


def _note_who_stays(target: AttributionTarget, shipped: Sequence[str]) -> None:
    """Notes the networks of the first visit that stay behind now that another place is looked at."""
    selected = {offer.key for offer in target.selected}
    if not target_window.is_shipped_place(target.view, target.window, first_visit()):
        _note_swap([registry()[key].name for key in shipped if key not in selected], target.selected)


def _note_swap(gone: Sequence[str], others: Sequence[Offer]) -> None:
    if gone:
        st.session_state.stepped_in = ", ".join(gone), ", ".join(offer.label for offer in others)


def _say_who_stepped_in(selected: Sequence[Offer]) -> None:
    """One sentence, and the way back, while other networks show what those of the first visit cannot."""
    gone, others = st.session_state.get("stepped_in", ("", ""))
    if not gone or others != ", ".join(offer.label for offer in selected):
        return
    st.info(
        f"{gone}: the weights are not here, so only windows with shipped maps have theirs. {others} answer elsewhere.",
        icon=":material/swap_horiz:",
    )
    st.button("Back to the shipped window", on_click=_back, icon=":material/undo:", key="back-to-shipped")


def _back() -> None:
    st.session_state.pop("stepped_in", None)
    session.restart()
