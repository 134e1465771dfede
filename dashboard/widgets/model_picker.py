"""Widgets that choose networks: a row of pills, a list of all, and the number keys."""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st

from dashboard.presentation.model_options import Offer, shelf
from dashboard.presentation.view import MOST_MODELS
from dashboard.state import session
from dashboard.state.user_models import conditions_of
from zoo.spec import under_conditions


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


def condition_choice(selected: Sequence[Offer]) -> None:
    """A slider for each condition of one's own selected networks that is a number, such as a noise level."""
    for offer in [offer for offer in selected if offer.tag == "yours"]:
        for one, value in conditions_of(offer.key):
            default = 0.0 if one.default is None else float(one.default)
            low = one.lowest if math.isfinite(one.lowest) else min(0.0, value, 2 * default)
            high = one.highest if math.isfinite(one.highest) else max(1.0, 4 * default, 2 * value)
            key = f"condition-{offer.key}-{one.name}"
            st.session_state[key] = float(value)
            st.slider(
                f"{one.name} of {offer.name.partition(',')[0]}{f', {one.unit}' if one.unit else ''}",
                min_value=float(low),
                max_value=float(high),
                key=key,
                on_change=_take_condition,
                args=(key, offer.key, one.name, [other.key for other in selected]),
            )


def _take_condition(widget: str, key: str, name: str, selected: Sequence[str]) -> None:
    """Puts the network under the other condition in its place, and its maps are asked for."""
    other = under_conditions(key, **{name: round(st.session_state[widget], 6)})
    session.change(models=tuple(dict.fromkeys(other if one == key else one for one in selected)))


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
