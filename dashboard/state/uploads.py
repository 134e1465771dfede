"""A visitor's own picture: held for the visit, gone when it is deleted, not used for hours, or the tab is closed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property

import streamlit as st

from dashboard.state import cache, history, visitor
from lam_core.images import digest
from lam_core.images.decode import Decoded
from lam_core.settings import settings


@dataclass(frozen=True, eq=False)
class Upload:
    """A picture that a visitor brought."""

    decoded: Decoded
    name: str
    """Of the file; shown to its owner alone, never logged."""
    hr: Decoded | None = None
    """The HR picture of the same scene, where the picture is an LR one and its owner brought both."""

    @cached_property
    def id(self) -> str:
        """What an address calls it."""
        return f"upload-{digest(self.decoded.pixels)}"


def hold(upload: Upload) -> None:
    """Keeps a picture for this session."""
    st.session_state.upload, st.session_state.upload_used = upload, time.monotonic()


def held() -> Upload | None:
    """The session's picture, which counts as used now; None if there is none any more."""
    if st.session_state.get("upload") is None:
        return None
    if time.monotonic() - st.session_state.upload_used > settings().upload_hours * 3600:
        discard()
        return None
    st.session_state.upload_used = time.monotonic()
    return st.session_state.upload


def discard() -> None:
    """Deletes the session's pictures and everything that was computed from them."""
    for name in ("upload", "picture", "own_study", "own_swept", "own_order"):
        st.session_state.pop(name, None)
    cache.forget_own()
    history.forget_uploads()
    # The widget holds the file itself; one of another name is empty.
    st.session_state.uploads = st.session_state.get("uploads", 0) + 1
    visitor.forget_visitor()


def widget_key() -> str:
    """The name of the widget that takes the next file."""
    return f"file-{st.session_state.get('uploads', 0)}"
