"""One card a network: its map, how widely it looked, how good it is here, and what to take away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from dashboard.components.copy_link import copy_link
from dashboard.components.linked_picture import Frame, linked_picture
from dashboard.presentation import exports
from dashboard.presentation.decoded_image import Picture
from dashboard.presentation.formatting import decibels, duration, percent, sentence, settings_in_short, settings_of
from dashboard.presentation.map_colours import MapColours
from dashboard.presentation.model_options import Tag
from dashboard.presentation.training_note import training_note
from dashboard.state import session
from dashboard.widgets import thumbnails, verdict_mark
from dashboard.widgets.labels import COMPLETENESS, HELP, TAGS
from lam_core.attribution.result import Attribution
from lam_core.attribution.wording import index_of
from lam_core.diffusion.area import area
from lam_core.images.degradations import CLEAN
from lam_core.region import Field, Region
from lam_core.render import png
from lam_core.service.progress import Progress
from zoo.catalog.registry import registry


@dataclass(frozen=True)
class Head:
    """What stands above a card."""

    key: str
    name: str
    tag: Tag
    note: str = ""
    """Where a result comes from that is neither computed nor stored here."""
    details: str = ""
    """More of that, shown on demand."""


def heading(head: Head) -> None:
    """Name and tag of a card without a result yet."""
    st.markdown(f"**{head.name}** {TAGS[head.tag]}")


def result_card(
    head: Head, picture: Picture, result: Attribution, *, colours: MapColours, frame: Frame, from_store: bool
) -> None:
    """A finished map with its figures."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{head.name}** {TAGS[head.tag]}", width="content")
        with st.popover("", icon=":material/download:", type="tertiary", help=f"Take {head.name}'s result with you"):
            _menu(head, picture, result, colours)
    kind = "Kernel density of the attribution" if colours.as_density else "Attribution map"
    linked_picture(
        thumbnails.url(png(thumbnails.map_pixels(picture, result, colours))),
        frame,
        label=f"{kind} of {head.name} over the low-resolution image, the window framed",
        key=f"map-{head.key}",
    )
    quality = picture.quality(result)
    figures(index_of(result), quality and quality[0], area(result.map) / result.map.size, result.map_error)
    if quality and (note := training_note(registry().entries.get(head.key), *quality)):
        st.caption(note)
    for warning in result.computation.warnings:
        st.warning(sentence(warning), icon=":material/warning:")
    mark, told = verdict_mark.card_line(result)
    st.markdown(mark, help=told)
    st.image(
        thumbnails.source(picture, thumbnails.sr_picture(picture, result)),
        width="stretch",
        output_format="PNG",
        alt=f"{head.name}'s image around the window, which is framed",
    )
    origin = head.note or ("from the store" if from_store else "computed now")
    if not result.computation.deterministic:
        origin += ", draws random numbers"
    effort = f"{result.nodes} nodes in {duration(result.seconds)}, {origin}"
    st.caption(
        f"Completeness error {percent(result.completeness_error)} · {effort} · {settings_in_short(result)}",
        help=f"{COMPLETENESS} Settings: {settings_of(result)}. Network {result.fingerprint[:12]}…, computed on "
        f"{result.device}: {result.computation.sentence}. {head.details}".strip(),
    )


def figures(index: str, psnr: float | None, area_95: float, map_error: float) -> None:
    """The four figures of a card: DI as it is written, PSNR in dB if there is an HR image, shares of one."""
    shown = {
        "DI": index,
        "PSNR": "no HR" if psnr is None else decibels(psnr),
        "95 % area": percent(area_95),
        "Map error": percent(map_error),
    }
    with st.grid(2, min_column_width=60, gap=("xxsmall", "small")):
        for label, value in shown.items():
            st.metric(label, value, help=HELP[label])


def _menu(head: Head, picture: Picture, result: Attribution, colours: MapColours) -> None:
    offers = (
        ("Map, PNG", lambda: thumbnails.map_picture(picture, result, colours), ".png", "image/png"),
        ("Arrays, .npz", result.to_npz, ".npz", "application/octet-stream"),
        ("Figures and settings, JSON", lambda: exports.figures(picture, [result], ""), ".json", "application/json"),
    )
    for label, make, ending, mime in offers:
        st.download_button(
            label,
            make,
            exports.file_name(picture, result.region, ending, head.name),
            exports.kind(picture, mime),
            key=f"take-{head.key}{ending}",
            on_click="ignore",
            width="stretch",
        )
    # Recipes of figures name images as they are: their maps would be those of the clean one.
    if picture.degradation == CLEAN:
        st.page_link(
            "app_pages/figure/page.py",
            label="Put it into a figure",
            icon=":material/grid_view:",
            query_params={**session.current().to_query(), "add": head.key},
        )
    copy_link(f"link-{head.key}")


def waiting_card(head: Head, picture: Picture, field: Field, window: Region, progress: Progress | None) -> None:
    """A network whose map is being computed, with a preview once there is one."""
    heading(head)
    lr, _ = picture.part(field)
    preview = None if progress is None else progress.preview
    values = np.zeros(lr.shape[:2]) if preview is None else preview
    st.image(
        thumbnails.source(picture, thumbnails.preview(lr, values, window, picture.scale)),
        width="stretch",
        output_format="PNG",
        alt=f"Preview of {head.name}'s attribution map",
    )


def empty_card(head: Head, picture: Picture, field: Field, window: Region, words: str) -> None:
    """A network whose map is not there yet: the field, on which it will lie."""
    heading(head)
    lr, _ = picture.part(field)
    st.image(
        thumbnails.source(picture, thumbnails.preview(lr, np.zeros(lr.shape[:2]), window, picture.scale)),
        width="stretch",
        output_format="PNG",
        alt="The low-resolution image, the window framed, without a map",
    )
    st.caption(words)


def failed_card(head: Head, reason: str) -> None:
    """A network that gave no map, and why."""
    heading(head)
    st.warning(sentence(reason), icon=":material/error:")
