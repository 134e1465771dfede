"""What a visitor deletes, or leaves behind, is gone within seconds, and no address leads to it any more."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from tools.pressure.pulse import Pulse
from tools.soak.leaving import after, private
from tools.soak.scenes import OWN_PLACES, SCENES, own_picture
from tools.soak.server import Server
from tools.soak.visitor import Visitor, fetched

STAY = 3
"""Seconds after which this server gives a session up; a real one waits two minutes."""
WITHIN = 5.0


def delete(folder: Path) -> tuple[list[str], dict]:
    """What went wrong, and figures."""
    faults, figures = [], {}
    server = Server(folder / "store", folder / "log", STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL=str(STAY)).wait()
    ways: dict[str, tuple[Callable[[Visitor], object], float]] = {
        "Delete": (lambda visitor: visitor.press("Delete my image"), 0.0),
        "a closed tab": (lambda visitor: visitor.close(), STAY),
    }
    try:
        with Pulse(server) as pulse:
            for way, (go, more) in ways.items():
                visitor = Visitor(server.address)
                visitor.open(**SCENES[0].query)
                visitor.upload("mine.png", own_picture(1))
                visitor.click(*OWN_PLACES[0])
                address = server.address + visitor.download("Arrays, .npz")
                if fetched(address)[0] != 200 or not private(server):
                    faults.append(f"{way}: there was nothing to delete")
                began = time.monotonic()
                go(visitor)
                gone = after(lambda address=address: fetched(address)[0] == 404 and not private(server), began)
                figures[f"{way} to 404 and nothing stored, s"] = gone
                if gone is None or gone > more + WITHIN:
                    faults.append(f"{way}: gone after {gone} s")
    finally:
        server.stop()
    return faults, {**figures, "of which a session may come back, s": STAY, **pulse.health}
