"""DI against performance, receptive field and size, network by network."""

import streamlit as st

from dashboard import engine, landscape_view, studies
from dashboard.takeaways import settings_of, take_away

st.title("Who looks far, and does it help?")
st.markdown(
    "Each mark is a network: how widely it draws on its input, averaged over the same images, against how well it does "
    "or how it is built. Look for marks that rise to the right, and for those that look far and gain nothing."
)

study = landscape_view.chosen_study()
choice = landscape_view.controls(study)
if not choice.models:
    st.info("Switch on at least one kind of network above.", icon=":material/info:")
    st.stop()
found = studies.landscape_of(choice.models, study)
landscape_view.show_chart(found, choice)
st.caption(settings_of(study))
for note in study.notes:
    st.caption(f":material/info: {note}")
left, right = st.columns([3, 2], gap="large")
with left:
    landscape_view.read_aloud(found, choice)
with right:
    landscape_view.show_correlations(found)
table = landscape_view.show_table(study, found)
take_away(
    study,
    "landscape",
    table,
    "Mean Diffusion Index of networks.",
    landscape_view.DIGITS,
    {"landscape": found.to_dict()},
)

engine.warm_up()
