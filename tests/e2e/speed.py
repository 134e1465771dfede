"""How long a visitor waits: `python -m tests.e2e.speed` prints seconds, best of three.

Server start to first paint: from the server's process being started to the shipped maps being in the picture.
Click to three maps: from a click on another place to the last of the three compact networks' maps, at LR 64×64,
PyTorch imported, nothing in the store.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.conftest import FLAGS, ROOT

REPEATS = 3
PLACES = ((0.3, 0.35), (0.6, 0.5), (0.45, 0.7), (0.7, 0.3))
_SOURCES = "[...document.querySelectorAll('img[alt^=\"Attribution map of\"]')].map(map => map.src)"


@contextmanager
def server() -> Iterator[str]:
    """A dashboard with an empty store; its address at once, whether it answers or not."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "LAM_STORE": folder, "LAM_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "streamlit", "run", "dashboard/streamlit_app.py"]
        options = ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.fileWatcherType", "none"]
        process = subprocess.Popen(
            [*command, *options], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=20)


def first_paint(page: Page, address: str, began: float) -> float:
    """Seconds until the shipped maps are drawn."""
    # A browser that is refused shows a page of its own first: it goes there when somebody listens.
    host, port = address.removeprefix("http://").split(":")
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
            break
        except OSError:
            time.sleep(0.02)
    page.goto(address)
    page.wait_for_function(f"() => {_SOURCES}.length === 3", timeout=120_000)
    return time.perf_counter() - began


def click_to_maps(page: Page, x: float, y: float) -> float:
    """Seconds from a click to the third map that was computed for it."""
    box = page.locator(".frame").bounding_box()
    assert box is not None
    before = page.evaluate(f"() => {_SOURCES}")
    began = time.perf_counter()
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.wait_for_function(
        f"before => {{const now = {_SOURCES}; return now.length === 3 && now.every(map => !before.includes(map))}}",
        arg=before,
        timeout=120_000,
    )
    return time.perf_counter() - began


def measure(browser: Browser) -> tuple[float, float]:
    """First paint and click to three maps, the best of several."""
    paints, clicks = [], []
    for repeat in range(REPEATS):
        page = browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
        began = time.perf_counter()
        with server() as address:
            paints.append(first_paint(page, address, began))
            if repeat == REPEATS - 1:
                page.wait_for_timeout(8000)
                # The first click loads the weights and is not counted.
                clicks = [click_to_maps(page, x, y) for x, y in PLACES][1:]
            page.context.close()
    return min(paints), min(clicks)


def main() -> None:
    """Measures and prints."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("no chromium on this computer; `apt-get install chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        paint, click = measure(browser)
        browser.close()
    print(f"server start to first paint   {paint:5.2f} s   (aim 2)")
    print(f"click to three compact maps   {click:5.2f} s   (aim 3)")


if __name__ == "__main__":
    main()
