"""The view of one visitor: kept in the session, written into the address, read back from it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import streamlit as st

from dashboard.presentation.model_options import Offer
from dashboard.presentation.view import View, from_query
from lam_core.region import Region

T = TypeVar("T")


def current() -> View:
    """The session's view; the address's where the session is new or the visitor changed the address."""
    state = st.session_state
    query = st.query_params.to_dict()
    if "view" not in state or (query and query != state.address):
        state.view, state.faults = from_query(query)
        state.address = query
        # Who opens a link wants to see what it shows.
        _want_view(None if state.view.is_first_visit else state.view.question)
    return state.view


def faults() -> tuple[str, ...]:
    """What could not be used of the address, once."""
    found = st.session_state.get("faults", ())
    st.session_state.faults = ()
    return found


def change(**changes: Any) -> View:
    """Another view; nothing is computed for it until it is asked for."""
    st.session_state.view = replace(st.session_state.view, **changes)
    return st.session_state.view


def replace_window(view: View, window: Region | None) -> None:
    """Another window for the same question: if the maps of `view` were asked for, those of the new one are."""
    was_wanted = wanted(view.question)
    change(window=window)
    if was_wanted:
        ask()


def compare(models: Sequence[str], **changes: Any) -> None:
    """Sets other things against each other; `models`, those on the page, are then part of the view.

    What was asked for stays so.
    """
    view = st.session_state.view
    was_wanted = wanted(view.question)
    change(models=tuple(models), comparison=replace(view.comparison, **changes))
    if was_wanted:
        ask()


def ask() -> None:
    """Wants the maps of the current view computed, and those of no other."""
    _want_view(st.session_state.view.question)


def go(view: View) -> None:
    """Shows another view's image, window and networks, and wants their maps; how they are drawn stays."""
    now = st.session_state.view
    st.session_state.view = replace(view, density=now.density, map_scale=now.map_scale, comparison=now.comparison)
    ask()


def restart() -> None:
    """The view of a first visit."""
    st.session_state.view = View()
    _want_view(None)


def fixed(name: str, make: Callable[[], T]) -> T:
    """What `make` gave when it was first asked for in this session."""
    if name not in st.session_state:
        st.session_state[name] = make()
    return st.session_state[name]


def want(key: Hashable) -> None:
    """Wants something computed, beside what is wanted already; `key` names it."""
    st.session_state.wanted = {*_wanted(), key}
    st.session_state.given_up = _given_up() - {key}


def wanted(key: Hashable) -> bool:
    """Whether it is wanted: a view's `question` for its maps."""
    return key in _wanted()


def give_up(key: Hashable) -> None:
    """Wants it no more; of a view's maps not even those that are computed unasked."""
    st.session_state.wanted = _wanted() - {key}
    st.session_state.given_up = {*_given_up(), key}


def is_to_compute(view: View, offer: Offer) -> bool:
    """Whether a network's missing map is computed now: it is wanted, or takes little and was not given up."""
    return wanted(view.question) or comes_unasked(view, offer)


def comes_unasked(view: View, offer: Offer) -> bool:
    """Whether a network's map takes so little that it is computed without being wanted, unless it was given up."""
    return offer.is_quick(view.settings) and view.question not in _given_up()


def asked_before() -> bool:
    """Whether the maps of a view are wanted."""
    return any(isinstance(key, View) for key in _wanted())


def _wanted() -> set[Hashable]:
    return st.session_state.get("wanted", set())


def _given_up() -> set[Hashable]:
    return st.session_state.get("given_up", set())


def _want_view(question: View | None) -> None:
    others = {key for key in _wanted() if not isinstance(key, View)}
    st.session_state.wanted = others | ({question} if question else set())
    st.session_state.given_up = _given_up() - {question}


def publish(view: View) -> None:
    """Writes a view into the address."""
    query = view.to_query()
    if st.session_state.address != query or st.query_params.to_dict() != query:
        st.session_state.address = query
        st.query_params.from_dict(query)
