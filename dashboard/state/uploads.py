"""A visitor's own picture: held for the visit, gone when it is deleted, not used for hours, or the tab is closed."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

from dashboard.runtime import garbage
from dashboard.runtime.process import presence
from dashboard.runtime.upload_memory import upload_memory
from dashboard.state import cache, history, visitor
from lam_core.images import digest
from lam_core.images.decode import Decoded, UnreadableImageError, decode
from lam_core.settings import MEBIBYTE, settings

LARGE = 16 * MEBIBYTE
"""Bytes of an image after whose decoding it is worth a few milliseconds to return what that took."""
one_at_a_time = threading.RLock()
"""Held by whoever decodes or reduces a whole picture, which takes several times the memory of the picture itself."""


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


def decoded(file: UploadedFile) -> Decoded:
    """The picture in an uploaded file; its pixels count as memory of this visitor's for as long as they are used.

    Raises `UnreadableImageError` and `UploadMemoryError`.
    """
    limits = settings()
    if file.size > limits.upload_limit:
        raise UnreadableImageError(
            f"the file has {file.size / MEBIBYTE:.1f} MiB; choose one of at most {limits.upload_limit / MEBIBYTE:g} MiB"
        )
    with one_at_a_time:
        found = decode(file.getvalue(), pixel_limit=limits.pixel_limit)
        if found.pixels.nbytes > LARGE:
            garbage.give_back()
        upload_memory().hold(_session(), found.pixels)
        return found


def let_go(file: UploadedFile) -> None:
    """Lets the content of a file go whose picture is held; its widget still shows its name."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None:
        emptied = UploadedFileRec(file.file_id, file.name, file.type, b"")
        cast(MemoryUploadedFileManager, context.uploaded_file_mgr).add_file(context.session_id, emptied)
    file.truncate(0)


def refusal() -> str:
    """Why the last file of this session's visitor was not taken, once; empty if it was."""
    return upload_memory().refusal(_session())


def hold(upload: Upload) -> None:
    """Keeps a picture for this session."""
    st.session_state.upload = upload


def held() -> Upload | None:
    """The session's picture; None if there is none any more."""
    return st.session_state.get("upload")


def use() -> None:
    """Notes that the visitor is here; what they brought is deleted first if they were away for too long."""
    now = time.monotonic()
    if now - st.session_state.get("used", now) > settings().upload_hours * 3600:
        discard()
    st.session_state.used = now
    presence.use()


def discard() -> None:
    """Deletes the session's pictures and files and everything that was computed from them."""
    for name in ("upload", "picture", "own_study", "own_swept", "own_order"):
        st.session_state.pop(name, None)
    cache.forget_own()
    history.forget_uploads()
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None:
        context.uploaded_file_mgr.remove_session_files(context.session_id)
    # The widget still shows the file; one of another name is empty.
    st.session_state.uploads = st.session_state.get("uploads", 0) + 1
    visitor.forget_visitor()


def widget_key() -> str:
    """The name of the widget that takes the next file."""
    return f"file-{st.session_state.get('uploads', 0)}"


def _session() -> str:
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else ""
