"""The card of one model of the zoo: what is declared beside what was measured, and what can be done with it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.app_pages.zoo import measurements
from dashboard.app_pages.zoo.background_task import Tell, fetching, forget, start, started
from dashboard.gallery.shipped import first_visit
from dashboard.presentation.catalogue import can_be_tried, facts
from dashboard.presentation.decoded_image import from_sample
from dashboard.presentation.formatting import sentence
from dashboard.presentation.map_colours import MapColours
from dashboard.presentation.model_options import Tag
from dashboard.presentation.view import FIRST_SAMPLE
from dashboard.state import user_models, visitor
from dashboard.widgets import fields_view, run_panel, thumbnails
from dashboard.widgets.labels import TAGS
from lam_core.fields.request import standard_request
from lam_core.samples import sample
from zoo.catalog.entry import Entry, Local
from zoo.catalog.registry import card
from zoo.inspection.report import Finding, Report
from zoo.settings import settings
from zoo.sources.weights import fetch, reach

MARKS = {"ok": ":green[✓]", "differs": ":red[✗]", "warning": ":orange[⚠]", "measured": ""}


def show_card(entry: Entry, key: str, tag: Tag) -> tuple[str | None, DeltaGenerator]:
    """The whole card; `key` is what lists and links call the model.

    Returns the name of a task to watch, if there is one, and the place where its buttons stand otherwise.
    """
    st.markdown(f"**{entry.name}** {TAGS[tag]} :gray-badge[{entry.family}] :gray-badge[×{entry.scale}]")
    if entry.note:
        st.markdown(entry.note)
    _shipped_map(entry)
    # One place for buttons and progress: nothing below it moves, for a page that watches a task is not finished.
    task, slot = f"model-{key}", st.empty()
    going_on = started(task)
    is_going_on = going_on is not None and not going_on.is_done
    if not is_going_on:
        with slot.container():
            _actions(entry, key, task)
    if entry.kind != "classical":
        _comparison(measurements.at_hand(entry) or _unmeasured(entry))
    st.caption("  \n".join(f"**{name}** {text}" for name, text in facts(entry)))
    _receptive_field(entry, key)
    return task if is_going_on else None, slot


def _shipped_map(entry: Entry) -> None:
    """What the model looked at on the start page, where that ships."""
    first = first_visit()
    for one in first.results:
        if one.id == entry.id:
            st.image(
                thumbnails.map_picture(
                    from_sample(sample(first.sample), entry.scale), one.result, MapColours("own", as_density=False)
                ),
                caption=f"What {entry.name} looked at to make the framed window",
                output_format="PNG",
                width="stretch",
                alt=f"Attribution map of {entry.name} on the start page's image",
            )


def _receptive_field(entry: Entry, key: str) -> None:
    """How far the network looks on average: shipped, from the store, or computed at the press of a button."""
    if entry.kind != "super-resolver":
        return
    folded = st.expander("Effective receptive field", icon=":material/hub:", on_change="rerun", key=f"field-{key}")
    if not folded.open:
        return
    with folded:
        question = {entry.name: lambda: standard_request(user_models.network(key))}
        found = run_panel.answers("Compute the field", None, (key,), question, able=can_be_tried(entry, settings()))
        if entry.name in found and (fields := found[entry.name].result) is not None:
            fields_view.show({key: fields})


def _actions(entry: Entry, key: str, task: str) -> None:
    """What became of the last task; buttons for what is possible, and how to get what is not here."""
    ended = started(task)
    if ended and ended.failure:
        st.warning(sentence(ended.failure), icon=":material/error:")
    elif ended:
        forget(task)
    own = settings()
    where = reach(entry, own)
    has_weights = entry.weights is not None
    ships = any(one.id == entry.id for one in first_visit().checkpoints)
    with st.container(horizontal=True):
        if can_be_tried(entry, own) or ships:
            _maps_button(entry, key)
        if where == "fetchable":
            size = getattr(entry.weights, "bytes", None)
            words = f"Fetch its weights, {size / 1e6:.1f} MB" if size else "Fetch its weights"
            work = (task, lambda tell: _fetched(entry, tell))
            st.button(words, icon=":material/download:", key=f"fetch-{key}", on_click=start, args=work)
        if has_weights and where == "here" and measurements.at_hand(entry) is None:
            turn, store = visitor.turn_of_visitor(), visitor.service().store
            st.button(
                "Measure it",
                icon=":material/speed:",
                key=f"measure-{key}",
                on_click=start,
                args=(task, lambda tell: measurements.measured_now(entry, turn, store, tell)),
                help="Parameters, receptive field, and PSNR on bundled images under both input ranges and channel "
                "orders, beside what its entry declares.",
            )
    if isinstance(entry.weights, Local) and where == "absent":
        st.caption("Nobody is known to serve its weights. On your own copy of this project, a file of yours serves:")
        st.code(f"lam zoo fetch {entry.id} --from {entry.weights.file}", language="sh", wrap_lines=True)
    elif where == "absent":
        st.caption("Its weights are not here, and nothing is fetched while this server is offline.")


def _fetched(entry: Entry, tell: Tell) -> Path:
    # The Hub's client tells of ten megabytes at a time, and of nothing before.
    tell("Fetching its weights", None)
    return fetch(entry, settings(), progress=fetching(tell))


def _maps_button(entry: Entry, key: str) -> None:
    if st.button("See its maps", type="primary", icon=":material/center_focus_strong:", key=f"maps-{key}"):
        query = {"image": FIRST_SAMPLE, "scale": str(entry.scale), "models": key}
        st.switch_page("app_pages/attribution/page.py", query_params=query)


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
                "Fact": one.fact[:1].upper() + one.fact[1:],
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
