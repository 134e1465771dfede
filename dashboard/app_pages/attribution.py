"""Which input pixels made this place? The start page."""

import streamlit as st

from dashboard import aiming, controls, engine, heat_map, looking, results, session
from dashboard.gallery.shipped import first_visit
from dashboard.place import Place

st.title("Which pixels made this place?")
st.markdown(
    "A local attribution map shows which low-resolution pixels one small window of a super-resolved picture was made "
    "from. Look at how far the red reaches: to the same stripes and windows elsewhere, or next door alone."
)

heat_map.take_pick()
left, right = st.columns([1, 2], gap="medium")
with left:
    aim = aiming.take_aim()
view = aim.view

with right:
    with st.container(horizontal=True, vertical_alignment="center"):
        controls.model_choice(aim.here, aim.selected, aim.shelf)
        if not view.tiles:
            controls.density_switch(view)
    for fault in session.faults():
        st.warning(fault, icon=":material/error:")
    shipped = looking.is_first_visit(view, first_visit()) and not view.models
    if not aim.selected and not shipped:
        st.info(f"No network for ×{view.scale} is at hand. Choose another scale.", icon=":material/info:")
    else:
        maps, tiles = heat_map.tabs(aim)
        with maps:
            if maps.open:
                if shipped:
                    results.show_shipped(first_visit(), aim.picture, as_density=view.density)
                elif aim.field is not None:
                    results.show(Place(view, aim.picture, aim.window, aim.field), aim.selected)
        with tiles:
            if tiles.open:
                heat_map.show(aim)
    controls.attribution_settings(view)

engine.warm_up()
