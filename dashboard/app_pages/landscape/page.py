"""DI against performance, receptive field and size, network by network."""

import streamlit as st

from dashboard.app_pages.landscape import sections
from dashboard.runtime import process
from dashboard.widgets import glossary
from dashboard.widgets.study_downloads import settings_of, take_away

st.title("DI against PSNR and size")
st.markdown(
    "Each mark is a network: how widely it draws on its input, averaged over the same images, against how well it does "
    "or how it is built. Look for marks that rise to the right, and for those with a large DI and no gain in PSNR."
)
glossary.terms("DI", "receptive field")

study = sections.chosen_study()
choice = sections.controls(study)
if not choice.models:
    st.info("Switch on at least one kind of network above.", icon=":material/info:")
    st.stop()
found = sections.landscape_of(choice.models, study)
sections.show_chart(found, choice)
st.caption(settings_of(study))
for note in study.notes:
    st.caption(f":material/info: {note}")
left, right = st.columns([3, 2], gap="large")
with left:
    sections.read_aloud(found, choice)
    sections.compare_two(study, found)
with right:
    sections.show_correlations(found)
table = sections.show_table(study, found)
take_away(
    study,
    "landscape",
    table,
    "Mean Diffusion Index of networks.",
    sections.DIGITS,
    {"landscape": found.to_dict()},
)

process.warm_up()
