"""Bringing a network along: what a pasted reference turns out to be, its use at once, and the entry to commit."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import streamlit as st

from dashboard.app_pages.zoo.background_task import Tell, fetching, start, started
from dashboard.presentation.formatting import sentence
from dashboard.presentation.view import FIRST_SAMPLE
from dashboard.state import user_models, visitor
from dashboard.widgets.labels import TAGS
from lam_core.settings import MEBIBYTE
from zoo.catalog.entry import Family
from zoo.catalog.registry import registry
from zoo.settings import ZooSettings, settings

if TYPE_CHECKING:
    from zoo.inspection.propose_entry import Found, Proposal

TASK = "add"
SAID = ("input_range", "scale")
"""Hyperparameters that are shown by themselves."""
HOPELESS = 3.0
"""dB below bicubic interpolation at which a network does not restore pictures such as the samples."""
FAMILIES = [family for family in get_args(Family) if family not in ("classifier", "classical")]


def show_adding(asked: str) -> str | None:
    """The whole of it. `asked`: a reference that a link brings. Returns the name of a task to watch, if any."""
    own = settings()
    kinds = "" if own.hosted else ", or the path of a checkpoint on this computer"
    st.markdown(
        f"Paste `owner/repo:file` or the address of a file on huggingface.co{kinds}. Only huggingface.co is contacted, "
        "and nothing in the file is run: its layers' names and shapes tell what it is."
    )
    with st.form("add-form", border=False):
        place, button = st.columns([6, 1])
        reference = place.text_input(
            "Reference", value=asked, placeholder="owner/repo:model.safetensors", label_visibility="collapsed"
        )
        pressed = button.form_submit_button("Inspect", type="primary", icon=":material/search:", width="stretch")
        if pressed and reference.strip():
            own, turn = settings(), visitor.turn_of_visitor()
            start(TASK, lambda tell: proposal_for(reference, own, turn, tell))
    if own.takes_files:
        _drop_target(own)
    task = started(TASK)
    if task is None:
        _promise()
    elif not task.is_done:
        return TASK
    elif task.failure:
        st.warning(sentence(task.failure), icon=":material/error:")
        _promise()
    elif task.outcome is not None:
        _show(task.outcome)
    return None


def _drop_target(own: ZooSettings) -> None:
    """Takes a checkpoint out of the visitor's browser."""
    kinds = "safetensors" if own.hosted else "any format that `lam zoo show` reads"
    st.file_uploader(
        f"Or drop a checkpoint here: {kinds}, up to {own.largest // MEBIBYTE} MiB",
        type=["safetensors"] if own.hosted else None,
        key=(key := f"checkpoint-{st.session_state.get('checkpoints', 0)}"),
        max_upload_size=own.largest // MEBIBYTE,
        on_change=_take_file,
        args=(key, own),
    )


def _take_file(key: str, own: ZooSettings) -> None:
    file = st.session_state.get(key)
    if file is None:
        return
    # The widget holds the whole file; one of another name is empty.
    st.session_state.checkpoints = st.session_state.get("checkpoints", 0) + 1
    name, content, folder, turn = file.name, file.getvalue(), user_models.folder(), visitor.turn_of_visitor()
    start(TASK, lambda tell: proposal_of_upload(name, content, folder, own, turn, tell))


def proposal_of_upload(
    name: str, content: bytes, folder: Path, own: ZooSettings, turn: visitor.Turn, tell: Tell
) -> Proposal:
    """Looks at a file that a visitor brought, in its turn on the device. Raises a `LamError`."""
    from zoo.inspection.uploads import found_in_upload

    return _proposal(found_in_upload(name, content, folder, own), own, turn, tell)


def proposal_for(reference: str, own: ZooSettings, turn: visitor.Turn, tell: Tell) -> Proposal:
    """Fetches a file and looks at it, in its turn on the device. Raises a `LamError`."""
    from zoo.inspection.propose_entry import find

    tell("Asking for the file", None)
    return _proposal(find(reference, own, progress=fetching(tell)), own, turn, tell)


def _proposal(found: Found, own: ZooSettings, turn: visitor.Turn, tell: Tell) -> Proposal:
    from zoo.inspection.propose_entry import propose

    with turn(lambda ahead: tell(f"{ahead} before you in the queue", None)):
        tell("Reading it, and running it on the bundled images", None)
        return propose(found, own)


