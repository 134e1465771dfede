"""What a network can no longer do once its first filters are the baseline's: on an image, and in PSNR over many."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from dashboard.app_pages.filters import figures, gathering
from dashboard.app_pages.filters.figures import share_label, title_of
from dashboard.app_pages.filters.gathering import Subject
from dashboard.gallery.filters import shipped
from dashboard.presentation.formatting import decibels, sentence
from dashboard.runtime.compute import reason
from dashboard.state import visitor
from dashboard.widgets import thumbnails
from dashboard.widgets.chart import show_chart
from lam_core.errors import LamError
from lam_core.filters import summary
from lam_core.filters.curves import Finding, findings, mean_interval
from lam_core.filters.image_requests import Returned
from lam_core.images import Pixels, psnr
from lam_core.images.image_sets import Picture
from lam_core.images.pixels import mod_crop
from lam_core.render import enlarged, png
from lam_core.samples import sample
from lam_core.samples.catalogue import UnknownSampleError

FIRST_SHARE = 0.03
"""Share of filters that is returned when the page opens."""


@dataclass(frozen=True)
class Chosen:
    """Filters of the degradation in question, and how many of them are returned."""

    degradation: str
    share: float


def choose(subject: Subject) -> Chosen:
    """The degradation and the share of filters that all sections are about."""
    asked = subject.question
    st.caption(
        f"{asked.names[0]} beside {asked.names[1]} · {subject.study.scored_on} images score, {subject.study.tried_on} "
        f"try · {asked.title} · {subject.origin}"
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        degradation = st.segmented_control(
            "Filters for", subject.study.degradations, format_func=title_of, default=subject.study.degradations[0],
            required=True, key="filters_for", bind="query-params",
        )  # fmt: skip
        label = st.select_slider(
            "Returned to the baseline", [share_label(share) for share in shipped.SHOWN], value=share_label(FIRST_SHARE),
            key="returned", bind="query-params", width=360,
            help="That share of all filters, those with the largest scores first. A filter is one kernel of a layer.",
        )  # fmt: skip
    if degradation not in subject.study.degradations:
        degradation = subject.study.degradations[0]
    share = next(share for share in shipped.SHOWN if share_label(share) == label)
    return Chosen(degradation, share)


def section(subject: Subject, chosen: Chosen) -> None:
    """The section."""
    st.header("What is lost without them?", anchor="abilities")
    curves = subject.study.about(chosen.degradation).curves
    found = findings(curves, chosen.degradation)
    gain = mean_interval(curves.gain(chosen.degradation))
    title = title_of(chosen.degradation)
    st.markdown(
        f"Fine-tuning brought {gain[0]:+.2f} dB [{gain[1]:.2f}, {gain[2]:.2f}] on images with {title}. "
        + verdict(found, chosen)
    )
    pictures(subject, chosen)
    grid = st.grid(2, min_column_width=320)
    with grid.container():
        st.markdown(f"**PSNR while filters for {title} are returned**")
        show_chart(
            figures.cost_chart(curves, chosen.share),
            "filters-cost",
            f"Change of PSNR by kind of image against the share of filters for {title} returned",
        )
    with grid.container():
        st.markdown(f"**Beyond clean images, beside controls: {title}**")
        show_chart(
            figures.control_chart(curves, chosen.degradation, chosen.share),
            "filters-controls",
            f"PSNR lost on images with {title} beyond clean ones, for discriminative filters and three controls",
        )
    st.caption(
        f"Means over {subject.study.tried_on} images, with 95 % bootstrap intervals over images. Controls return as "
        "many filters: random ones of the same layers (mean of five draws), those that fine-tuning changed most, and "
        "those first by gradients at the fine-tuned network alone, without a path."
    )
    with st.expander("Every share in figures", icon=":material/table_rows:"):
        st.dataframe(table(found), hide_index=True, alt="What returning each share of filters costs")


def verdict(found: tuple[Finding, ...], chosen: Chosen) -> str:
    """What the chosen share costs every kind of image, and how the controls compare."""
    one = next((row for row in found if row.share == chosen.share), None)
    if one is None:
        return "No filter is returned: this is the fine-tuned network."
    own, *_ = one.lost[chosen.degradation]
    others = ", ".join(
        f"{title_of(kind)} {span[0]:.2f}" for kind, span in one.lost.items() if kind != chosen.degradation
    )
    return (
        f"Without {share_label(chosen.share)} of the filters {own:.2f} dB of it are gone (on others: {others} dB). "
        + sentence(summary.sentence(one, title_of(chosen.degradation)))
    )


def table(found: tuple[Finding, ...]) -> pd.DataFrame:
    """Losses in dB by share, with their intervals."""
    rows = []
    for one in found:
        row: dict[str, object] = {"returned": share_label(one.share)}
        row |= {f"lost, {title_of(kind)}": _interval(span) for kind, span in one.lost.items()}
        row["beyond clean"] = _interval(one.own)
        row |= {f"over {figures.ORDERS[name].lower()}": _interval(span) for name, span in one.over_controls.items()}
        row["beats every control"] = one.beats_controls
        row["this ability above all"] = one.selective
        rows.append(row)
    return pd.DataFrame(rows)


def _interval(span: tuple[float, float, float]) -> str:
    mean, low, high = span
    return f"{mean:.2f} [{low:.2f}, {high:.2f}]"


def pictures(subject: Subject, chosen: Chosen) -> None:
    """An image under every degradation: the input, and what each network makes of it."""
    asked = subject.question
    names = {picture.name: picture for picture in asked.pictures}
    first = shipped.EXAMPLE if shipped.EXAMPLE in names else next(iter(names))
    name = st.selectbox(
        "Seen on", list(names), index=list(names).index(first), format_func=_title, key="filters_on", width=260
    )
    try:
        original, found = _images(subject, chosen, names[name], name)
    except LamError as error:
        st.warning(sentence(str(error)), icon=":material/error:")
        return
    if found is None:
        return
    scale = len(original) // shipped.SIDE
    kinds = ("clean", *subject.study.degradations)
    inputs = shipped.inputs(original, scale, kinds)
    at = shipped.SHOWN.index(chosen.share)
    order = [kinds.index(chosen.degradation), *(k for k, kind in enumerate(kinds) if kind != chosen.degradation)]
    for k in order:
        mark = " — the ability in question" if kinds[k] == chosen.degradation else ""
        st.markdown(f"**Input: {title_of(kinds[k])}**{mark}")
        columns = {
            "Input": enlarged(inputs[k], original.shape[1]),
            "Fine-tuned": found.images[k, 0],
            f"{share_label(chosen.share)} returned": found.images[k, at],
            "Baseline": found.baseline[k],
            "Original": original,
        }
        with st.grid(len(columns), min_column_width=120, gap="small"):
            for label, pixels in columns.items():
                is_sr = label not in ("Input", "Original")
                figure = f", {decibels(psnr(pixels, original, shave=scale))}" if is_sr else ""
                content = png(pixels)
                st.image(
                    thumbnails.url(content) if asked.is_own else content,
                    caption=f"{label}{figure}",
                    width="stretch",
                    output_format="PNG",
                    alt=f"{label}, {title_of(kinds[k])}{figure}",
                )


def _images(subject: Subject, chosen: Chosen, picture: Picture, name: str) -> tuple[Pixels, Returned | None]:
    asked = subject.question
    standard = subject.origin == "shipped result" and chosen.degradation == shipped.DEGRADATIONS[0]
    if standard and name == shipped.EXAMPLE and (ready := shipped.pictures(asked.target)) is not None:
        return shipped.example(), ready
    key = ("filters-returned", *asked.key[1:], chosen.degradation, name)
    try:
        target, baseline = subject.networks()
        original = shipped.middle_part(mod_crop(picture.open().pixels, target.scale), target.scale)
        request = shipped.pictures_request(target, baseline, subject.study, chosen.degradation, original)
        service = visitor.service(private=asked.is_own)
        found = service.find(request)
    except LamError:
        raise
    except Exception as error:
        st.warning(sentence(reason(error, "looking for SR images")), icon=":material/error:")
        return shipped.example(), None
    if found is None:
        found = gathering.computed(request, "SR images", key=key, own=asked.is_own)
    return original, found


def _title(name: str) -> str:
    try:
        return sample(name).title
    except UnknownSampleError:
        return name
