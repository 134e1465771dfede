"""What a picture must hold for networks to look far."""

import streamlit as st

from dashboard import content_view, engine, laboratory_view, own_set, strips_view

st.title("What makes a network look far?")
st.markdown(
    "Images ranked by the largest Diffusion Index that any network reaches in them: mean, maximum, and one mark a "
    "network. Look for what the images at the right end share, and whether those are the stripes and grids one expects."
)

own_set.panel()
study = content_view.chosen_study()
models = content_view.networks(study)
if not models:
    st.info("Switch on at least one network above.", icon=":material/info:")
    st.stop()
content_view.ranked(study, models)
strips_view.strips(study, models)
st.header("DI against content", divider="gray")
content_view.features(study, models)
st.header("The pattern laboratory", divider="gray")
laboratory_view.show()

engine.warm_up()
