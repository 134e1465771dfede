"""The sections of the compare page: pictures under one slider, maps on one scale, informative areas, differences."""

from __future__ import annotations

from math import hypot

import streamlit as st

from dashboard.app_pages.compare import comparison_exports
from dashboard.app_pages.compare.comparison import Lineup, Seen
from dashboard.components.compare_slider import Side, compare_slider
from dashboard.components.copy_link import copy_link
from dashboard.components.linked_picture import linked_picture
from dashboard.components.zoom_bar import zoom_bar
from dashboard.presentation import exports
from dashboard.presentation.formatting import decibels, percent, sentence, settings_in_short, settings_of
from dashboard.presentation.map_colours import fine
from dashboard.state import session
from dashboard.widgets import baseline_note, labels, thumbnails, verdict_mark
from dashboard.widgets.colour_bar import colour_bar
from dashboard.widgets.map_display import map_display
from lam_core.attribution.result import Attribution
from lam_core.attribution.wording import index_of, with_error
from lam_core.diffusion.informative import UnlikeMapsError
from lam_core.images.degradations import CLEAN
from lam_core.render import difference_over, informative_over, png

NARROWEST_MAP = 215


def slider(lineup: Lineup) -> None:
    """Any two pictures of the field under a divider."""
    names = lineup.options
    left, right = lineup.sides
    stage, words = st.columns([5, 3], gap="medium")
    with words:
        for side, key in (("left", left), ("right", right)):
            st.session_state[f"side_{side}"] = key
            st.selectbox(
                side.title(),
                list(names),
                format_func=names.__getitem__,
                key=f"side_{side}",
                on_change=_take,
                args=(lineup, side, f"side_{side}"),
            )
        for key in (left, right):
            if one := lineup.of(key):
                quality = lineup.quality[one.key]
                index = index_of(one.result)
                st.caption(
                    f"**{one.name}**: DI {index}" + (f", PSNR of the field {decibels(quality[0])}" if quality else "")
                )
        if pair := lineup.pair():
            st.markdown(f"**{pair}**")
    with stage:
        first, second = (Side(names[key], thumbnails.url(png(lineup.picture_of(key)))) for key in (left, right))
        compare_slider(first, second, lineup.frame, key="slider")
        zoom_bar(lineup.frame, key="zoom-slider")


def maps(lineup: Lineup) -> None:
    """Every network's map in the same colours, its figures beside the baseline's."""
    st.header("What each drew on")
    baseline_note.show(lineup.target.view.settings, lineup.target.picture.scale)
    map_display(lineup.target.view, lineup.colours, lineup.frame)
    grid = st.grid(4, min_column_width=NARROWEST_MAP)
    for one in sorted(lineup.seen, key=lambda one: one.result.diffusion_index):
        with grid.container(border=True):
            _map_card(lineup, one)
    st.caption(f"All at: {settings_of(lineup.seen[0].result)}. Differences are to {lineup.baseline.name}.")


def _map_card(lineup: Lineup, one: Seen) -> None:
    target, result = lineup.target, one.result
    lr, _ = target.picture.part(target.field)
    is_baseline = one is lineup.baseline
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="xxsmall"):
        st.markdown(f"**{one.offer.name}** {labels.TAGS[one.offer.tag]}", width="content")
        with st.container(horizontal=True, width="content", gap="xxsmall"):
            st.button(
                "",
                icon=":material/keep:" if is_baseline else ":material/keep_off:",
                type="tertiary",
                key=f"pin-{one.key}",
                help="The others are compared with this one" if is_baseline else f"Compare the others with {one.name}",
                disabled=is_baseline,
                on_click=session.compare,
                args=(lineup.asked,),
                kwargs={"baseline": one.key},
            )
            with st.popover("", icon=":material/download:", type="tertiary", help=f"Take {one.name}'s map with you"):
                _menu(lineup, one)
    kind = "Kernel density of the attribution" if target.view.density else "Attribution map"
    linked_picture(
        thumbnails.url(png(lineup.colours.over(lr, one.result))),
        lineup.frame,
        label=f"{kind} of {one.name} over the low-resolution image, the window framed",
        key=f"map-{one.key}",
    )
    first, quality = lineup.baseline.result, lineup.quality[one.key]
    base_quality = lineup.quality[lineup.baseline.key]
    with st.grid(2, min_column_width=60, gap=("xxsmall", "small")):
        st.metric(
            "DI",
            index_of(result),
            None if is_baseline else _further(result, first),
            delta_color="off",
            delta_arrow="off",
            help=labels.HELP["DI"],
        )
        st.metric(
            "PSNR",
            decibels(quality[0]) if quality else "no HR",
            None if is_baseline or not (quality and base_quality) else f"{quality[0] - base_quality[0]:+.1f} dB",
            delta_color="off",
            delta_arrow="off",
            help=labels.HELP["PSNR"],
        )
    mark, told = verdict_mark.card_line(result)
    st.markdown(mark, help=told)
    shared = "the baseline" if is_baseline else f"shares {percent(lineup.shared(one))} with {lineup.baseline.name}"
    origin = "shipped result" if one.outcome.shipped else "from the store" if one.outcome.from_store else "computed now"
    st.caption(
        f"{shared[:1].upper()}{shared[1:]} · map error {percent(result.map_error)} · {origin}",
        help=f"{settings_in_short(result)}. Network {result.fingerprint[:12]}… {comparison_exports.source_of(one)}",
    )


