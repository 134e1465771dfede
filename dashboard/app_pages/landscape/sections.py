"""The parts of the landscape page: its controls, chart, sentences and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isinf
from typing import cast, get_args

import pandas as pd
import streamlit as st

from dashboard.app_pages.landscape.figures import landscape_chart
from dashboard.gallery.studies import studied_networks
from dashboard.presentation import study as studies
from dashboard.presentation import study_text
from dashboard.presentation.formatting import sentence
from dashboard.presentation.model_options import Tag
from dashboard.presentation.plot_theme import COMPACT, toolbar
from dashboard.presentation.study import Field, Study
from dashboard.state.cache import Kept
from dashboard.state.marks import marks
from dashboard.widgets import study_picker
from lam_core.errors import LamError
from lam_core.studies.landscape import AXES, Axis, Landscape, Site, landscape
from lam_core.studies.published import IMAGES, PUBLISHED, SOURCE, agreement
from lam_core.studies.statistics import Correlation, correlation, difference_of

AXIS_NAMES: dict[Axis, str] = {
    "psnr": "PSNR",
    "ssim": "SSIM",
    "receptive_field": "Receptive field",
    "parameters": "Parameters",
    "depth": "Depth",
    "width": "Width",
}
KINDS: dict[Tag, str] = {"published": "Published checkpoints", "compact": "Compact networks", "yours": "Yours"}
DIGITS = {"DI": 2, "DI low": 2, "DI high": 2, "PSNR": 2, "SSIM": 4}
_LARGEST_TABLE = 20
_LANDSCAPES = Kept("landscapes", everybody=64, visitor=8)


@dataclass(frozen=True)
class Choice:
    """What the controls say."""

    axis: Axis
    field: Field
    models: tuple[str, ...]
    published: bool
    logarithmic: bool


def chosen_study() -> Study:
    """The shipped study or the visitor's own, and where another one comes from."""
    with st.popover("Show another sweep", icon=":material/upload_file:"):
        st.markdown("Show a table that `lam sweep --out FILE.parquet` wrote.")
        st.file_uploader(
            "Table",
            type=["parquet"],
            key="table",
            max_upload_size=_LARGEST_TABLE,
            on_change=_take_table,
            label_visibility="collapsed",
        )
        st.caption("To sweep images of your own here, go to the Content page.")
    if fault := st.session_state.get("table_fault"):
        st.error(fault, icon=":material/error:")
    return study_picker.choose()


def landscape_of(models: tuple[str, ...], study: Study) -> Landscape:
    """The landscape of some models of a study."""
    return _LANDSCAPES.get(
        (study.key, models), lambda: landscape(study.of(models), studies.builds(study)), own=study.own
    )


def _take_table() -> None:
    file = st.session_state.get("table")
    st.session_state.table_fault = ""
    if file is None:
        return
    try:
        study_picker.hold(studies.of_file(file.name, file.getvalue()))
    except LamError as error:
        st.session_state.table_fault = sentence(str(error))


