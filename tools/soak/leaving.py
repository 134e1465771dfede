"""Those who leave: a closed tab stops its computation, and what its visitor brought is gone with the session."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from tools.soak.scenes import OWN_PLACES, SCENES, SLOW, own_picture
from tools.soak.server import Server
from tools.soak.visitor import Visitor, fetched

FORGETTING = 3
"""Seconds after which this server gives a session up; a real one waits two minutes."""
PATIENCE = 90.0


def leave(folder: Path) -> tuple[list[str], dict]:
    """What went wrong, and figures."""
    faults: list[str] = []
    server = Server(folder / "store", folder / "log", STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL=str(FORGETTING)).wait()
    try:
        endless = Visitor(server.address)
        endless.open(**SCENES[0].query)
        endless.start(**{**SCENES[0].query, **SLOW})
        time.sleep(4)
        began = time.monotonic()
        endless.close()
        stopped = after(lambda: ended(server) > 0, began)
        if stopped is None:
            faults.append("a closed tab's computation went on")

        owner = Visitor(server.address)
        owner.open(**SCENES[0].query)
        owner.upload("mine.png", own_picture(1))
        page = owner.click(*OWN_PLACES[0])
        if any(not address.startswith("data:") for address in page.pictures.values()):
            faults.append("a picture of an upload has an address on the server")
        stranger = Visitor(server.address)
        shown = stranger.open(**dict(part.split("=") for part in page.query.replace("%2C", ",").split("&")))
        if shown.pictures or shown.figures:
            faults.append("a link to an upload shows it to a stranger")
        for path in (f"_stcore/upload_file/{owner.session_id}", "media/private", "_stcore/upload_file/x/y"):
            status, body = fetched(f"{server.address}/{path}")
            # Whatever is no address of the server is answered by the empty page.
            if status == 200 and b"<html" not in body.lower():
                faults.append(f"{path} is given away")
        kept = len(private(server))
        began = time.monotonic()
        owner.close()
        gone = after(lambda: not private(server), began)
        if not kept or gone is None:
            faults.append(f"{kept} results of an upload; after its session ended {len(private(server))}")
    finally:
        server.stop()
    return faults, {"closed tab to stop, s": stopped, "closed tab to nothing left of an upload, s": gone}


def after(is_so: Callable[[], bool], began: float) -> float | None:
    """Seconds from a moment until something is so."""
    while time.monotonic() - began < PATIENCE:
        if is_so():
            return round(time.monotonic() - began, 2)
        time.sleep(0.05)
    return None


def ended(server: Server) -> int:
    """Computations that were given up, as the log tells."""
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
    return sum(1 for line in lines if "Stop" in line.get("error", ""))


def private(server: Server) -> list[Path]:
    """What is kept for single visitors."""
    return list((server.store / "private").rglob("*.npz"))
