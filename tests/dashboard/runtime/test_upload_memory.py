"""Memory for uploads is bounded for each visitor and in all, and comes back with what it was taken for."""

import numpy as np
import pytest
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from dashboard.runtime import uploaded_files
from dashboard.runtime.upload_memory import UploadMemory, UploadMemoryError, upload_memory
from dashboard.runtime.uploaded_files import CountedFiles


def test_a_visitor_and_all_visitors_have_their_bounds():
    memory = UploadMemory(each=60, total=100)
    memory.claim("a", 60)
    with pytest.raises(UploadMemoryError, match="one visitor"):
        memory.claim("a", 1)
    with pytest.raises(UploadMemoryError, match="this server"):
        memory.claim("b", 41)
    memory.claim("b", 40)
    assert memory.used == 100
    assert memory.refuses


def test_tabs_of_one_browser_are_one_visitor():
    memory = UploadMemory(each=60, total=1000)
    for tab in ("a", "b"):
        memory.introduce(tab, "browser")
    memory.claim("a", 40)
    with pytest.raises(UploadMemoryError):
        memory.claim("b", 21)
    memory.forget("b")
    memory.claim("b", 21)


def test_what_is_given_back_is_given_back_once():
    memory = UploadMemory(each=60, total=100)
    give_back = memory.claim("a", 60)
    give_back()
    give_back()
    assert memory.used == 0
    memory.claim("a", 60)


def test_pixels_count_as_long_as_a_part_of_them_is_used():
    memory = UploadMemory(each=1000, total=1000)
    pixels = np.zeros((10, 10, 3), np.uint8)
    part = pixels[2:4]
    memory.hold("a", pixels)
    del pixels
    assert memory.used == 300
    del part
    assert memory.used == 0


def test_a_refusal_is_said_once():
    memory = UploadMemory(each=1, total=1)
    memory.refuse("a", "no room")
    assert (memory.refusal("a"), memory.refusal("a"), memory.refusal("b")) == ("no room", "", "")


@pytest.fixture
def memory(monkeypatch) -> UploadMemory:
    own = UploadMemory(each=1000, total=1000)
    monkeypatch.setattr(uploaded_files, "upload_memory", lambda: own)
    return own


def record(name: str, size: int = 100) -> UploadedFileRec:
    return UploadedFileRec(name, f"{name}.png", "image/png", bytes(size))


def test_files_count_until_they_are_removed_or_replaced(memory):
    files = CountedFiles("/upload")
    for name in ("x", "y"):
        files.add_file("a", record(name))
    files.add_file("b", record("z"))
    assert memory.used == 300
    files.add_file("a", record("x", 0))
    assert memory.used == 200
    files.remove_file("b", "z")
    files.remove_session_files("a")
    assert memory.used == 0


def test_files_that_no_widget_shows_go(memory, monkeypatch):
    now = 1000.0
    monkeypatch.setattr("dashboard.runtime.uploaded_files.time.monotonic", lambda: now)
    files = CountedFiles("/upload")
    for name in ("shown", "shown before", "never asked for"):
        files.add_file("a", record(name))
    files.get_files("a", ["shown before"])
    now = 1010.0
    files.get_files("a", ["shown"])
    files.remove_unshown("a", run=1005.0)
    assert {one.file_id for one in files.get_files("a", ["shown", "shown before"])} == {"shown"}
    assert memory.used == 200, "a file may still be on its way with others"
    now = 1000.0 + uploaded_files.UNCLAIMED + 1
    files.remove_unshown("a", run=1005.0)
    assert memory.used == 100


def test_only_a_server_for_strangers_has_bounds(environment):
    environment(LAM_HOSTED="1", LAM_VISITOR_MEMORY_MIB="1")
    with pytest.raises(UploadMemoryError, match="1 MiB"):
        upload_memory().claim("a", 2 * 1024**2)
    environment(LAM_HOSTED="0")
    upload_memory().claim("a", 2 * 1024**2)
