"""Which input pixels made this place? The start page."""

import streamlit as st

from dashboard import aiming, controls, engine, looking, results, session
from dashboard.gallery.shipped import first_visit
from dashboard.place import Place

st.title("Which pixels made this place?")
st.markdown(
    "A local attribution map shows which low-resolution pixels one small window of a super-resolved picture was made "
    "from. Look at how far the red reaches: to the same stripes and windows elsewhere, or next door alone."
)

left, right = st.columns([1, 2], gap="medium")
with left:
    aim = aiming.take_aim()
view = aim.view

with right:
    with st.container(horizontal=True, vertical_alignment="center"):
        controls.model_choice(aim.here, aim.selected, aim.shelf)
        controls.density_switch(view)
    for fault in session.faults():
        st.warning(fault, icon=":material/error:")
    first = first_visit()
    if looking.is_first_visit(view, first) and not view.models:
        results.show_shipped(first, aim.picture, as_density=view.density)
    elif not aim.selected:
        st.info(f"No network for ×{view.scale} is at hand. Choose another scale.", icon=":material/info:")
    elif aim.field is not None:
        results.show(Place(view, aim.picture, aim.window, aim.field), aim.selected)
    controls.attribution_settings(view)

engine.warm_up()
