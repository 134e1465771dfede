"""How long a visitor waits: `python -m benchmarks.page_speed` prints seconds, best of three.

Server start to first paint: from the server's process being started to the shipped maps being in the picture; the same
for a page that is one word, which is what Streamlit and the browser take by themselves.
Click to three maps: from a click on another place to the last of the three compact networks' maps, at LR 64×64,
nothing in the store. The first click loads the networks, and PyTorch too if nobody has yet; for strangers, the server
has done so before they come.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.conftest import FLAGS, ROOT

REPEATS = 3
QUIET = 12.0
"""Seconds for which a server is left alone before its first visitor comes."""
PLACES = ((0.3, 0.35), (0.6, 0.5), (0.45, 0.7), (0.7, 0.3))
_MAPS = '[role="img"][aria-label^="Attribution map of"] .plane img'


@contextmanager
def server(script: str = "", *, hosted: bool = False) -> Iterator[str]:
    """A dashboard, or another page, with an empty store; its address at once, whether it answers or not."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "LAM_STORE": folder, "LAM_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
        environment["LAM_HOSTED"] = str(int(hosted))
        program = ["streamlit", "run", script] if script else ["dashboard.server", "run", "dashboard/streamlit_app.py"]
        options = ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.fileWatcherType", "none"]
        process = subprocess.Popen(
            [sys.executable, "-m", *program, *options],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=20)


def shown(page: Page) -> list[str]:
    """The addresses of the maps that are drawn."""
    return page.locator(_MAPS).evaluate_all("maps => maps.filter(map => map.naturalWidth).map(map => map.src)")


def await_that(page: Page, holds: Callable[[], bool], seconds: float = 120) -> None:
    """Waits until something holds. Raises `TimeoutError`."""
    ends = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > ends:
            raise TimeoutError(f"not drawn within {seconds:g} s at {page.url}")
        page.wait_for_timeout(10)


def first_paint(page: Page, address: str, began: float, word: str = "") -> float:
    """Seconds until the shipped maps, or a word in their place, are drawn."""
    # A browser that is refused shows a page of its own first: it goes there when somebody listens.
    host, port = address.removeprefix("http://").split(":")
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
            break
        except OSError:
            time.sleep(0.02)
    page.goto(address)
    await_that(page, lambda: word in page.inner_text("body") if word else len(shown(page)) == 3)
    return time.perf_counter() - began


def click_to_maps(page: Page, x: float, y: float) -> float:
    """Seconds from a click to the third map that was computed for it."""
    box = page.get_by_role("application").bounding_box()
    assert box is not None
    before = set(shown(page))
    began = time.perf_counter()
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    await_that(page, lambda: len(now := shown(page)) == 3 and not before & set(now))
    return time.perf_counter() - began


@contextmanager
def desktop(browser: Browser) -> Iterator[Page]:
    """A page of a browser that has been nowhere."""
    page = browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
    yield page
    page.context.close()


def started(browser: Browser) -> float:
    """Server start to first paint."""
    with desktop(browser) as page:
        began = time.perf_counter()
        with server() as address:
            return first_paint(page, address, began)


def started_bare(browser: Browser) -> float:
    """The same for a page that is one word."""
    with desktop(browser) as page, tempfile.NamedTemporaryFile("w", suffix=".py") as script:
        script.write("import streamlit as st\n\nst.write('hello')\n")
        script.flush()
        began = time.perf_counter()
        with server(script.name) as address:
            return first_paint(page, address, began, "hello")


def clicks(browser: Browser, *, hosted: bool) -> list[float]:
    """Click to three maps, the first click of the first visitor and later ones."""
    with desktop(browser) as page, server(hosted=hosted) as address:
        if hosted:
            time.sleep(QUIET)
        first_paint(page, address, 0.0)
        return [click_to_maps(page, x, y) for x, y in PLACES]


def main() -> None:
    """Measures and prints."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("no chromium on this computer; `apt-get install chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        browser.new_context().new_page().goto("about:blank")
        paint = min(started(browser) for _ in range(REPEATS))
        bare = min(started_bare(browser) for _ in range(REPEATS))
        local, hosted = clicks(browser, hosted=False), clicks(browser, hosted=True)
        browser.close()
    print(f"server start to first paint     {paint:5.2f} s   (aim 2; a page that is one word: {bare:.2f})")
    print(f"click to three compact maps     {min(local[1:]):5.2f} s   (aim 3)")
    print(f"the first visitor's first click {local[0]:5.2f} s, of a hosted server {hosted[0]:.2f}")


if __name__ == "__main__":
    main()
