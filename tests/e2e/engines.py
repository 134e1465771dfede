"""Firefox and WebKitGTK as Debian packages them, driven by their own protocols: WebDriver BiDi and WebDriver."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.conftest import free_port

DEEP = """const all = (root, selector) => [...root.querySelectorAll(selector),
  ...[...root.querySelectorAll("*")].flatMap((one) => one.shadowRoot ? all(one.shadowRoot, selector) : [])];
"""
"""JavaScript's `all(document, selector)`: elements of the page and of its components."""
KEYS = {"ArrowRight": "\ue014", "Enter": "\ue007"}
PATIENCE = 60


class Engine(ABC):
    """A browser with one page."""

    @abstractmethod
    def open(self, address: str) -> None:
        """Goes to an address."""

    @abstractmethod
    def value(self, script: str) -> Any:
        """What the body of a JavaScript function returns."""

    @abstractmethod
    def _act(self, actions: list[dict[str, Any]]) -> None:
        """Does actions of a pointer or of keys."""

    @abstractmethod
    def back(self) -> None:
        """Presses Back once."""

    @abstractmethod
    def screenshot(self) -> bytes:
        """What is seen, as PNG."""

    def count(self, selector: str) -> int:
        """Elements that a selector finds, in components too."""
        return self.value(f"{DEEP} return all(document, {json.dumps(selector)}).length")

    def wait(self, what: Callable[[], Any]) -> Any:
        """What a function returns, once that is true."""
        until = time.monotonic() + PATIENCE
        while not (found := what()):
            assert time.monotonic() < until, f"{PATIENCE} s, and still not so"
            time.sleep(0.2)
        return found

    def place(self, selector: str) -> tuple[int, int]:
        """The middle of an element, brought into sight."""
        return tuple(
            self.value(
                f"{DEEP} const one = all(document, {json.dumps(selector)})[0];"
                "one.scrollIntoView({block: 'center', behavior: 'instant'}); const r = one.getBoundingClientRect();"
                "return [Math.round(r.x + r.width / 2), Math.round(r.y + r.height / 2)]"
            )
        )

    def click(self, selector: str, right: int = 0) -> None:
        """Clicks an element, so many pixels to the right of its middle."""
        x, y = self.place(selector)
        x += right
        # Two movements: some charts look what is under the pointer at the second.
        moves = [{"type": "pointerMove", "x": x + d, "y": y, "duration": 50} for d in (2, 0)]
        steps = [*moves, {"type": "pause", "duration": 200}, {"type": "pointerDown", "button": 0}]
        pointer = {"pointerType": "mouse"}
        self._act(
            [
                {
                    "type": "pointer",
                    "id": "mouse",
                    "parameters": pointer,
                    "actions": [*steps, {"type": "pointerUp", "button": 0}],
                }
            ]
        )

    def press(self, key: str) -> None:
        """Presses a key where the focus is."""
        down_and_up = [{"type": kind, "value": KEYS[key]} for kind in ("keyDown", "keyUp")]
        self._act([{"type": "key", "id": "keys", "actions": down_and_up}])


class Firefox(Engine):
    """Firefox by WebDriver BiDi."""

    def __init__(self, connection: Any, width: int, height: int) -> None:
        self._connection, self._number = connection, 0
        self._ask("session.new", capabilities={})
        self._page = self._ask("browsingContext.getTree")["contexts"][0]["context"]
        size = {"width": width, "height": height}
        self._ask("browsingContext.setViewport", context=self._page, viewport=size)

    def _ask(self, method: str, **params: Any) -> Any:
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            said = json.loads(self._connection.recv(timeout=PATIENCE))
            if said.get("id") == self._number:
                assert said["type"] == "success", said
                return said["result"]

    def open(self, address: str) -> None:
        self._ask("browsingContext.navigate", context=self._page, url=address, wait="complete")

    def value(self, script: str) -> Any:
        expression = f"JSON.stringify((() => {{ {script} }})())"
        told = self._ask("script.evaluate", expression=expression, target={"context": self._page}, awaitPromise=True)
        assert told["type"] == "success", told
        return json.loads(told["result"].get("value", "null"))

    def _act(self, actions: list[dict[str, Any]]) -> None:
        self._ask("input.performActions", context=self._page, actions=actions)

    def back(self) -> None:
        self._ask("browsingContext.traverseHistory", context=self._page, delta=-1)

    def screenshot(self) -> bytes:
        return base64.b64decode(self._ask("browsingContext.captureScreenshot", context=self._page)["data"])


