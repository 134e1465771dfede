"""One browser session as a visitor: its secret id, its view of the service, and its place in the device queue."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import streamlit as st

from dashboard.presentation.decoded_image import Picture
from dashboard.runtime import downloads
from dashboard.runtime.browser import COOKIE, browser_of
from dashboard.runtime.process import presence, shared_service
from lam_core.service.owner import Owner
from lam_core.service.service import Service

Turn = Callable[[Callable[[int], None]], AbstractContextManager[Any]]
"""Holds the device; called with what is told of how many come first."""


def service(picture: Picture | None = None, *, private: bool = False) -> Service:
    """The service as this session's visitor meets it, for questions about a picture.

    What is asked about a visitor's own picture, or of a `private` service, is theirs alone; everything else is shared.
    """
    return shared_service().of(visitor(), private=private or (picture is not None and picture.owner is not None))


def visitor() -> Owner:
    """Who this session is; what is theirs is removed when the session ends."""
    if "owner" not in st.session_state:
        owner = Owner(_browser())
        weakref.finalize(owner, shared_service().remove, owner.name)
        st.session_state.owner = owner
        presence.here(owner.name)
    return st.session_state.owner


def _browser() -> str:
    """One name for all tabs of a browser."""
    cookie, forwarded = st.context.cookies.get(COOKIE, ""), st.context.headers.get("X-Forwarded-For", "")
    # Outside a server, as in tests, there is no browser to tell anything.
    return browser_of(cookie, forwarded) if isinstance(cookie, str) else ""


def turn_of_visitor() -> Turn:
    """The way to the device for this session's tasks, which outlive its scripts: behind everybody's clicks."""
    return partial(service().turnstile.turn, priority=1, who=visitor().name, visitor=visitor().visitor)


def forget_visitor() -> None:
    """Removes everything that is this session's alone; from now on it goes by another name."""
    if "owner" in st.session_state:
        owner = st.session_state.pop("owner")
        shared_service().forget(owner)
        presence.forget(owner.name)
        downloads.drop_all_but(presence.names())
