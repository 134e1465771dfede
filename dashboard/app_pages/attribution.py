"""Which input pixels made this place? The start page."""

import streamlit as st

from dashboard import controls, engine, looking, results, session
from dashboard.components.image_strip import chosen_image
from dashboard.components.region_picker import picked, pressed
from dashboard.gallery.shipped import first_visit
from dashboard.models import at_scale, chosen, offers, scales, shelf
from dashboard.view import MOST_MODELS
from lam_core.settings import settings
from zoo.settings import settings as zoo_settings

view = session.current()
asks = False
if sample_id := chosen_image("strip"):
    view, asks = session.change(image=sample_id, low_resolution=False, window=None), True

st.title("Which pixels made this place?")
st.markdown(
    "A local attribution map shows which low-resolution pixels one small window of a super-resolved picture was made "
    "from. Look at how far the red reaches: to the same stripes and windows elsewhere, or next door alone."
)

listed = offers(zoo_settings(), settings().networks)
here = at_scale(listed, view.scale)
if digit := pressed("picker"):
    selected = chosen(here, view.models)
    controls.toggle(shelf(here, selected, MOST_MODELS), selected, int(digit))
    view = session.current()
selected = chosen(here, view.models)

left, right = st.columns([1, 2], gap="medium")
with left:
    controls.samples_strip(view.image)
    with st.container(horizontal=True, vertical_alignment="center"):
        controls.upload(view)
        controls.scale_choice(view, scales(listed))
    controls.upload_fault()
    picture = looking.picture_of(view)
    if picture is None:
        looking.ask_for_file()
        engine.warm_up()
        st.stop()
    if pick := picked("picker"):
        window = looking.window_of(view, picture)
        view = session.change(window=looking.pushed_inside(pick.x, pick.y, window.size, picture))
        asks = asks or pick.compute
    window = looking.window_of(view, picture)
    view = session.current()
    field = looking.field_of(view, window, picture)
    looking.show_picker(picture, window, field)
    controls.place(window, picture)
    if st.button("Compute", type="primary", width="stretch", disabled=not selected, help="Enter does the same"):
        asks = True
    looking.show_close_ups(picture, window)
    for note in picture.notes:
        st.caption(note)
    st.caption(f"{picture.title}: {picture.credit}.")

if asks:
    view = session.change(window=window, models=tuple(offer.key for offer in selected))
    session.ask()
session.publish(view)

with right:
    with st.container(horizontal=True, vertical_alignment="center"):
        controls.model_choice(here, selected, shelf(here, selected, MOST_MODELS))
        controls.density_switch(view)
    for fault in session.faults():
        st.warning(fault, icon=":material/error:")
    first = first_visit()
    if looking.is_first_visit(view, first):
        results.show_shipped(first, picture, as_density=view.density)
    elif not selected:
        st.info(f"No network for ×{view.scale} is at hand. Choose another scale.", icon=":material/info:")
    elif field is not None:
        results.show(results.Place(view, picture, window, field), selected)
    controls.attribution_settings(view)

engine.warm_up()
