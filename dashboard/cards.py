"""One card a network: its map, how widely it looked, how good it is here, and what to take away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import downloads, pixels
from dashboard.components.copy_link import copy_link
from dashboard.models import Tag
from dashboard.pictures import Picture
from dashboard.wording import (
    decibels,
    duration,
    megabytes,
    percent,
    sentence,
    settings_in_short,
    settings_of,
    with_error,
)
from lam_core.attribution.result import Attribution, displayed
from lam_core.diffusion.area import area
from lam_core.region import Field, Region
from lam_core.service.service import Status

HELP = {
    "DI": "Diffusion Index: how widely the network draws on its input, from 0 (one pixel) to 100 (all pixels alike). "
    "Compare it only at equal settings, named below, and together with PSNR: untrained networks score 1 to 2.",
    "PSNR": "Of the network's picture of the field against HR, on luma.",
    "95 % within": "The share of the field's LR pixels that hold 95 % of the map.",
    "Map error": "Estimated relative error of the map itself, from how much the gradient changes between nodes.",
}
COMPLETENESS = (
    "Completeness error: how far the map's sum misses the detector's change along the path; a weak check, small even "
    "for poor maps."
)
TAGS: dict[Tag, str] = {
    "published": ":blue-badge[published]",
    "compact": ":gray-badge[compact]",
    "yours": ":violet-badge[yours]",
}


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


def result_card(head: Head, picture: Picture, result: Attribution, *, as_density: bool, from_store: bool) -> None:
    """A finished map with its figures."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{head.name}** {TAGS[head.tag]}", width="content")
        with st.popover("", icon=":material/download:", type="tertiary", help=f"Take {head.name}'s result with you"):
            _menu(head, picture, result, as_density)
    kind = "Kernel density of the attribution" if as_density else "Attribution map"
    st.image(
        pixels.source(picture, pixels.map_picture(picture, result, as_density=as_density)),
        width="stretch",
        output_format="PNG",
        alt=f"{kind} of {head.name} over the low-resolution picture, the window framed",
    )
    _figures(picture, result)
    st.image(
        pixels.source(picture, pixels.sr_picture(picture, result)),
        width="stretch",
        output_format="PNG",
        alt=f"{head.name}'s picture around the window, which is framed",
    )
    origin = head.note or ("from the store" if from_store else "computed now")
    effort = f"{result.nodes} nodes in {duration(result.seconds)}, {origin}"
    st.caption(
        f"Completeness error {percent(result.completeness_error)} · {effort} · {settings_in_short(result)}",
        help=f"{COMPLETENESS} Settings: {settings_of(result)}. Network {result.fingerprint[:12]}…, computed on "
        f"{result.device}. {head.details}".strip(),
    )


def _figures(picture: Picture, result: Attribution) -> None:
    quality = picture.quality(result)
    figures = {
        "DI": with_error(result.diffusion_index, result.diffusion_index_error),
        "PSNR": decibels(quality[0]) if quality else "no HR",
        "95 % within": percent(area(result.map) / result.map.size),
        "Map error": percent(result.map_error),
    }
    with st.grid(2, min_column_width=60, gap=("xxsmall", "small")):
        for label, value in figures.items():
            st.metric(label, value, help=HELP[label])


def _menu(head: Head, picture: Picture, result: Attribution, as_density: bool) -> None:
    offers = (
        ("Map, PNG", lambda: pixels.map_picture(picture, result, as_density=as_density), ".png", "image/png"),
        ("Arrays, .npz", lambda: downloads.arrays(result), ".npz", "application/octet-stream"),
        ("Figures and settings, JSON", lambda: downloads.figures(picture, [result], ""), ".json", "application/json"),
    )
    for label, make, ending, mime in offers:
        st.download_button(
            label,
            make,
            downloads.file_name(picture, result.region, ending, head.name),
            downloads.kind(picture, mime),
            key=f"take-{head.key}{ending}",
            on_click="ignore",
            width="stretch",
        )
    copy_link(f"link-{head.key}")


def waiting_card(head: Head, picture: Picture, field: Field, window: Region, status: Status) -> DeltaGenerator:
    """What is going on for a network, with a preview once there is one; the bar below it, to be moved by itself.

    Making a preview takes a hundred times as long as moving the bar: thirty who wait must not keep a processor busy.
    """
    heading(head)
    lr, _ = picture.part(field)
    progress = status.progress
    known = progress is not None and progress.signed.any()
    values = displayed(progress.signed) if progress and known else np.zeros(lr.shape[:2])
    st.image(
        pixels.source(picture, pixels.preview(lr, values, window, picture.scale)),
        width="stretch",
        output_format="PNG",
        alt=f"Preview of {head.name}'s attribution map",
    )
    return st.progress(*how_far(status))


def how_far(status: Status) -> tuple[float, str]:
    """How much of a map is done, and the same in words."""
    now = status.progress
    if now is None:
        return share_fetched(status), waiting_for(status)
    share = min(now.nodes / now.budget, 1.0)
    if status.stage == "queue":
        return share, waiting_for(status)
    return share, f"{now.nodes} of at most {now.budget} nodes, map error {percent(now.error)}"


def waiting_for(status: Status) -> str:
    """Why there is nothing to see yet."""
    if status.stage == "queue":
        place = f"{status.ahead} before you in the queue" if status.ahead else "next in the queue"
        return place.capitalize() if status.progress is None else f"Paused for others: {place}"
    if status.stage == "shared":
        return "Being computed for someone else; shared with you"
    if status.fetched:
        return f"Fetching its weights: {megabytes(*status.fetched)}"
    return "Loading the network"


def share_fetched(status: Status) -> float:
    """How much of the network's weights is here, while they are fetched."""
    here, total = status.fetched or (0, None)
    return min(here / total, 1.0) if total else 0.0


def empty_card(head: Head, picture: Picture, field: Field, window: Region, words: str) -> None:
    """A network whose map is not there yet: the field, on which it will lie."""
    heading(head)
    lr, _ = picture.part(field)
    st.image(
        pixels.source(picture, pixels.preview(lr, np.zeros(lr.shape[:2]), window, picture.scale)),
        width="stretch",
        output_format="PNG",
        alt="The low-resolution picture, the window framed, without a map",
    )
    st.caption(words)


def failed_card(head: Head, reason: str) -> None:
    """A network that gave no map, and why."""
    heading(head)
    st.warning(sentence(reason), icon=":material/error:")
