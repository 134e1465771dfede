"""The card of a marked window: a map that ships, shown at once, without the image of its network."""

from __future__ import annotations

import streamlit as st

from dashboard.app_pages.attribution.result_card import Head, figures, heading
from dashboard.components.linked_picture import Frame, linked_picture
from dashboard.gallery.hot_spots import HotSpot
from dashboard.presentation.decoded_image import Picture
from dashboard.presentation.formatting import duration, percent, sentence
from dashboard.presentation.map_colours import MapColours
from dashboard.presentation.model_options import Offer
from dashboard.presentation.training_note import training_note
from dashboard.state import session
from dashboard.state.target import AttributionTarget
from dashboard.widgets import thumbnails
from dashboard.widgets.labels import COMPLETENESS
from lam_core.attribution.wording import with_error
from lam_core.render import png
from zoo.catalog.registry import registry


def is_to_compute(target: AttributionTarget, offer: Offer) -> bool:
    """Whether a map that ships is computed all the same: it was asked for on its card, or takes little."""
    if offer.only_shipped:
        return False
    return session.wanted(wish(target, offer)) or session.comes_unasked(target.view, offer)


def wish(target: AttributionTarget, offer: Offer) -> tuple[object, ...]:
    """What stands for the wish to have a map that ships computed here."""
    return "hot spot", offer.key, target.view.question


def hot_spot_card(
    head: Head,
    target: AttributionTarget,
    spot: HotSpot,
    offer: Offer,
    *,
    colours: MapColours,
    frame: Frame,
    failure: str,
) -> None:
    """A map that ships, with its figures; `failure`: why computing it here gave none."""
    heading(head)
    picture, now = target.picture, spot.figures
    # One run may draw the card, then what came of computing the map: a result's card, or this one again.
    key = f"spot-{head.key}{'-failed' if failure else ''}"
    kind = "Kernel density of the attribution" if colours.as_density else "Attribution map"
    linked_picture(
        thumbnails.url(png(thumbnails.hot_spot_pixels(picture, spot, colours))),
        frame,
        label=f"{kind} of {head.name} over the low-resolution image, the window framed",
        key=key,
    )
    figures(with_error(now.diffusion_index, now.diffusion_index_error), now.psnr, now.area, now.map_error)
    if note := _note(head.key, picture, target, now.psnr):
        st.caption(note)
    st.caption(
        f"Completeness error {percent(now.completeness_error)} · {now.nodes} nodes in {duration(now.seconds)}, "
        "shipped result",
        help=f"{COMPLETENESS} Standard settings; shown in steps of 1/255 of its maximum. {spot.network.details}",
    )
    if failure:
        st.caption(f":material/error: {sentence(failure)}")
    if not offer.only_shipped:
        st.button(
            "Fetch and compute it" if offer.remote else "Compute it",
            key=f"{key}-compute",
            type="tertiary",
            icon=":material/play_arrow:",
            help="For the network's image of the window, and for the arrays",
            on_click=session.want,
            args=(wish(target, offer),),
        )


def _note(key: str, picture: Picture, target: AttributionTarget, psnr: float) -> str:
    interpolated = picture.bicubic_quality(target.field)
    return "" if interpolated is None else training_note(registry().entries.get(key), psnr, interpolated)
