"""From the view to the picture, the place and the field that it means, and their display."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.components.region_picker import region_picker
from dashboard.gallery.hot_spots import SCALE, HotSpot, hot_spots, marked_windows
from dashboard.gallery.shipped import FirstVisit
from dashboard.presentation.decoded_image import Picture, from_sample, from_upload
from dashboard.presentation.formatting import sentence
from dashboard.presentation.view import FIRST_SAMPLE, View
from dashboard.state import session, uploads, visitor
from dashboard.state.target import AttributionTarget
from dashboard.widgets import thumbnails
from lam_core.errors import LamError
from lam_core.images.degradations import Degradation
from lam_core.region import Region, RegionError
from lam_core.samples import sample


def picture_of(view: View) -> Picture | None:
    """The picture of a view, None if it is an upload that this session does not have.

    A sample that does not exist, or a picture that does not fit the scale, is said and replaced by the first sample.
    """
    name = (view.image, view.scale, view.low_resolution, view.degradation, uploads.held())
    if st.session_state.get("picture", (None,))[0] != name:
        try:
            st.session_state.picture = (name, picture_at(view))
        except LamError as error:
            st.error(sentence(str(error)), icon=":material/error:")
            return from_sample(sample(FIRST_SAMPLE), view.scale)
    return st.session_state.picture[1]


def picture_at(view: View) -> Picture | None:
    """The picture of a view, None for an upload that this session does not have. Raises a `LamError`."""
    clean = clean_picture(view)
    return clean and clean.degraded(Degradation.parse(view.degradation))


def clean_picture(view: View) -> Picture | None:
    """The picture of a view as it is before any degradation; as `picture_at`."""
    if view.upload is None:
        return from_sample(sample(view.image), view.scale)
    own = uploads.held()
    if own is None or own.id != view.image:
        return None
    with uploads.one_at_a_time:
        return from_upload(
            own.decoded,
            own.name,
            low_resolution=view.low_resolution,
            scale=view.scale,
            owner=visitor.visitor(),
            own_hr=own.hr,
        )


def ask_for_file() -> None:
    """What to do with a link to a picture that is not here."""
    st.info(
        "This link shows an uploaded image and contains only its hash. Choose the same file under “Your "
        "image” to see the same maps, or a sample above.",
        icon=":material/link:",
    )


def window_of(view: View, picture: Picture) -> Region:
    """The view's window on the picture; the suggested one, and a sentence, if it does not lie inside."""
    try:
        return picture.window(view.window)
    except RegionError as error:
        session.replace_window(view, None)
        st.error(f"{sentence(str(error))} The suggested place is shown instead.", icon=":material/error:")
        return picture.suggested


def pushed_inside(x: int, y: int, size: int, picture: Picture) -> Region:
    """The window nearest to a corner that lies inside the picture."""
    return Region(min(max(x, 0), picture.width - size), min(max(y, 0), picture.height - size), size)


def show_picker(target: AttributionTarget, marks: Sequence[Region] = ()) -> None:
    """The picture with the window, and the field where that is not the whole picture; a sentence if there is none.

    `marks`: further windows that are drawn, to be clicked.
    """
    picture, window, s = target.picture, target.window, target.picture.scale
    part = None
    if target.fault:
        st.error(sentence(target.fault), icon=":material/error:")
    elif (target.field.width * s, target.field.height * s) != (picture.width, picture.height):
        part = target.field
    region_picker(
        thumbnails.picker_url(picture),
        width=picture.width,
        height=picture.height,
        window=window,
        field=(part.x * s, part.y * s, part.width * s, part.height * s) if part else None,
        label=f"{picture.title}, {picture.width}×{picture.height} pixels, window at ({window.x}, {window.y})",
        key="picker",
        marks=marks,
    )
    if part:
        st.caption(
            f"Bright: the field of {part.width}×{part.height} LR pixels over which maps are computed, a setting below."
        )


def show_close_ups(picture: Picture, window: Region) -> None:
    """The window's surroundings in HR, LR and bicubic."""
    views = thumbnails.close_ups(picture, window)
    with st.grid(len(views), min_column_width=70, gap="small"):
        for name, content in views:
            st.image(
                thumbnails.source(picture, content),
                caption=name,
                width="stretch",
                output_format="PNG",
                alt=f"{name} around the window",
            )


def marked(view: View, window: Region) -> tuple[Region, ...]:
    """The windows of a view's picture, as large as this one, for which maps ship."""
    windows = marked_windows(view.image) if _is_standard(view) else ()
    return tuple(mark for mark in windows if mark.size == window.size)


def maps_that_ship(view: View, window: Region) -> dict[str, HotSpot]:
    """The maps that ship for this window, if it is a marked one, by network."""
    return hot_spots(view.image, window) if _is_standard(view) else {}


def _is_standard(view: View) -> bool:
    standard = View()
    return (view.scale, view.settings, view.degradation) == (SCALE, standard.settings, standard.degradation)


def is_first_visit(view: View, first: FirstVisit) -> bool:
    """Whether the shipped results are what there is to see: nothing was asked for and no other place chosen."""
    return not session.asked_before() and is_shipped_place(view, view.window or first.window, first)


def is_shipped_place(view: View, window: Region, first: FirstVisit) -> bool:
    """Whether results of published networks ship for this window, seen with these settings."""
    place = (view.image, view.scale, view.settings, view.degradation, window)
    return place == (first.sample, 4, View().settings, View().degradation, first.window)
