"""Downloads that are one visitor's alone, as Streamlit keeps them: served while their owner is here, and no longer."""

from __future__ import annotations

from collections.abc import Iterable

from streamlit import runtime
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from dashboard.presentation.download_kind import OWNED, mark_of


def drop_all_but(owners: Iterable[str]) -> None:
    """Deletes every owned download, ready or still to be made, but those of `owners`."""
    if not runtime.exists():
        return
    manager = runtime.get_instance().media_file_mgr
    marks = {mark_of(owner) for owner in owners}

    def is_left_over(mime: str | None) -> bool:
        _, owned, mark = (mime or "").partition(OWNED)
        return bool(owned) and mark not in marks

    with manager._lock:
        storage = manager._storage
        files = storage._files_by_id if isinstance(storage, MemoryMediaFileStorage) else {}
        for file_id in [key for key, file in files.items() if is_left_over(file.mimetype)]:
            storage.delete_file(file_id)
            manager._file_metadata.pop(file_id, None)
        for file_id in [key for key, entry in manager._deferred_callables.items() if is_left_over(entry["mimetype"])]:
            manager._drop_deferred_id(file_id)
