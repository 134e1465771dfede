"""The figure builder: any windows, networks and cells in one figure for a paper."""

import streamlit as st

from dashboard.app_pages.figure import draft, preview, recipe_form
from dashboard.components.region_picker import picked, region_picker
from dashboard.gallery.shipped import first_visit
from dashboard.presentation.model_options import at_scale, chosen, with_shipped
from dashboard.runtime import process
from dashboard.state import session
from dashboard.widgets import image_picker, target_column, target_window, thumbnails

st.title("A figure for your paper")
st.markdown(
    "Windows and networks in one figure, in your order and under your names. Click the image to add a window; what you "
    "see is what the PDF holds."
)

view = session.current()
left, right = st.columns([1, 2], gap="medium")
with left:
    image = target_column.choose_image()
    view, picture, offers = image.view, image.picture, image.offers
    window = target_window.window_of(view, picture)
    first = first_visit()
    listed = with_shipped(offers, [one.id for one in first.checkpoints])
    here = at_scale(listed, view.scale)
    recipe = draft.current(view, picture, window, chosen(at_scale(offers, view.scale), view.models))
    if st.query_params.pop("add", None):
        draft.add(view, picture, window)
    if pick := picked("figure-picker"):
        region = target_window.pushed_inside(pick.x, pick.y, window.size, picture)
        session.change(window=region)
        if pick.compute:
            draft.add(view, picture, region)
        else:
            draft.move_last(view, region)
        window = region
    recipe = draft.current(view, picture, window, ())
    region_picker(
        thumbnails.picker_url(picture),
        width=picture.width,
        height=picture.height,
        window=window,
        field=None,
        label=f"{picture.title}, {picture.width}×{picture.height} pixels; a click adds a window to the figure",
        key="figure-picker",
        hotkeys=False,
    )
    image_picker.place(window, picture)
    with st.container(horizontal=True):
        st.button("Add this window", icon=":material/add:", on_click=draft.add, args=(view, picture, window))
        with st.popover("Open a figure", icon=":material/folder_open:"):
            key = f"figure-open-{st.session_state.get('figure_opened', 0)}"
            st.file_uploader(
                "PDF, SVG, PNG or TOML that was made here or by `lam figure`",
                type=draft.RECIPE_TYPES,
                key=key,
                on_change=draft.take_file,
                args=(key,),
            )
    recipe_form.windows(recipe)

with right:
    recipe_form.form(recipe, here)
    for sentence in (*session.faults(), draft.fault()):
        if sentence:
            st.warning(sentence, icon=":material/error:")
    preview.show(recipe, view.scale, {offer.key: offer.tag for offer in here})
session.publish(session.current())
process.warm_up()
