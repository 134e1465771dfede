"""The server asks nobody outside, and ends cleanly in the middle of computations."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dashboard.server import largest_upload
from tests.dashboard.conftest import APP

ROOT = APP.parents[1]

RESOLVER = """
import socket
from pathlib import Path
asked, real = Path(__file__).with_name("asked"), socket.getaddrinfo
def getaddrinfo(host, *rest, **more):
    if host not in (None, "", "localhost", "127.0.0.1", "::1", b"127.0.0.1"):
        with asked.open("a") as file:
            file.write(f"{host}\\n")
    return real(host, *rest, **more)
socket.getaddrinfo = getaddrinfo
"""
"""Writes down every name that a process looks up."""

COMPUTING = """
import sys, threading, time
from dashboard import server
from dashboard.runtime import process

def compute(x):
    import zoo
    from lam_core import AttributionSettings, Region, downscale
    from lam_core.attribution.request import AttributionRequest
    from lam_core.samples import sample
    image = downscale(sample("brick-terrace").pixels(), 4)
    settings = AttributionSettings(nodes=5000, tolerance=0)
    request = AttributionRequest(zoo.reference("fsrcnn-c"), image, Region(x, 100, 16), settings)
    def tell(status):
        if status.stage == "work":
            print("computing", flush=True)
    process.shared_service().answer(request, tell)

for x in range(100, 104):
    threading.Thread(target=compute, args=(x,), daemon=True).start()
sys.argv[1:] = sys.argv[2:]
server.main()
"""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def start(tmp_path: Path, *command: str) -> tuple[subprocess.Popen, int]:
    """A hosted, offline server on a free port."""
    port = free_port()
    (tmp_path / "sitecustomize.py").write_text(RESOLVER)
    own = {
        "LAM_HOSTED": "1",
        "LAM_OFFLINE": "1",
        "LAM_STORE": str(tmp_path / "store"),
        "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT))),
        "OMP_NUM_THREADS": "1",
    }
    arguments = [*command, "run", str(APP), "--server.port", str(port), "--server.address", "127.0.0.1"]
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env={**os.environ, **own}, stdout=subprocess.PIPE, text=True
    )
    return process, port


def answer(port: int, path: str, **headers: str) -> http.client.HTTPResponse:
    """What the server answers with."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers=headers)
    return connection.getresponse()


def ask(port: int, path: str, **headers: str) -> int:
    """The status that the server answers with."""
    return answer(port, path, **headers).status


def wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            assert ask(port, "/_stcore/health") == 200
            return
        except OSError:
            assert time.monotonic() < until, "the server does not answer"
            time.sleep(0.1)


def test_no_name_is_looked_up_and_health_answers_at_once(tmp_path: Path) -> None:
    process, port = start(tmp_path, "-m", "dashboard.server")
    try:
        wait_for(port)
        upgrade = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            "Origin": "http://elsewhere.example",
        }
        assert ask(port, "/_stcore/stream", **upgrade) == 403, "a page of another origin is refused"
        began = time.monotonic()
        assert ask(port, "/_stcore/health") == 200
        assert time.monotonic() - began < 1
        assert "frame-ancestors 'self'" in (answer(port, "/").headers["Content-Security-Policy"] or "")
        assert ask(port, "/_stcore/metrics", **{"X-Forwarded-For": "203.0.113.1"}) == 404
        assert not (tmp_path / "asked").exists()
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


LEAVING = """
import sys, types
from dashboard import server
sys.modules["dashboard.runtime.process"] = types.ModuleType("loaded to its middle")
server._leave(0)
"""


def test_an_end_while_modules_are_loaded_is_clean() -> None:
    assert subprocess.run([sys.executable, "-c", LEAVING], check=False).returncode == 0


@pytest.mark.timeout(180)
def test_the_end_cancels_computations_and_leaves_nothing_behind(tmp_path: Path) -> None:
    script = tmp_path / "computing.py"
    script.write_text(COMPUTING)
    process, port = start(tmp_path, str(script), "-")
    wait_for(port)
    assert process.stdout is not None
    while "computing" not in process.stdout.readline():
        pass
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0
    # Two seconds on a computer with nothing else to do.
    assert time.monotonic() - began < 10
    left = [path for path in (tmp_path / "store").rglob("*") if path.is_file() and path.suffix != ".npz"]
    assert not left


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, 2048),
        ({"LAM_MODEL_MIB": "5"}, 20),
        ({"LAM_HOSTED": "1"}, 20),
        ({"LAM_HOSTED": "1", "LAM_MODEL_UPLOADS": "1", "LAM_MODEL_MIB": "64"}, 64),
    ],
)
def test_the_largest_upload_is_an_image_or_a_checkpoint_where_those_are_taken(environment, variables, expected):
    environment(**variables)
    assert largest_upload() == expected
