"""A dashboard in a process of its own, and a Chromium to look at it with."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

WITHOUT_PACKAGES = """
from zoo.sources import package
package.installed = lambda source: None
from dashboard.server import main
main()
"""
"""The dashboard's server where no package of the package index brings networks, installed or not."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard that knows no network and has an empty store."""
    port = free_port()
    folder = tmp_path_factory.mktemp("dashboard")
    environment = {
        **os.environ,
        "LAM_STORE": str(folder / "store"),
        "LAM_WEIGHTS": str(folder / "weights"),
        "LAM_OFFLINE": "1",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-c", WITHOUT_PACKAGES, "run", "dashboard/streamlit_app.py"]
    options = ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.fileWatcherType", "none"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([*command, *options], cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)
    assert "Traceback" not in (folder / "log").read_text(), (folder / "log").read_text()


def free_port() -> int:
    """A port of this computer that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_for(address: str, process: subprocess.Popen) -> None:
    """Until the server answers; raises `TimeoutError` after a minute or when it has ended."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
        if process.poll() is not None:
            break
    raise TimeoutError(f"no dashboard answers at {address}")


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium; without one these tests are skipped, never in continuous integration."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("CI") == "true":
            pytest.fail("continuous integration needs a chromium; .ci/run installs it")
        pytest.skip("no chromium on this computer")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=60_000)

    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield chrome
        chrome.close()


def is_of_scripts(said) -> bool:
    """Whether a line on the console is an error of scripts; pictures of an answer that is outdated may be gone."""
    gone = "Failed to load resource", "Client Error: Image source error"
    return said.type == "error" and not said.text.startswith(gone)


@pytest.fixture
def page(browser):
    """A fresh page of a desktop browser; an error in its scripts fails the test, and one that they log."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(90_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if is_of_scripts(said) else None)
    yield page
    context.close()
    assert not faults, faults
