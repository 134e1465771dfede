"""The card of one model of the zoo: what is declared beside what was measured, and what can be done with it."""

from __future__ import annotations

import streamlit as st

from dashboard import engine, measuring, pixels
from dashboard.cards import TAGS
from dashboard.catalogue import can_be_tried, facts
from dashboard.gallery.shipped import first_visit
from dashboard.models import Tag
from dashboard.pictures import from_sample
from dashboard.task import fetching, forget, start, started
from dashboard.view import FIRST_SAMPLE
from dashboard.wording import sentence
from lam_core.samples import sample
from zoo.entry import Entry, Local
from zoo.findings import Finding, Report
from zoo.registry import card
from zoo.settings import settings
from zoo.weights import fetch, find, state

MARKS = {"ok": ":green[✓]", "differs": ":red[✗]", "warning": ":orange[⚠]", "measured": ""}


def show_card(entry: Entry, key: str, tag: Tag) -> str | None:
    """The whole card; `key` is what lists and links call the model. Returns the name of a task to watch, if any."""
    st.markdown(f"**{entry.name}** {TAGS[tag]} :gray-badge[{entry.family}] :gray-badge[×{entry.scale}]")
    if entry.note:
        st.markdown(entry.note)
    _shipped_map(entry)
    task = _actions(entry, key)
    if entry.kind != "classical":
        _comparison(measuring.at_hand(entry) or _unmeasured(entry))
    st.caption("  \n".join(f"**{name}** {text}" for name, text in facts(entry)))
    return task


def _shipped_map(entry: Entry) -> None:
    """What the model looked at on the start page, where that ships."""
    first = first_visit()
    for one in first.results:
        if one.id == entry.id:
            st.image(
                pixels.map_picture(from_sample(sample(first.sample), entry.scale), one.result, as_density=False),
                caption=f"What {entry.name} looked at to make the framed window",
                output_format="PNG",
                width="stretch",
                alt=f"Attribution map of {entry.name} on the start page's picture",
            )


def _actions(entry: Entry, key: str) -> str | None:
    """Buttons for what is possible, and how to get what is not here; the name of a task to watch, if any."""
    task = f"model-{key}"
    going_on = started(task)
    if going_on and not going_on.is_done:
        return task
    if going_on and going_on.failure:
        st.warning(sentence(going_on.failure), icon=":material/error:")
    elif going_on:
        forget(task)
    own = settings()
    here, fetchable = find(entry, own) is not None, state(entry, own) == "remote" and not own.offline
    has_weights = entry.weights is not None
    ships = any(one.id == entry.id for one in first_visit().checkpoints)
    with st.container(horizontal=True):
        if can_be_tried(entry, own) or ships:
            _maps_button(entry, key)
        if has_weights and not here and fetchable:
            size = getattr(entry.weights, "bytes", None)
            words = f"Fetch its weights, {size / 1e6:.1f} MB" if size else "Fetch its weights"
            work = (task, lambda tell: fetch(entry, own, progress=fetching(tell)))
            st.button(words, icon=":material/download:", key=f"fetch-{key}", on_click=start, args=work)
        if has_weights and here and measuring.at_hand(entry) is None:
            turn, store = engine.turn_of_visitor(), engine.service().store
            st.button(
                "Measure it",
                icon=":material/speed:",
                key=f"measure-{key}",
                on_click=start,
                args=(task, lambda tell: measuring.measured_now(entry, turn, store, tell)),
                help="Parameters, receptive field, and PSNR on bundled pictures under both input ranges and channel "
                "orders, beside what its entry declares.",
            )
    if isinstance(entry.weights, Local) and not here:
        st.caption("Nobody is known to serve its weights. On your own copy of this project, a file of yours serves:")
        st.code(f"lam zoo fetch {entry.id} --from {entry.weights.file}", language="sh", wrap_lines=True)
    elif has_weights and not here and not fetchable:
        st.caption("Its weights are not here, and nothing is fetched while this server is offline.")
    return None


def _maps_button(entry: Entry, key: str) -> None:
    if st.button("See its maps", type="primary", icon=":material/center_focus_strong:", key=f"maps-{key}"):
        query = {"image": FIRST_SAMPLE, "scale": str(entry.scale), "models": key}
        st.switch_page("app_pages/attribution.py", query_params=query)


def _unmeasured(entry: Entry) -> Report:
    """What is declared of a network that nobody has run yet."""
    said, parameters = entry.published, card(entry).get("parameters") or entry.published.parameters
    facts = {
        "parameters": f"{parameters:,}" if parameters else "",
        "receptive field": str(said.receptive_field or ""),
    }
    return Report(entry.id, tuple(Finding(name, text, "not yet", "measured") for name, text in facts.items()))


def _comparison(report: Report) -> None:
    """The findings of a check: declared beside measured."""
    st.table(
        [
            {
                "": one.fact[:1].upper() + one.fact[1:],
                "Declared": one.declared or "–",
                "Measured": f"{one.measured} {MARKS[one.verdict]}".strip(),
            }
            for one in report.findings
        ],
        border="horizontal",
        hide_index=True,
        alt="Declared facts beside measured ones",
    )
    for one in report.findings:
        if one.note and one.verdict in ("warning", "differs"):
            st.warning(sentence(f"{one.fact}: {one.note}"), icon=":material/warning:")
