"""Many of the largest pictures at once: memory has a ceiling, and comes back."""

from __future__ import annotations

import io
import threading
import time
from pathlib import Path

import numpy as np
from PIL import Image

from tools.pressure.pulse import Pulse
from tools.soak.scenes import OWN_PLACES, SCENES, own_picture
from tools.soak.server import Server
from tools.soak.visitor import BrokenError, Visitor

VISITORS = 20
SIZE = (6000, 4000)
"""Width and height: the 24 million pixels that a server allows unless told otherwise."""
STAY = 3
"""Seconds after which this server gives a session up; a real one waits two minutes."""
ABOVE_REST, BACK_WITHIN = 1024, 0.1
"""MiB above rest at most, and the share of rest within which memory is a minute after all have gone."""


def many_pictures(folder: Path) -> tuple[list[str], dict]:
    """What went wrong, and figures."""
    faults: list[str] = []
    server = Server(folder / "store", folder / "log", STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL=str(STAY)).wait()
    picture = large_picture()
    try:
        at_rest(server)
        rest = server.memory
        visitors = [Visitor(server.address) for _ in range(VISITORS)]
        taken: list[bool] = []
        bringing = [threading.Thread(target=bring, args=(visitor, picture, taken, faults)) for visitor in visitors]
        waits: list[float] = []
        with Pulse(server) as pulse:
            for one in bringing:
                one.start()
            other = Visitor(server.address)
            while any(one.is_alive() for one in bringing):
                waits.append(other.open(**SCENES[len(waits) % len(SCENES)].query).seconds)
                time.sleep(1)
        other.close()
        for visitor in visitors:
            visitor.close()
        time.sleep(STAY + 60)
        after = server.memory
    finally:
        server.stop()
    if pulse.largest > rest + ABOVE_REST:
        faults.append(f"memory rose by {pulse.largest - rest:.0f} MiB")
    if after > rest * (1 + BACK_WITHIN):
        faults.append(f"memory is {after - rest:.0f} MiB above rest a minute after all have gone")
    faults += ["no picture at all was taken"] if not any(taken) else []
    return faults, {
        "visitors": VISITORS,
        "file, MiB": round(len(picture) / 1024**2, 1),
        "taken": sum(taken),
        "refused in a sentence": len(taken) - sum(taken),
        "memory at rest, MiB": round(rest),
        "at most": round(pulse.largest),
        "a minute after": round(after),
        "another visitor's page, slowest s": round(max(waits, default=0.0), 2),
        **pulse.health,
    }


def large_picture() -> bytes:
    """As JPEG."""
    random = np.random.default_rng(0)
    small = Image.fromarray(random.integers(0, 256, (SIZE[1] // 4, SIZE[0] // 4, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    small.resize(SIZE).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def at_rest(server: Server) -> None:
    """Lets one visitor do what all of them do, with a small picture, and go."""
    visitor = Visitor(server.address)
    visitor.open(**SCENES[0].query)
    visitor.upload("small.png", own_picture(1))
    visitor.click(*OWN_PLACES[0])
    visitor.close()
    time.sleep(STAY + 5)


def bring(visitor: Visitor, picture: bytes, taken: list[bool], faults: list[str]) -> None:
    """Brings a picture; notes whether it is shown, or a sentence says why it is not."""
    try:
        visitor.open(**SCENES[0].query)
        page = visitor.upload("large.jpg", picture)
    except (BrokenError, OSError) as error:
        # The server may refuse the file itself; its page says so.
        if "413" not in str(error):
            faults.append(f"{type(error).__name__}: {error}")
        taken.append(False)
        return
    refused = any("memory" in text for text in page.alerts)
    if not refused and "large.jpg" not in page.text:
        faults.append(f"neither the picture nor a reason: {page.alerts}")
    faults += page.faults
    taken.append(not refused)