def _promise() -> None:
    """What there will be to see, and what can be read."""
    known = {entry.architecture.lower(): entry.architecture for entry in registry() if entry.kind == "super-resolver"}
    st.caption(
        "You will see its architecture, scale, input range, parameters, receptive field, and its PSNR on bundled "
        "images under both input ranges and both orders of channels; then every page of this session can use it.  \n"
        f"**Known are** {', '.join(known[name] for name in sorted(known))}, and whatever else spandrel reads, at "
        "scales 1 to 8. **A file** is safetensors or a PyTorch state dict, under the authors' own layer names."
    )


def _show(proposal: Proposal) -> None:
    found = proposal.inspection
    st.header(found.name, anchor=False)
    if proposal.known:
        st.info(f"Identical to {proposal.known.name} of the zoo, id {proposal.known.id}.", icon=":material/info:")
        there = {"model": proposal.known.id}
        st.page_link("app_pages/zoo/page.py", label="Open its card", icon=":material/dataset:", query_params=there)
    sizes = " · ".join(f"{name} {value}" for name, value in found.hyperparameters.items() if name not in SAID)
    st.markdown(f"{TAGS['yours']} {sizes}")
    with st.grid(4, min_column_width=120):
        st.metric("Architecture", f"{found.architecture} ×{found.scale}")
        st.metric("Parameters", f"{found.parameters:,}")
        st.metric("Receptive field", str(found.receptive_field), help="LR pixels along a row, by its gradient.")
        st.metric("PSNR on samples", found.trials[0].decibels, help="Mean on luma over three bundled photographs.")
    left, right = st.columns(2, gap="medium")
    with left:
        proposal = _reading(proposal)
        _use(proposal)
    with right:
        _entry(proposal)


def _reading(proposal: Proposal) -> Proposal:
    """The ways of feeding the network, and the choice of one."""
    from lam_core.readings import clearly_better

    found = proposal.inspection
    detected = found.trials[0]
    st.markdown("**Input convention**")
    st.table(
        [
            {"Read as": one.reading, "PSNR": one.decibels, "Choice": "detected" if one is detected else ""}
            for one in found.trials
        ],
        border="horizontal",
        hide_index=True,
        alt="PSNR under each reading of the weights",
    )
    if math.isfinite(found.bicubic_psnr):
        st.caption(f"Bicubic interpolation has {found.bicubic_psnr:.2f} dB on the same images.")
    if not max(one.psnr for one in found.trials) > found.bicubic_psnr - HOPELESS and found.scale > 1:
        st.warning(
            "No reading of it comes near bicubic interpolation: it is not trained for this, or is fed in another way. "
            "Its maps say nothing of restoration.",
            icon=":material/warning:",
        )
    elif better := clearly_better(found.trials):
        st.warning(
            f"It restores the images much better read as {better.reading} ({better.decibels}): maps under the "
            "detected reading would be plausible and wrong.",
            icon=":material/warning:",
        )
    chosen = st.segmented_control(
        "Read it as",
        range(len(found.trials)),
        format_func=lambda place: found.trials[place].reading,
        default=0,
        required=True,
        key=f"reading-{found.sha256}",
    )
    read_as = found.trials[chosen or 0]
    return proposal if read_as is detected else proposal.read_as(read_as.convention)


def _use(proposal: Proposal) -> None:
    """The way to its maps."""
    with st.container(horizontal=True):
        if st.button("See its maps", type="primary", icon=":material/center_focus_strong:", key="use-now"):
            key = user_models.adopt(proposal).key
            st.switch_page(
                "app_pages/attribution/page.py",
                query_params={"image": FIRST_SAMPLE, "scale": str(proposal.entry.scale), "models": key},
            )
        if st.button("Keep it in this session", icon=":material/playlist_add:", key="keep"):
            user_models.adopt(proposal)
            st.toast(f"{proposal.entry.name} is on every page of this session.", icon=":material/check:")


def _entry(proposal: Proposal) -> None:
    """The entry, with what only a person can say."""
    from zoo.inspection.propose_entry import TO_FILL

    st.markdown("**The entry to commit**")
    licence = st.text_input("Licence of the weights", placeholder="as its page says", key="entry-licence").strip()
    family = st.segmented_control(
        "Made for",
        FAMILIES,
        default=proposal.entry.family,
        required=True,
        key=f"family-{proposal.inspection.sha256}",
        help="Fidelity (psnr) or looks (gan); transformer where attention is the trunk.",
    )
    told = proposal.entry.model_copy(update={"licence": licence or TO_FILL, "family": family})
    text = replace(proposal, entry=told).text
    st.code(text, language="toml", height=320)
    st.download_button(
        f"{told.id}.toml", text, f"{told.id}.toml", "application/toml", icon=":material/download:", on_click="ignore"
    )
    st.caption(
        f"Saved as `zoo/entries/{told.id}.toml`, it is one of the zoo's models for everybody; nothing else is needed."
    )
