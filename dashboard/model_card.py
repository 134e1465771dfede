"""The card of one model of the zoo: what is declared beside what was measured, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard import measuring, pixels
from dashboard.cards import TAGS
from dashboard.catalogue import can_be_tried, facts
from dashboard.gallery.shipped import first_visit
from dashboard.models import Tag
from dashboard.task import Task, fetching, running
from dashboard.view import FIRST_SAMPLE
from dashboard.wording import sentence
from zoo.entry import Entry, Local
from zoo.findings import Report, Verdict
from zoo.settings import settings
from zoo.weights import fetch, find, state

VERDICTS: dict[Verdict, str] = {"ok": "✓ as declared", "differs": "✗ differs", "warning": "⚠ look at it", "measured": ""}


def show(entry: Entry, key: str, tag: Tag) -> None:
    """The whole card; `key` is what lists and links call the model."""
    st.markdown(f"**{entry.name}** {TAGS[tag]}")
    if entry.note:
        st.markdown(entry.note)
    _map_of(entry)
    _actions(entry, key)
    if entry.kind != "classical":
        report = measuring.at_hand(entry)
        if report:
            _measured(report)
    for name, text in facts(entry):
        st.caption(f"**{name}**: {text}")


def _map_of(entry: Entry) -> None:
    """What the model looked at on the start page, where that ships."""
