"""The two strips of the content page: images in which networks look least and most far, with window and map."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from dashboard.app_pages.content import open_window
from dashboard.gallery.study_maps import shipped_map
from dashboard.presentation import study as studies
from dashboard.presentation.study import Study
from dashboard.state import uploads, user_models, visitor
from dashboard.state.user_models import session_offers
from dashboard.widgets import thumbnails
from lam_core.attribution.request import AttributionRequest
from lam_core.errors import LamError
from lam_core.images import downscale, mod_crop
from lam_core.region import Region, field_around
from lam_core.studies.sweeps.table import images_by_diffusion

IN_A_STRIP = 5


def strips(study: Study, models: tuple[str, ...]) -> None:
    """Five images each, or the two halves of fewer."""
    order = images_by_diffusion(study.of(models)).to_dict("records")
    count = min(IN_A_STRIP, len(order) // 2)
    if not count or not study.pictures:
        return
    size = int(study.table["size"].iloc[0])
    for title, rows in (
        ("Small area of interest", order[:count]),
        ("Large area of interest", order[: -count - 1 : -1]),
    ):
        st.header(title)
        with st.grid(IN_A_STRIP, min_column_width=110, gap="small"):
            for row in rows:
                _example(study, row, size)
    st.caption("Below each image is the map of the network with the largest DI there, white nothing and dark red most.")


def _example(study: Study, row: dict, size: int) -> None:
    image, model = str(row["image"]), str(row["model"])
    window = Region(int(row["x"]), int(row["y"]), size)
    title = studies.titles().get(image, image)
    with st.container(gap="xxsmall"):
        try:
            picture = thumbnails.with_window(f"{study.key} {image}", study.pictures[image], window, own=study.own)
        except (KeyError, LamError):
            st.caption(f"{title} is no longer available.")
            return
        st.image(picture, width="stretch", output_format="PNG", alt=f"{title}, the window framed")
        drawn = _map(study, image, model, window)
        if drawn is not None:
            st.image(drawn, width="stretch", output_format="PNG", alt=f"Map of {model} in {title}")
        if st.button(
            f"{title}: DI {row['largest']:.1f}",
            key=f"open-{image}",
            type="tertiary",
            help=f"Largest DI: {model}; mean of all networks {row['mean']:.2f}. Opens this window.",
        ):
            open_window.go(study, image, model, window.x, window.y, size)
        st.caption(model if drawn is not None else f"{model}; its map is not stored, open the window to see it")


def _map(study: Study, image: str, model: str, window: Region) -> bytes | str | None:
    """The map over its field if it needs no computing: one that ships, or one that the sweep kept."""
    scale = int(study.table["scale"].iloc[0])
    fingerprint = study.table.attrs.get("about", {}).get("models", {}).get(model, "")
    values = None if study.own else shipped_map(fingerprint, image)
    with suppress(LamError):
        with uploads.one_at_a_time:
            lr = downscale(mod_crop(study.pictures[image].open().pixels, scale), scale)
        if values is None and (key := _key(model, fingerprint)):
            request = AttributionRequest(user_models.network(key), lr, window)
            found = visitor.service(private=study.own).find(request) or visitor.service().find(request)
            values = None if found is None else found.map
        if values is not None:
            height, width = lr.shape[:2]
            field = field_around(window, height, width, scale)
            rows, columns = field.slices
            name = f"{study.key} {image} {fingerprint} {window}"
            return thumbnails.study_map(
                name, lr[rows, columns], values, field.local(window, scale), scale, own=study.own
            )
    return None


def _key(model: str, fingerprint: str) -> str:
    """The key of the network that a table names, empty if it is not of this zoo and not the visitor's own."""
    if entry := studies.entry_of(model):
        return entry.id
    own = (offer.key for offer in session_offers() if offer.tag == "yours")
    return next((key for key in own if user_models.network(key).fingerprint == fingerprint), "")
