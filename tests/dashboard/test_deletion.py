"""On a running server, what a visitor deletes or leaves behind is gone within seconds, with its addresses."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dashboard.test_server import ROOT, free_port, wait_for
from tools.soak.scenes import own_picture
from tools.soak.visitor import BrokenError, Visitor, fetched

STAY, WITHIN = 2, 20.0
"""Seconds for which a closed tab may come back, and after which what is to go must be gone; it takes a second on a
computer with nothing else to do."""

PAGE = """
import streamlit as st
from dashboard.presentation.download_kind import kind_for
from dashboard.runtime import process
from dashboard.runtime.upload_memory import upload_memory
from dashboard.state import uploads, visitor
from dashboard.state.uploads import Upload
from dashboard.widgets.image_uploader import image_uploader

process.start()
uploads.use()
for file in image_uploader("Image", key=uploads.widget_key()):
    if uploads.held() is None:
        uploads.hold(Upload(uploads.decoded(file), file.name))
if held := uploads.held():
    st.button("Delete", on_click=uploads.discard)
    st.download_button(
        "Take", held.decoded.pixels.tobytes, "a.bin", kind_for(visitor.visitor(), "application/octet-stream")
    )
st.text(f"{upload_memory().used} bytes")
"""


@pytest.fixture
def address(tmp_path: Path, monkeypatch) -> Iterator[str]:
    """A page that holds an image, on a server for strangers."""
    script, port = tmp_path / "page.py", free_port()
    script.write_text(PAGE)
    own = {"LAM_STORE": str(tmp_path / "store"), "LAM_OFFLINE": "1", "LAM_HOSTED": "1", "PYTHONPATH": str(ROOT)}
    # Nothing is computed here.
    own |= {"STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": str(STAY), "LAM_VISITOR_MEMORY_MIB": "1"}
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    command = ["-c", "from dashboard import server; server.make_ready = lambda: None; server.main()"]
    arguments = ["run", str(script), "--server.port", str(port), "--server.address", "127.0.0.1"]
    process = subprocess.Popen([sys.executable, *command, *arguments, "--server.headless", "true"], cwd=tmp_path)
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def brought(address: str) -> tuple[Visitor, str]:
    """A visitor with an image, and the address of a download of theirs."""
    visitor = Visitor(address)
    visitor.open()
    visitor.upload("mine.png", own_picture(1))
    taken = address + visitor.download("Take")
    assert fetched(taken)[0] == 200
    return visitor, taken


def bytes_in_use(address: str) -> int:
    """As a page tells that was just opened."""
    other = Visitor(address)
    found = int(other.open().text.rpartition(" bytes")[0].split()[-1])
    other.close()
    return found


def gone_after(address: str, taken: str) -> float:
    """Seconds until a download is not served any more and no memory is in use."""
    began = time.monotonic()
    while fetched(taken)[0] != 404 or bytes_in_use(address):
        assert time.monotonic() - began < 60
        time.sleep(0.2)
    return time.monotonic() - began


def test_nothing_is_left_of_what_was_deleted_or_left(address):
    visitor, taken = brought(address)
    assert bytes_in_use(address) > 96 * 128 * 3
    visitor.press("Delete")
    assert gone_after(address, taken) < WITHIN
    assert not visitor.page.all("download_button")

    leaving, taken = brought(address)
    leaving.close()
    assert gone_after(address, taken) < STAY + WITHIN


def test_a_file_beyond_the_bound_is_refused_and_its_page_says_so(address):
    visitor = Visitor(address)
    visitor.open()
    with pytest.raises(BrokenError, match="413"):
        visitor.upload("large.png", bytes(2 * 1024**2))
    assert any("one visitor has here" in text for text in visitor.receive().alerts)
    assert bytes_in_use(address) == 0
