"""The left column of the pages that look at one window: which picture, which place in it, asked of which networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard.components.image_strip import chosen_image
from dashboard.components.region_picker import picked, pressed
from dashboard.gallery.shipped import first_visit
from dashboard.presentation.decoded_image import Picture
from dashboard.presentation.model_options import Offer, at_scale, chosen, scales, shelf, with_shipped
from dashboard.presentation.view import View
from dashboard.runtime import process
from dashboard.state import session
from dashboard.state.user_models import absent, session_offers
from dashboard.widgets import image_picker, model_picker, target_window
from lam_core.region import Field, Region


@dataclass(frozen=True, eq=False)
class Aim:
    """Where a visitor looks, and with which networks."""

    view: View
    picture: Picture
    window: Region
    field: Field | None
    """None if the window does not fit into it, which has been said."""
    here: tuple[Offer, ...]
    """Networks on offer for this place."""
    selected: tuple[Offer, ...]

    @property
    def shelf(self) -> tuple[Offer, ...]:
        """The few of them that can be switched on and off at once."""
        return shelf(self.here, self.selected)


def take_aim(first_choice: Sequence[str] = ()) -> Aim:
    """Shows the column and reads it; ends the page if the picture is not here.

    `first_choice`: networks that are selected as long as a visitor has chosen nothing.
    """
    view, asks = session.current(), False
    if sample_id := chosen_image("strip"):
        view, asks = session.change(image=sample_id, low_resolution=False, window=None), True
    listed = session_offers()
    image_picker.samples_strip(view.image)
    with st.container(horizontal=True, vertical_alignment="center"):
        image_picker.upload(view)
        image_picker.scale_choice(view, scales(listed))
    image_picker.upload_fault()
    picture = target_window.picture_of(view)
    if picture is None:
        target_window.ask_for_file()
        process.warm_up()
        st.stop()
    if pick := picked("picker"):
        window = target_window.window_of(view, picture)
        view = session.change(window=target_window.pushed_inside(pick.x, pick.y, window.size, picture))
        asks = asks or pick.compute
    window = target_window.window_of(view, picture)
    view = session.current()
    field = target_window.field_of(view, window, picture)
    target_window.show_picker(picture, window, field)
    image_picker.place(window, picture)

    first = first_visit()
    if target_window.is_shipped_place(view, window, first):
        listed = with_shipped(listed, [one.id for one in first.checkpoints])
    here = at_scale(listed, view.scale)
    unchosen = not view.models and target_window.is_first_visit(view, first)
    selected = chosen(here, first_choice if unchosen else view.models)
    if digit := pressed("picker"):
        model_picker.toggle(shelf(here, selected), selected, int(digit))
        view = session.current()
        selected = chosen(here, view.models)
    if st.button("Compute", type="primary", width="stretch", disabled=not selected, help="Enter does the same"):
        asks = True
    target_window.show_close_ups(picture, window)
    for note in picture.notes:
        st.caption(note)
    st.caption(f"{picture.title}: {picture.credit}.")
    for reference in absent(view.models):
        st.info(f"This link also shows {reference}, which is not in this session yet.", icon=":material/link:")
        st.page_link(
            "app_pages/zoo/page.py", label="Look at it in the zoo", query_params={"tab": "Add yours", "add": reference}
        )
    if asks:
        view = session.change(window=window, models=tuple(offer.key for offer in selected))
        session.ask()
    session.publish(view)
    return Aim(view, picture, window, field, here, selected)
