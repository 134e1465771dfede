"""The degradation of the input: a kind and a strength, applied to the LR image before anything is asked of it."""

from __future__ import annotations

import streamlit as st

from dashboard.presentation.view import View
from dashboard.state import session
from lam_core.images.degradations import CLEAN, Degradation, Step, degradation_kind

KINDS = {"clean": "None", "blur": "Blur", "noise": "Noise", "jpeg": "JPEG"}
STEPS = {
    "blur": (0.25, 4.0, 0.25, "σ, LR pixels"),
    "noise": (1.0, 60.0, 1.0, "σ, of 255"),
    "jpeg": (5.0, 95.0, 5.0, "100 − quality"),
}
"""Of each kind least, largest and step of the strength, and what it counts."""


def choose(view: View) -> None:
    """A popover that says on its face what is done."""
    now = Degradation.parse(view.degradation)
    kind = now.steps[0].kind if now.steps else "clean"
    label = "Clean input" if now == CLEAN else f"Input: {short(now)}"
    with st.popover(label, icon=":material/blur_on:", width="stretch"):
        st.session_state["degradation_kind"] = kind if kind in KINDS else "clean"
        st.segmented_control(
            "Degrade the LR image first",
            list(KINDS),
            format_func=KINDS.__getitem__,
            key="degradation_kind",
            required=True,
            on_change=_take_kind,
            help="Does a network look elsewhere when its input is worse? Map, SR image and PSNR are then those of the "
            "degraded LR image; the HR image stays as it is.",
        )
        if len(now.steps) == 1 and kind in STEPS:
            low, high, step, words = STEPS[kind]
            strength = now.steps[0].strength
            st.session_state["degradation_strength"] = strength
            st.slider(
                words,
                min(low, strength),
                max(high, strength),
                step=step,
                key="degradation_strength",
                on_change=_take_strength,
                args=(kind,),
            )
        elif now != CLEAN:
            st.caption(f"From the address: {now.title}.")


def short(degradation: Degradation) -> str:
    """As on a button.

    >>> short(Degradation.parse("blur:2+noise:5"))
    'blur 2 + noise 5'
    """
    return " + ".join(f"{step.kind} {step.strength:g}" for step in degradation.steps) or "clean"


def _take_kind() -> None:
    kind = st.session_state["degradation_kind"]
    _take(CLEAN if kind == "clean" else Degradation((Step(kind, degradation_kind(kind).default),)))


def _take_strength(kind: str) -> None:
    _take(Degradation((Step(kind, float(st.session_state["degradation_strength"])),)))


def _take(degradation: Degradation) -> None:
    """Another input for the same question: if the maps of the last one were asked for, those of this one are."""
    was_wanted = session.wanted(st.session_state.view.question)
    session.change(degradation=str(degradation))
    if was_wanted:
        session.ask()
