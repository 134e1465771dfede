"""The table of the zoo, with what leaves rows out of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from hashlib import sha256

import streamlit as st

from dashboard.presentation.catalogue import Row, Wanted, choices, row, rows
from dashboard.presentation.model_options import Tag
from dashboard.state.user_models import mine
from zoo.catalog.entry import Entry
from zoo.catalog.registry import registry
from zoo.settings import ZooSettings

LINE, TALLEST = 35, 560
"""Height of a line and of the table at most, in pixels."""
LABELS = {"family": "Family", "architecture": "Architecture", "weights": "Weights", "licence": "Licence"}
COLUMNS = {
    "name": st.column_config.TextColumn("Name", width=176),
    "scale": st.column_config.NumberColumn("Scale", format="×%d", width=52),
    "family": st.column_config.TextColumn("Family", width=72),
    "parameters": st.column_config.NumberColumn("Parameters", format="%.3f M", width=88, help="Millions, as declared."),
    "receptive_field": st.column_config.TextColumn("Field", width=54, help="Receptive field, its side in LR pixels."),
    "set5": st.column_config.NumberColumn("Set5", format="%.2f dB", width=76, help="PSNR on luma, as published."),
    "weights": st.column_config.TextColumn("Weights", width=148),
    "licence": st.column_config.TextColumn("Licence", width=136),
    "tag": st.column_config.TextColumn("Tag", width=84),
    "architecture": st.column_config.TextColumn("Architecture", width=110),
    "year": st.column_config.NumberColumn("Year", format="%d", width=56),
    "pinned": st.column_config.CheckboxColumn("Pinned", width=64, help="A digest fixes every byte of the weights."),
}


@dataclass(frozen=True)
class Chosen:
    """The model whose card is shown."""

    entry: Entry
    key: str
    tag: Tag


def show_table(settings: ZooSettings) -> Chosen | None:
    """The filters and the table; the model of the line that is chosen, if any is left."""
    entries, own = registry(*settings.entries), mine()
    if entries.faults and not settings.hosted:
        listed = "\n".join(f"- {fault}" for fault in entries.faults)
        st.warning(f"Entries that are set aside:\n\n{listed}", icon=":material/warning:")
    everything = [row(one.entry, settings, "yours") for one in own.values()] + rows(entries, settings)
    keys = [*own, *(one.id for one in everything[len(own) :])]
    wanted = _filters(everything)
    listed = wanted.among(everything)
    if not listed:
        st.info("No model is like that. Take a word or a filter away.", icon=":material/filter_alt_off:")
        return None
    shown = [keys[everything.index(one)] for one in listed]
    key = shown[_line(listed, shown)]
    if key in own:
        return Chosen(own[key].entry, key, "yours")
    return Chosen(entries[key], key, entries[key].tag)


def _filters(everything: list[Row]) -> Wanted:
    """Search and scale in sight, the rest behind a button; all of it stands in the address."""
    with st.container(horizontal=True, vertical_alignment="center"):
        search = st.text_input(
            "Search",
            key="search",
            placeholder="Name, paper, training set …",
            icon=":material/search:",
            label_visibility="collapsed",
            live=True,
            bind="query-params",
        )
        scale = st.pills(
            "Scale",
            choices(everything, "scale"),
            selection_mode="multi",
            format_func=lambda value: f"×{value}",
            key="scales",
            label_visibility="collapsed",
            bind="query-params",
        )
        with st.popover("Filter", icon=":material/filter_alt:"):
            others = {
                name: tuple(
                    st.multiselect(label, choices(everything, name), key=name, select_all=False, bind="query-params")
                )
                for name, label in LABELS.items()
            }
    return Wanted(search or "", scale=tuple(scale), **others)


def _line(listed: list[Row], keys: list[str]) -> int:
    """Shows the table and returns the line that is chosen; the address names its model."""
    before = st.query_params.get("model", "")
    first = keys.index(before) if before in keys else 0
    event = st.dataframe(
        [asdict(one) | {"parameters": one.parameters and one.parameters / 1e6} for one in listed],
        # Lines are chosen by number: another list is another table.
        key="table-" + sha256(" ".join(keys).encode()).hexdigest()[:16],
        on_select="rerun",
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [first]}},
        hide_index=True,
        height=min(TALLEST, LINE * (len(listed) + 1) + 3),
        placeholder="",
        column_order=tuple(COLUMNS),
        column_config=COLUMNS,
        alt="The models of the zoo",
    )
    count = f"{len(listed)} models" if len(listed) > 1 else "One model"
    st.caption(f"{count}. A click on a column's head sorts by it, a click on a line opens its card.")
    rows = event["selection"]["rows"]
    line = rows[0] if rows else first
    if keys[line] != before and (before or line):
        st.query_params["model"] = keys[line]
    return line