def controls(study: Study) -> Choice:
    """The axis and what is drawn; all of it stands in the address."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        axis = st.segmented_control(
            "Mean DI against",
            AXES,
            format_func=lambda axis: AXIS_NAMES[axis],
            default=AXES[0],
            required=True,
            key="along",
            bind="query-params",
            wrap=True,
        )
        field: Field = "probed"
        if axis == "receptive_field":
            field = st.segmented_control(
                "Receptive field",
                get_args(Field),
                default="probed",
                required=True,
                key="field_by",
                bind="query-params",
                help="Probed here by gradients, or as the authors declare it where they do.",
            )
        kinds: tuple[Tag, ...] = tuple(
            kind for kind in KINDS if any(studies.tag_of(model) == kind for model in study.networks)
        )
        shown: Sequence[Tag] = kinds
        if len(kinds) > 1:
            shown = st.pills(
                "Networks",
                kinds,
                selection_mode="multi",
                format_func=lambda kind: KINDS[kind],
                default=kinds,
                key="kinds",
                bind="query-params",
            )
        published = st.toggle(
            "Published table",
            value=True,
            key="table_of_paper",
            bind="query-params",
            help=f"Hollow marks: {SOURCE}; ×4, {IMAGES} hard images. Other images than here, so never mixed with "
            "what is measured; it has PSNR and receptive field alone.",
        )
        logarithmic = st.toggle("Logarithmic DI", value=True, key="log", bind="query-params")
    models = tuple(model for model in study.networks if studies.tag_of(model) in shown)
    return Choice(cast(Axis, axis), field, models, published, logarithmic)


def show_chart(found: Landscape, choice: Choice) -> None:
    """The landscape along the chosen axis."""
    places = studies.places(found.sites, choice.axis, choice.field)
    figure = landscape_chart(
        found.sites,
        choice.axis,
        places=places,
        series=studies.series_among(choice.models),
        published=PUBLISHED if choice.published else (),
        log_index=choice.logarithmic,
        marks=marks(choice.models),
    )
    st.plotly_chart(
        figure,
        key="chart-landscape",
        config=toolbar("landscape"),
        alt=f"Mean Diffusion Index of {len(places)} networks against {AXIS_NAMES[choice.axis]}",
    )
    missing = [site.model for site in found.sites if site.model not in places]
    if missing:
        st.caption(f"Not drawn, for their place on this axis is not known: {', '.join(missing)}.")
    if choice.published and choice.axis not in ("psnr", "receptive_field"):
        st.caption("The published table has PSNR and receptive field alone, so it has no marks on this axis.")


def read_aloud(found: Landscape, choice: Choice) -> None:
    """What the figures say, and where the published order does not appear."""
    st.markdown(f"- {study_text.order(found.order)}")
    name = AXIS_NAMES[choice.axis]
    name = name if name.isupper() else name.lower()
    st.markdown(f"- {study_text.association(name, _correlation(found.sites, choice), found.order.images)}")
    means = {site.model: site.diffusion_index.mean for site in found.sites}
    groups = {
        "published checkpoints": {model: mean for model, mean in means.items() if not model.endswith(COMPACT)},
        "compact networks": {m.removesuffix(COMPACT): mean for m, mean in means.items() if m.endswith(COMPACT)},
    }
    for who, measured in groups.items():
        if measured and not study_text.too_few(found.order.images, "an order"):
            st.markdown(f"- {study_text.order_beside_published(agreement(measured), who)}")
    if groups["compact networks"]:
        st.markdown(
            "- Compact networks are small and were trained briefly: they show the mechanism, not the published figures."
        )


def _correlation(sites: Sequence[Site], choice: Choice) -> Correlation | None:
    places = studies.places(sites, choice.axis, choice.field)
    pairs = [(places[site.model], site.diffusion_index.mean) for site in sites if site.model in places]
    return correlation([x for x, _ in pairs], [y for _, y in pairs]) if len(pairs) >= 3 else None


def compare_two(study: Study, found: Landscape) -> None:
    """The paired difference in DI of two networks of the study."""
    names = [standing.model for standing in found.order.standings]
    if len(names) < 2:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first = st.selectbox("Difference in DI of", names, key="difference_of", width=260)
        second = st.selectbox("and", [name for name in names if name != first], key="difference_to", width=260)
    try:
        between = difference_of(study.table, first, second)
    except LamError as error:
        st.caption(sentence(str(error)))
        return
    st.markdown(f"- {study_text.difference(first, second, between)}")


def show_correlations(found: Landscape) -> None:
    """Rank correlations of mean DI with every axis."""
    rows = [
        {
            "Mean DI with": AXIS_NAMES[axis],
            "Spearman ρ": c.rho,
            "p": "" if c.p is None else study_text.p_value(c.p),
            "n": c.n,
        }
        for axis, c in found.correlations.items()
    ]
    if rows and not study_text.too_few(found.order.images, "a correlation"):
        st.dataframe(
            rows,
            hide_index=True,
            column_config={
                "Spearman ρ": st.column_config.NumberColumn(format="%.2f"),
            },
            alt="Rank correlations of mean DI with performance, receptive field and size",
        )
        st.caption(
            "n: networks. p: two-sided, of no association. Six correlations are tested at once: one of them falls "
            "below 0.05 by chance in a quarter of such tables."
        )


def show_table(study: Study, found: Landscape) -> pd.DataFrame:
    """The table of all networks; gives it back to be taken away."""
    table = landscape_table(found, {network.name: network.sha256 for network in studied_networks()})
    st.dataframe(
        table,
        hide_index=True,
        column_config={
            "DI": st.column_config.NumberColumn(format="%.2f", help="Mean over images."),
            "DI low": st.column_config.NumberColumn(format="%.2f", help="95 % bootstrap interval over images, paired."),
            "DI high": st.column_config.NumberColumn(format="%.2f"),
            "ranks": st.column_config.TextColumn(help="Best and worst rank within the 95 % interval."),
            "PSNR": st.column_config.NumberColumn(format="%.2f dB"),
            "SSIM": st.column_config.NumberColumn(format="%.4f"),
            "parameters": st.column_config.NumberColumn(format="localized"),
            "weights": st.column_config.TextColumn(help="First digits of the sha256 of the weights.", width="small"),
        },
        alt="All networks with DI, PSNR, SSIM, receptive field, parameters, depth and width",
    )
    if not study.own:
        with st.expander("Where the weights come from"):
            for network in studied_networks():
                st.caption(f"**{network.name}**: {network.source}, sha256 `{network.sha256}`")
    return table


def landscape_table(found: Landscape, digests: dict[str, str]) -> pd.DataFrame:
    """One row a network, the largest mean DI first."""
    rows = []
    for site, standing in zip(found.sites, found.order.standings, strict=True):
        build, declared = site.build, studies.declared_field(site.model)
        rows.append(
            {
                "model": site.model,
                "kind": studies.tag_of(site.model),
                "DI": site.diffusion_index.mean,
                "DI low": site.diffusion_index.low,
                "DI high": site.diffusion_index.high,
                "ranks": "–".join(str(rank) for rank in dict.fromkeys((standing.rank_low, standing.rank_high))),
                "PSNR": site.psnr.mean,
                "SSIM": site.ssim.mean,
                "field, probed": build.receptive_field.text if build else "",
                "field, declared": "" if declared is None else "global" if isinf(declared) else f"{declared:.0f}",
                "parameters": build.anatomy.parameters if build else None,
                "depth": build.anatomy.depth if build else None,
                "width": build.anatomy.width if build else None,
                "images": site.diffusion_index.n,
                "weights": digests.get(site.model, "")[:12],
            }
        )
    return pd.DataFrame(rows)
