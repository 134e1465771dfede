"""Which input pixels made this place? The start page."""

import streamlit as st

from dashboard.app_pages.attribution import heatmap_tab, result_grid
from dashboard.gallery.shipped import first_visit
from dashboard.presentation.model_options import first_cards
from dashboard.runtime import process
from dashboard.state import session
from dashboard.state.user_models import session_offers
from dashboard.widgets import glossary, model_picker, settings_form, target_column, target_window
from dashboard.widgets.visited import visited

st.title("LAM: which input pixels does this window depend on?")
st.markdown(
    "A local attribution map shows which low-resolution pixels one small window of a super-resolved image was made "
    "from. Look at how far the red reaches: to the same stripes and windows elsewhere, or only nearby."
)
glossary.terms("LAM", "DI", "window", "field", "KDE", "path", "node", "detector")

heatmap_tab.take_pick()
left, right = st.columns([1, 2], gap="medium")
with left:
    first = first_visit()
    published_here = session.fixed("published-here", lambda: bool(first_cards(session_offers(), 4)))
    target = target_column.choose_target(() if published_here else [one.id for one in first.results], with_marks=True)
view = target.view

with right, st.container(key="results"):
    with st.container(horizontal=True, vertical_alignment="center"):
        model_picker.model_choice(target.here, target.selected)
    model_picker.condition_choice(target.selected)
    for fault in session.faults():
        st.warning(fault, icon=":material/error:")
    untouched = target_window.is_first_visit(view, first) and not view.models
    shipped = untouched and bool(first.results) and not published_here
    if not target.selected and not shipped:
        st.info(f"No network for ×{view.scale} is available here. Choose another scale.", icon=":material/info:")
    else:
        maps, tiles = heatmap_tab.tabs(target)
        with maps:
            if maps.open:
                if shipped:
                    result_grid.show_shipped(first, target)
                elif not target.fault:
                    result_grid.show(target)
        with tiles:
            if tiles.open:
                heatmap_tab.show(target)
    settings_form.attribution_settings(view)
    visited(view)

process.warm_up()
