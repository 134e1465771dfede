"""Clients that send slower than any browser, and what strangers may not see."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from dashboard.runtime.slow_clients import HEADERS_WITHIN
from tools.pressure.pulse import Pulse
from tools.soak.scenes import SCENES
from tools.soak.server import Server
from tools.soak.visitor import Visitor, fetched

CLIENTS = 100


def dribble(folder: Path) -> tuple[list[str], dict]:
    """What went wrong, and figures."""
    faults: list[str] = []
    server = Server(folder / "store", folder / "log").wait()
    try:
        Visitor(server.address).open(**SCENES[0].query)
        clients = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(CLIENTS)]
        began = time.monotonic()
        with Pulse(server) as pulse:
            while clients and time.monotonic() - began < 2 * HEADERS_WITHIN:
                clients = [client for client in clients if _sends(client)]
                time.sleep(0.5)
            took = time.monotonic() - began
            page = Visitor(server.address).open(**SCENES[0].query)
    finally:
        server.stop()
    faults += [f"{len(clients)} slow clients are still connected"] if clients else []
    return faults + page.faults, {
        "slow clients": CLIENTS,
        "all sent away after, s": round(took, 1),
        "a page beside them, s": round(page.seconds, 2),
        **pulse.health,
    }


def _sends(client: socket.socket) -> bool:
    """Sends one more byte of a request that never ends; whether the server still listens."""
    try:
        client.send(b"G")
        client.setblocking(False)
        return client.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def closed_doors(folder: Path) -> tuple[list[str], dict]:
    """What strangers see that they should not, and a server whose own entries are broken."""
    faults: list[str] = []
    entries = folder / "entries"
    entries.mkdir()
    (entries / "broken.toml").write_text("name = ")
    server = Server(folder / "store", folder / "log", LAM_ENTRIES=str(entries)).wait()
    try:
        visitor = Visitor(server.address)
        pages = {name: visitor.open(name) for name in ("", "zoo", "compare", "content", "landscape", "semantics")}
        faults += [f"{name}: {fault}" for name, page in pages.items() for fault in page.faults]
        metrics = fetched(f"{server.address}/_stcore/metrics")[0]
        stranger = visitor.ask("/_stcore/metrics", {"X-Forwarded-For": "203.0.113.1"})
    finally:
        server.stop()
    if metrics != 200 or stranger != 404:
        faults.append(f"metrics: {metrics} to the operator, {stranger} to a stranger")
    if "broken.toml" not in (folder / "log").read_text():
        faults.append("the log does not name the broken entry")
    return faults, {"pages with a broken entry": len(pages), "metrics to operator and stranger": [metrics, stranger]}
