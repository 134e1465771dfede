"""Widgets that choose networks: a row of pills, a list of all, and the number keys."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.presentation.model_options import Offer, shelf
from dashboard.presentation.view import MOST_MODELS
from dashboard.state import session


def model_choice(listed: Sequence[Offer], selected: Sequence[Offer]) -> None:
    """A row of networks to switch on and off, and behind it all of them."""
    few = shelf(listed, selected)
    names = {offer.key: offer for offer in listed}
    numbers = {offer.key: number for number, offer in enumerate(few, 1)}
    st.session_state["shelf"] = [offer.key for offer in selected if offer in few]
    st.pills(
        "Networks",
        [offer.key for offer in few],
        selection_mode="multi",
        format_func=lambda key: f"{numbers.get(key, '')} {names[key].label}",
        key="shelf",
        on_change=_take_shelf,
        args=([offer.key for offer in listed],),
        label_visibility="collapsed",
        wrap=True,
    )
    if len(listed) > len(few):
        with st.popover("", icon=":material/add:", help="More networks"):
            st.session_state["all"] = [offer.key for offer in selected]
            st.multiselect(
                "Up to eight networks",
                list(names),
                format_func=lambda key: names[key].label + (" · to be fetched" if names[key].remote else ""),
                max_selections=MOST_MODELS,
                select_all=False,
                key="all",
                on_change=_take_all,
            )


def _take_shelf(order: list[str]) -> None:
    _choose([key for key in order if key in st.session_state["shelf"]])


def _take_all() -> None:
    _choose(st.session_state["all"])


def _choose(keys: Sequence[str]) -> None:
    # No network at all is no choice: the last one stays.
    if keys:
        session.change(models=tuple(keys)[:MOST_MODELS])


def toggle(listed: Sequence[Offer], selected: Sequence[Offer], number: int) -> None:
    """Switches the network of that number in the row, counted from 1, on or off."""
    few = shelf(listed, selected)
    if number > len(few):
        return
    key, keys = few[number - 1].key, [offer.key for offer in selected]
    _choose([k for k in keys if k != key] if key in keys else [*keys, key])
