"""The windows visited in this session: a card each, and the maps of those that are pinned side by side."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import streamlit as st

from dashboard.presentation.decoded_image import Picture
from dashboard.presentation.map_colours import MapColours
from dashboard.presentation.view import View
from dashboard.runtime.compute import at_hand
from dashboard.state import history, session, visitor
from dashboard.state.target import AttributionTarget
from dashboard.widgets import thumbnails
from dashboard.widgets.colour_bar import colour_bar
from dashboard.widgets.target_window import picture_at
from lam_core.attribution.result import Attribution
from lam_core.attribution.wording import index_of
from lam_core.errors import LamError

NARROWEST = 130
NARROWEST_PINNED = 170


class Visit(NamedTuple):
    """A window that was visited, and its image."""

    view: View
    picture: Picture

    @property
    def name(self) -> str:
        """Image and place."""
        window = self.view.window
        assert window is not None
        return f"{self.picture.title} ({window.x}, {window.y})"


def visited(now: View) -> None:
    """Shows them, folded; nothing where only one was visited. `now` says how maps are drawn."""
    views = history.visits()
    if len(views) < 2:
        return
    folded = st.expander("Windows visited in this session", icon=":material/history:", key="visited", on_change="rerun")
    if not folded.open:
        return
    with folded:
        visits = [Visit(view, picture) for view in views if (picture := _picture(view))]
        pinned = [visit for visit in visits if history.is_pinned(visit.view)]
        if pinned:
            _side_by_side(pinned, now)
        else:
            st.caption("Pin two or more to see their maps side by side.")
        with st.grid(6, min_column_width=NARROWEST) as grid:
            for number, visit in enumerate(visits):
                with grid.cell():
                    _card(visit, number)


def _picture(view: View) -> Picture | None:
    try:
        return picture_at(view)
    except LamError:
        return None


def _card(visit: Visit, number: int) -> None:
    view, picture = visit
    assert view.window is not None
    _, content = thumbnails.close_ups(picture, view.window)[0]
    st.image(thumbnails.source(picture, content), width="stretch", alt=visit.name, output_format="PNG")
    st.caption(visit.name)
    is_pinned = history.is_pinned(view)
    with st.container(horizontal=True, gap="xxsmall"):
        st.button(
            "",
            icon=":material/keep_off:" if is_pinned else ":material/keep:",
            type="tertiary",
            key=f"pin-visit-{number}",
            help=f"Take {visit.name} out of the maps side by side" if is_pinned else f"Pin {visit.name}",
            on_click=history.pin,
            args=(view,),
        )
        st.button("Go there", type="tertiary", key=f"visit-{number}", on_click=session.go, args=(view,))


def _side_by_side(pinned: list[Visit], now: View) -> None:
    """A column a window: its surroundings, and below the map of each network that was seen there."""
    found = [_results(visit) for visit in pinned]
    colours = MapColours.of(now, [result for results in found for result in results])
    with st.grid(min(len(pinned), 4), min_column_width=NARROWEST_PINNED) as grid:
        for visit, results in zip(pinned, found, strict=True):
            with grid.cell():
                _column(visit, results, colours)
    colour_bar(0, colours.least, colours.most)


def _column(visit: Visit, results: list[Attribution], colours: MapColours) -> None:
    view, picture = visit
    assert view.window is not None
    st.markdown(f"**{visit.name}**")
    _, content = thumbnails.close_ups(picture, view.window)[0]
    st.image(thumbnails.source(picture, content), width="stretch", alt=visit.name, output_format="PNG")
    for result in results:
        st.image(
            thumbnails.source(picture, thumbnails.map_picture(picture, result, colours)),
            width="stretch",
            alt=f"Map of {result.model} at {visit.name}",
            output_format="PNG",
        )
        st.caption(f"**{result.model}**: DI {index_of(result)}")
    if not results:
        st.caption("Its maps are no longer stored: go there to compute them.")


def _results(visit: Visit) -> list[Attribution]:
    view, picture = visit
    assert view.window is not None
    target = AttributionTarget(view, picture, view.window)
    service = visitor.service(picture)
    outcomes = [at_hand(service, partial(target.request, key))[1] for key in view.models]
    return [outcome.result for outcome in outcomes if outcome.result is not None]
