"""Which images give a large DI."""

import streamlit as st

from dashboard.app_pages.content import examples, patterns, ranking, sweep_form
from dashboard.runtime import process
from dashboard.widgets import glossary

st.title("Which images give a large DI?")
st.markdown(
    "Images ranked by the largest Diffusion Index that any network reaches in them: mean, maximum, and one mark "
    "per network. Look for what the images at the right end share, and whether those are the stripes and grids one "
    "expects."
)
glossary.terms("DI", "window")

sweep_form.panel()
study = ranking.chosen_study()
models = ranking.networks(study)
if not models:
    st.info("Switch on at least one network above.", icon=":material/info:")
    st.stop()
ranking.ranked(study, models)
examples.strips(study, models)
st.header("DI against content", divider="gray")
ranking.features(study, models)
st.header("The pattern laboratory", divider="gray")
patterns.show()

process.warm_up()
