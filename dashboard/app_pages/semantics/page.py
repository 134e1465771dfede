"""The Semantics page: what deep features tell apart, content or degradation."""

import streamlit as st

from dashboard.app_pages.semantics import detect, gathering, images_form, layout_form, networks, sections, turn_off
from dashboard.app_pages.semantics.presets import stand_ins
from dashboard.runtime import process
from dashboard.state import session
from dashboard.state.user_models import session_offers
from dashboard.widgets import glossary
from lam_core.service.store import key_of
from zoo.settings import settings as zoo_settings

st.title("What do deep features tell apart?")
st.markdown(
    "Every point is one image as a network's features see it, clean, blurred or noisy. Look whether points cluster "
    "by degradation or by content, and whether they do so before training too."
)
glossary.terms("CHI", "silhouette", "SRGA")

offers = networks.choices(session_offers(), zoo_settings())
layout_form.presets(offers)
choice = layout_form.layout(offers)
shown = images_form.choose()
if choice.preset is not None:
    names = {key: networks.full_name(offer) for key, offer in offers.items()}
    for note in choice.preset.notes(offers, names):
        st.caption(f":material/info: {note}")

asked_for = choice.networks[:1] if choice.by_layer else choice.networks
gathered = gathering.gather(asked_for, shown)
question = key_of({"networks": [offer.key for offer in asked_for], "design": shown.design.identity()})
examined, failures = list(gathered.examined), list(gathered.failures)
if gathered.missing:
    # Two places: in one, the button that was pressed would stand beside Cancel until the run ends, and go just when
    # Cancel is pressed, which then moves from under the pointer.
    prompt, bar = st.empty(), st.empty()
    if session.wanted(question):
        prompt.empty()
        done, faults = gathering.compute(gathered.missing, bar, question, own=shown.is_own)
        examined, failures = examined + done, failures + faults
    else:
        missing = ", ".join(networks.full_name(one.offer) for one in gathered.missing)
        with prompt.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"Not computed for these images yet: {missing}.", width="stretch")
            st.button("Compute", type="primary", key="sem_compute", on_click=session.want, args=(question,))
if gathered.without_weights:
    gathering.explain(gathered.without_weights, stand_ins(offers))
for failure in failures:
    st.warning(failure, icon=":material/error:")

sections.index(sections.on_page(examined))
if examined:
    examined.sort(key=lambda one: asked_for.index(one.offer))
    sections.scatters(examined, shown, choice)
    sections.measures(examined, choice)
    sections.strength(examined)
elif not (gathered.missing or gathered.without_weights or failures):
    st.info("Choose a network above.", icon=":material/touch_app:")
detect.section(offers)
if examined:
    sections.generalisation(examined)
turn_off.section()

process.warm_up()