def informative(lineup: Lineup) -> None:
    """What nearly all look at and what only the wide group draws on, for any split into two groups."""
    st.header("What all look at, and what only some do")
    picture, words = st.columns([1, 1], gap="medium")
    with words:
        names = {one.key: one.name for one in lineup.seen}
        st.session_state["wide"] = [one.key for one in lineup.wide]
        st.pills(
            "Group B (wide); the rest is group A",
            list(names),
            selection_mode="multi",
            format_func=names.__getitem__,
            key="wide",
            on_change=_take_wide,
            args=(lineup,),
            help="Unless chosen here, the networks above the widest gap in DI are group B.",
            wrap=True,
        )
    try:
        areas = lineup.areas
    except UnlikeMapsError as error:
        words.warning(sentence(str(error)), icon=":material/error:")
        return
    with picture:
        lr, _ = lineup.target.picture.part(lineup.target.field)
        linked_picture(
            thumbnails.url(png(informative_over(lr, areas.shown))),
            lineup.frame,
            label=f"Informative areas over the low-resolution image. {lineup.sentence}",
            key="informative",
        )
        colour_bar(-1, "only group B", "both")
    with words:
        st.markdown(f"**{lineup.sentence}**")
        figures = areas.shares
        rows = {
            "Shared": (figures.overlap, "Of the attribution: Σ min of both groups' mean maps, each of sum 1."),
            "Intersection": (figures.intersection, "Of the field's pixels; an area holds 95 % of a map."),
            "Union": (figures.union, "Of the field's pixels; an area holds 95 % of a map."),
            "Overlap (IoU)": (figures.intersection / figures.union, "Intersection over union of the two areas."),
            "Area of B": (figures.wide_area, "Of the field's pixels: the fewest that hold 95 % of group B’s map."),
            "Area of A": (figures.common_area, "Of the field's pixels: the fewest that hold 95 % of group A’s map."),
        }
        with st.grid(3, min_column_width=90, gap=("xxsmall", "small")):
            for label, (value, words_of) in rows.items():
                st.metric(label, percent(value), help=words_of)
        further = " · ".join(f"{place}: {percent(share)}" for place, share in figures.further.items())
        st.caption(
            f"What only group B draws on, by where it lies seen from the window: {further}.",
            help="The image is made of densities, as published: group A's, less half of what group B's "
            "exceeds it by. The figures are sums over pixels and need no bandwidth; the maps' own errors lower "
            "what is shared.",
        )


def differences(lineup: Lineup) -> None:
    """Every network's map less the baseline's."""
    base = lineup.baseline
    st.header(f"Differences to {base.name}")
    st.markdown(
        f"Red: the network draws more on these pixels than {base.name} does. Blue: less. Pin another network above to "
        "see the differences to that one."
    )
    lr, _ = lineup.target.picture.part(lineup.target.field)
    grid = st.grid(4, min_column_width=NARROWEST_MAP)
    for one in lineup.others:
        with grid.container():
            linked_picture(
                thumbnails.url(png(difference_over(lr, lineup.coloured_difference(one)))),
                lineup.frame,
                label=f"Attribution of {one.name} less that of {base.name}: red more, blue less",
                key=f"difference-{one.key}",
            )
            st.caption(
                f"**{one.name}** − {base.name}: {percent(1 - lineup.shared(one))} of its attribution lies elsewhere"
            )
    scale = fine(lineup.full_difference)
    colour_bar(-1, f"−{scale}", f"+{scale} of the attribution on one pixel, logarithmic")


def takeaways(lineup: Lineup) -> None:
    """Everything as files, and the address."""
    target = lineup.target
    files = (
        ("All panels, PNG", "image", comparison_exports.panels, ".png", "image/png"),
        ("Arrays, .npz", "grid_on", comparison_exports.arrays, ".npz", "application/octet-stream"),
        ("Figures, JSON", "data_object", comparison_exports.figures, ".json", "application/json"),
    )
    address = st.context.url or ""
    with st.container(horizontal=True):
        for label, icon, make, ending, mime in files:
            st.download_button(
                label,
                lambda make=make: make(lineup, address),
                exports.file_name(target.picture, target.window, ending, "comparison"),
                exports.kind(target.picture, mime),
                icon=f":material/{icon}:",
                on_click="ignore",
            )
        copy_link("link-all", width=120)


def _menu(lineup: Lineup, one: Seen) -> None:
    target = lineup.target
    lr, _ = target.picture.part(target.field)
    offers = (
        ("Map, PNG", lambda: png(lineup.colours.over(lr, one.result)), ".png", "image/png"),
        ("Arrays, .npz", one.result.to_npz, ".npz", "application/octet-stream"),
    )
    for label, make, ending, mime in offers:
        name = exports.file_name(target.picture, target.window, ending, one.name)
        kind, key = exports.kind(target.picture, mime), f"take-{one.key}{ending}"
        st.download_button(label, make, name, kind, key=key, on_click="ignore", width="stretch")
    # Recipes of figures name images as they are: their maps would be those of the clean one.
    if target.picture.degradation == CLEAN:
        st.page_link(
            "app_pages/figure/page.py",
            label="Put it into a figure",
            icon=":material/grid_view:",
            query_params={**session.current().to_query(), "add": one.key},
        )


def _further(result: Attribution, first: Attribution) -> str:
    """By how much a DI is above another, with the half-width of the difference's interval."""
    difference = result.diffusion_index - first.diffusion_index
    error = hypot(result.diffusion_index_error, first.diffusion_index_error)
    return f"{'−' if difference < 0 else '+'}{with_error(abs(difference), error)}"


def _take(lineup: Lineup, part: str, widget: str) -> None:
    session.compare(lineup.asked, **{part: st.session_state[widget]})


def _take_wide(lineup: Lineup) -> None:
    wide = tuple(st.session_state["wide"])
    # A group of none or of all is no split: the last one stays.
    if 0 < len(wide) < len(lineup.seen):
        session.compare(lineup.asked, wide=wide)
