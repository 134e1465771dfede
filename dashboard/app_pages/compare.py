"""What do several networks look at in common, and what does only one of them see?"""

import streamlit as st

from dashboard import aiming, comparing, controls, engine, panels, session
from dashboard.gallery.shipped import first_visit
from dashboard.gathering import gather
from dashboard.lineup import lineup_of
from dashboard.place import Place
from dashboard.presets import missing_twins, presets
from zoo.catalog.registry import registry
from zoo.settings import settings

st.title("What do they share?")
st.markdown(
    "Two to eight networks on one window: their pictures under one slider, their maps on one scale. Look for what all "
    "of them draw on, in red below, and for what only the wide ones use, in blue."
)

left, right = st.columns([1, 2], gap="medium")
with left:
    aim = aiming.take_aim([one.id for one in first_visit().checkpoints])
view = aim.view

with right:
    with st.container(horizontal=True, vertical_alignment="center"):
        controls.model_choice(aim.here, aim.selected, aim.shelf)
        entries = tuple(registry(*settings().entries))
        controls.preset_choice(presets(aim.here, entries), missing_twins(aim.here, entries))
        controls.density_switch(view)
    if any(offer.only_shipped for offer in aim.selected):
        st.caption(
            "These published networks’ results ship for this window; elsewhere the networks on this computer go on."
        )
    for fault in session.faults():
        st.warning(fault, icon=":material/error:")
    place = None if aim.field is None else Place(view, aim.picture, aim.window, aim.field)
    lineup = place and lineup_of(place, gather(place, aim.selected))
    if lineup is not None:
        comparing.slider(lineup)
        comparing.informative(lineup)
    controls.attribution_settings(view)

if lineup is not None:
    comparing.maps(lineup)
    comparing.differences(lineup)
    comparing.takeaways(lineup)
if place is not None and aim.selected:
    panels.show(place, aim.selected, lineup)
engine.warm_up()
