"""Uploaded files as Streamlit keeps them, in memory that is counted, and no longer than a widget shows them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from dashboard.runtime.upload_memory import upload_memory

UNCLAIMED = 60.0
"""Seconds after a session's last upload within which a widget asks for its files; several are sent before it does."""


class CountedFiles(MemoryUploadedFileManager):
    """Streamlit's uploaded files by session, each counted in the memory for uploads."""

    def __init__(self, upload_endpoint: str) -> None:
        super().__init__(upload_endpoint)
        self._claims: dict[tuple[str, str], Callable[[], None]] = {}
        self._arrived: dict[str, float] = {}
        self._asked: dict[tuple[str, str], float] = {}

    def add_file(self, session_id: str, file: UploadedFileRec) -> None:
        """Keeps a file. What it takes was claimed when it began to arrive."""
        super().add_file(session_id, file)
        self._arrived[session_id] = time.monotonic()
        self._give_back(session_id, file.file_id)
        self._claims[session_id, file.file_id] = upload_memory().count(session_id, len(file.data))

    def get_files(self, session_id: str, file_ids: Sequence[str]) -> list[UploadedFileRec]:
        """The files that a widget shows."""
        self._asked |= dict.fromkeys(((session_id, one) for one in file_ids), time.monotonic())
        return super().get_files(session_id, file_ids)

    def remove_file(self, session_id: str, file_id: str) -> None:
        """Lets one file go."""
        super().remove_file(session_id, file_id)
        self._give_back(session_id, file_id)

    def remove_session_files(self, session_id: str) -> None:
        """Lets all files of a session go."""
        super().remove_session_files(session_id)
        for session, file_id in list(self._claims):
            if session == session_id:
                self._give_back(session, file_id)
        for key in [key for key in list(self._asked) if key[0] == session_id]:
            self._asked.pop(key, None)
        self._arrived.pop(session_id, None)

    def remove_unshown(self, session_id: str, run: float) -> None:
        """Lets the files go that no widget has asked for since `run`, when a page of the session began."""
        awaited = time.monotonic() - self._arrived.get(session_id, 0.0) < UNCLAIMED
        for key in [key for key in list(self._claims) if key[0] == session_id]:
            asked = self._asked.get(key)
            if not awaited if asked is None else asked < run:
                self.remove_file(*key)
                self._asked.pop(key, None)

    def _give_back(self, session_id: str, file_id: str) -> None:
        self._claims.pop((session_id, file_id), lambda: None)()
