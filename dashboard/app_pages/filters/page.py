"""The Filters page: which filters of a network undo which degradation."""

import streamlit as st

from dashboard.app_pages.filters import abilities, gathering, maps, naming, overlaps, question, take_away
from dashboard.runtime import process
from dashboard.widgets import glossary

st.title("Which filters undo which degradation?")
st.markdown(
    "A network that was fine-tuned for blur and noise, beside the one it was fine-tuned from. Filters are ranked by "
    "what they contribute to undoing a degradation (FAIG). Return the first of them to the baseline and see which "
    "ability the network loses, and whether other filters would have done as well."
)
glossary.terms("FAIG", "baseline", "PSNR")

asked = question.ask()
subject = gathering.gather(asked) if asked is not None else None
if subject is not None:
    chosen = abilities.choose(subject)
    abilities.section(subject, chosen)
    maps.section(subject, chosen)
    overlaps.section(subject, chosen)
    naming.section(subject)
    take_away.section(subject)

process.warm_up()
