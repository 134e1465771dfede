"""A download that is somebody's alone is served while they are here, and no longer."""

from __future__ import annotations

import pytest
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from dashboard.presentation.download_kind import kind_for
from dashboard.runtime import downloads
from lam_core.service.owner import Owner


@pytest.fixture
def manager(monkeypatch) -> MediaFileManager:
    own = MediaFileManager(storage=MemoryMediaFileStorage("/media"))
    monkeypatch.setattr(downloads.runtime, "exists", lambda: True)
    monkeypatch.setattr(downloads.runtime, "get_instance", lambda: type("Runtime", (), {"media_file_mgr": own}))
    return own


def made(manager: MediaFileManager, owner: Owner | None) -> tuple[str, str]:
    """The id of a download that is ready, and of the one behind its button."""
    kind = kind_for(owner, "text/plain")
    behind = manager.add_deferred(lambda: b"content", kind, f"0.{id(owner)}", "a.txt")
    return manager.execute_deferred(behind).rpartition("/")[2], behind


def test_only_what_belongs_to_others_is_dropped(manager):
    stays, goes = Owner(), Owner()
    kept = [made(manager, owner) for owner in (stays, None)]
    ready, behind = made(manager, goes)
    downloads.drop_all_but({stays.name})
    assert manager.read_file(ready) is None
    with pytest.raises(MediaFileStorageError, match="not found"):
        manager.execute_deferred(behind)
    for ready, behind in kept:
        assert manager.read_file(ready) is not None
        assert manager.execute_deferred(behind)
    manager.remove_orphaned_files()
