"""The Compare page: what several networks look at in common, and what only one of them sees."""

import streamlit as st

from dashboard.app_pages.compare import details, sections
from dashboard.app_pages.compare.comparison import lineup_of
from dashboard.app_pages.compare.gathering import gather
from dashboard.app_pages.compare.presets import missing_twins, preset_choice, presets
from dashboard.gallery.shipped import first_visit
from dashboard.runtime import process
from dashboard.state import history, session
from dashboard.widgets import glossary, model_picker, settings_form, target_column
from dashboard.widgets.visited import visited
from zoo.catalog.registry import registry
from zoo.settings import settings

st.title("Compare networks on one window")
st.markdown(
    "Two to eight networks on one window: their images under one slider, their maps side by side. Look for what all "
    "of them draw on, in red below, and for what only the wide ones, group B, use, in blue."
)
glossary.terms("LAM", "DI", "window", "field", "KDE", "path", "node", "detector", "effective receptive field")

left, right = st.columns([1, 2], gap="medium")
with left:
    target = target_column.choose_target([one.id for one in first_visit().checkpoints])
view = target.view

with right, st.container(key="results"):
    with st.container(horizontal=True, vertical_alignment="center"):
        model_picker.model_choice(target.here, target.selected)
        entries = tuple(registry(*settings().entries))
        preset_choice(presets(target.here, entries), missing_twins(target.here, entries))
    model_picker.condition_choice(target.selected)
    if any(offer.only_shipped for offer in target.selected):
        st.caption("The maps of these published networks ship for this window; elsewhere their weights are needed.")
    for fault in session.faults():
        st.warning(fault, icon=":material/error:")
    lineup = None if target.fault else lineup_of(target, gather(target))
    if lineup is not None:
        sections.slider(lineup)
        sections.informative(lineup)

if lineup is not None:
    history.record(view, target.window, [one.key for one in lineup.seen])
    sections.maps(lineup)
    sections.differences(lineup)
    sections.takeaways(lineup)
settings_form.attribution_settings(view)
visited(view)
if target.selected and not target.fault:
    details.show(target, lineup)
process.warm_up()
