"""The models: a table of all, a card for the one that is chosen, and a place for one's own."""

import streamlit as st

from dashboard.app_pages.zoo import add_model, background_task, model_table
from dashboard.app_pages.zoo.model_card import show_card
from dashboard.runtime import process
from zoo.settings import settings

st.title("The zoo")
st.markdown(
    "Every network that can be looked into here, with its source and the digest of its weights. Compact networks were "
    "trained by this project and come with it; published ones are their authors' and are fetched on first use."
)
models, adding = st.tabs(["Models", "Add yours"], key="tab", bind="query-params")
name, slot = None, models
if models.open:
    with models:
        table, side = st.columns([2, 1], gap="medium")
        with table:
            chosen = model_table.show_table(settings())
        if chosen:
            with side, st.container(border=True):
                name, slot = show_card(chosen.entry, chosen.key, chosen.tag)
else:
    with adding:
        name, slot = add_model.show_adding(st.query_params.get("add", "")), st.empty()
process.warm_up()
if name:
    background_task.watch(name, slot)