class WebKit(Engine):
    """WebKitGTK's MiniBrowser by WebDriver."""

    def __init__(self, driver: str, program: Path, width: int, height: int) -> None:
        self._driver = driver
        options = {"binary": str(program), "args": ["--automation"]}
        wanted = {"browserName": "MiniBrowser", "webkitgtk:browserOptions": options}
        session = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/session/{session['sessionId']}"
        self._ask("POST", f"{self._session}/window/rect", {"width": width, "height": height})

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(self._driver + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
            return json.load(answer)["value"]

    def open(self, address: str) -> None:
        self._ask("POST", f"{self._session}/url", {"url": address})

    def value(self, script: str) -> Any:
        return self._ask("POST", f"{self._session}/execute/sync", {"script": script, "args": []})

    def _act(self, actions: list[dict[str, Any]]) -> None:
        self._ask("POST", f"{self._session}/actions", {"actions": actions})

    def back(self) -> None:
        self._ask("POST", f"{self._session}/back", {})

    def screenshot(self) -> bytes:
        return base64.b64decode(self._ask("GET", f"{self._session}/screenshot"))

    def close(self) -> None:
        """Ends the browser."""
        self._ask("DELETE", self._session)


def missing(name: str) -> str:
    """Why an engine cannot be driven here; empty if it can."""
    if name == "firefox":
        return "" if shutil.which("firefox-esr") else "no firefox-esr on this computer"
    if not (shutil.which("WebKitWebDriver") and _minibrowser()):
        return "no WebKitGTK with its driver on this computer (Debian's webkit2gtk-driver)"
    return "" if shutil.which("Xvfb") else "WebKitGTK needs a display, and there is no Xvfb on this computer"


def _minibrowser() -> Path | None:
    return next(Path("/usr/lib").glob("*/webkit2gtk-4*/MiniBrowser"), None)


@contextmanager
def engine(name: str, width: int, height: int = 1000, *, dark: bool = False) -> Iterator[Engine]:
    """An engine with a window of that size, in light or in dark."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        start = _firefox if name == "firefox" else _webkit
        yield start(stack, folder, width, height, dark)


def _firefox(stack: ExitStack, folder: Path, width: int, height: int, dark: bool) -> Engine:
    from websockets.sync.client import connect

    scheme = f'user_pref("layout.css.prefers-color-scheme.content-override", {0 if dark else 1});\n'
    (folder / "user.js").write_text(scheme + 'user_pref("datareporting.policy.dataSubmissionEnabled", false);\n')
    stack.enter_context(
        _running("firefox-esr", "--headless", "--profile", str(folder), "--remote-debugging-port", "0", "about:blank")
    )
    said = _when(lambda: (folder / "WebDriverBiDiServer.json").read_text())
    port = json.loads(said)["ws_port"]
    connection = stack.enter_context(connect(f"ws://127.0.0.1:{port}/session", max_size=None))
    return Firefox(connection, width, height)


def _webkit(stack: ExitStack, folder: Path, width: int, height: int, dark: bool) -> Engine:
    program = _minibrowser()
    assert program is not None
    told = folder / "display"
    with told.open("wb") as file:
        stack.enter_context(_running("Xvfb", "-displayfd", str(file.fileno()), pass_fds=(file.fileno(),)))
    display = _when(lambda: told.read_text().strip() or None)
    theme = {"GTK_THEME": "Adwaita:dark"} if dark else {}
    environment = {**os.environ, "DISPLAY": f":{display}", "HOME": str(folder), **theme}
    port = free_port()
    stack.enter_context(_running("WebKitWebDriver", f"--port={port}", env=environment))
    driver = f"http://127.0.0.1:{port}"
    _when(lambda: urllib.request.urlopen(f"{driver}/status", timeout=2).read())
    one = WebKit(driver, program, width, height)
    stack.callback(one.close)
    return one


@contextmanager
def _running(*command: str, **options: Any) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _when(what: Callable[[], Any]) -> Any:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            if found := what():
                return found
        except OSError:
            pass
        assert time.monotonic() < until
        time.sleep(0.1)
