"""The models: a table of all, a card for the one that is chosen."""

from dataclasses import asdict

import streamlit as st

from dashboard.cards import TAGS
from dashboard.catalogue import can_be_tried, facts, rows
from dashboard.view import FIRST_SAMPLE
from zoo.registry import registry
from zoo.settings import settings

entries = registry(*settings().entries)
listed = rows(entries, settings())

st.title("The zoo")
st.markdown(
    "Every network that can be looked into here, with its source and the digest of its weights. Compact networks were "
    "trained by this project and come with it; published ones are their authors' and are fetched on first use."
)
table, side = st.columns([2, 1], gap="medium")
with table:
    chosen = st.dataframe(
        [asdict(row) for row in listed],
        key="zoo_table",
        on_select="rerun",
        selection_mode="single-row-required",
        hide_index=True,
        height=560,
        placeholder="",
        column_order=("name", "scale", "tag", "family", "parameters", "receptive_field", "set5", "weights", "licence"),
        column_config={
            "name": st.column_config.TextColumn("Name", pinned=True),
            "scale": st.column_config.NumberColumn("Scale", format="×%d"),
            "tag": "Tag",
            "family": "Family",
            "parameters": st.column_config.NumberColumn("Parameters", format="localized"),
            "receptive_field": st.column_config.TextColumn("Receptive field", help="In LR pixels, as published."),
            "set5": st.column_config.NumberColumn("Set5", format="%.2f dB", help="PSNR on luma, as published."),
            "weights": "Weights",
            "licence": "Licence",
        },
        alt="The models of the zoo",
    )
    st.caption(f"{len(listed)} models. A click on a column's head sorts by it.")
selection = chosen["selection"]["rows"]
entry = entries[listed[selection[0] if selection else 0].id]
with side, st.container(border=True):
    st.markdown(f"**{entry.name}** {TAGS[entry.tag]}")
    if entry.note:
        st.markdown(entry.note)
    for name, text in facts(entry):
        st.caption(f"**{name}**: {text}")
    if can_be_tried(entry, settings()) and st.button("See its attribution maps", icon=":material/center_focus_strong:"):
        st.switch_page(
            "app_pages/attribution.py",
            query_params={"image": FIRST_SAMPLE, "scale": str(entry.scale), "models": entry.id},
        )
