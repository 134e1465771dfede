"""Ready comparisons: what is set against what, or what it would need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard.gallery.shipped import first_visit
from dashboard.presentation.model_options import Offer, twins
from dashboard.presentation.view import Comparison
from dashboard.state import session
from zoo.catalog.entry import Entry


@dataclass(frozen=True)
class Preset:
    """One comparison that is a click away."""

    title: str
    models: tuple[str, ...]
    comparison: Comparison
    note: str = ""
    """What is to be known of it."""


def presets(here: Sequence[Offer], entries: Sequence[Entry]) -> tuple[Preset, ...]:
    """The comparisons whose networks are all on offer."""
    keys = {offer.key for offer in here}
    listed = [
        Preset(
            f"{one.name} against {other.name}",
            (one.id, other.id),
            Comparison(left=one.id, right=other.id, wide=(other.id,), baseline=one.id),
            "One network trained for PSNR and its adversarial twin: what does the second draw on that the first did "
            "not?",
        )
        for one, other in twins(entries)
    ]
    shipped = tuple(one.id for one in first_visit().checkpoints)
    listed.append(
        Preset(
            "Published SRGAN against CARN-M and IMDN",
            ("carn-m", "imdn", "srgan"),
            Comparison(left="imdn", right="srgan", wide=("srgan",), baseline="carn-m"),
            "An adversarially trained network beside two trained for PSNR. They are no twins: their architectures "
            "differ too.",
        )
    )
    listed.append(Preset("All published networks with shipped results", shipped, Comparison()))
    return tuple(preset for preset in listed if set(preset.models) <= keys)


def missing_twins(here: Sequence[Offer], entries: Sequence[Entry]) -> str:
    """What a comparison of twins would need, in one sentence; empty if one can be made."""
    keys, pairs = {offer.key for offer in here}, twins(entries)
    if not pairs or any({one.id, other.id} <= keys for one, other in pairs):
        return ""
    named = "; ".join(f"{one.name} and {other.name}" for one, other in pairs)
    return (
        f"A PSNR-trained network against its adversarial twin needs both of a pair at ×4: {named}. They are fetched "
        "from the Hub where it can be reached; `lam zoo fetch ID --from FILE` takes files of your own."
    )


def preset_choice(listed: Sequence[Preset], needed: str) -> None:
    """Ready comparisons, and what others would need."""
    with st.popover("Presets", icon=":material/playlist_play:"):
        for number, preset in enumerate(listed):
            st.button(
                preset.title,
                key=f"preset-{number}",
                on_click=_take_preset,
                args=(preset,),
                help=preset.note or None,
                width="stretch",
            )
        if needed:
            st.caption(needed)
        elif not listed:
            st.caption("No ready comparison for this place.")


def _take_preset(preset: Preset) -> None:
    session.change(models=preset.models, comparison=preset.comparison)
    session.ask()
