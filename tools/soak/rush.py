"""More people than the device can serve: everyone asks again at once, for something that nobody asked for before."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tools.soak.queueing import of_queue
from tools.soak.scenes import MODEL, SAMPLES, SLOW
from tools.soak.server import Server
from tools.soak.visitor import BrokenError, Visitor

SECONDS = 60.0
COMING = 10.0
"""Seconds within which they come, one by one."""
PATIENT = 2
"""People who ask for maps that take longer than a turn."""


def rush(folder: Path, sessions: int) -> tuple[list[str], dict]:
    """What went wrong, and figures."""
    faults: list[str] = []
    shown: list[str] = []
    server = Server(folder / "store", folder / "log").wait()
    windows = _windows()
    until = time.monotonic() + SECONDS
    people = [
        threading.Thread(
            target=_ask, args=(server, number * COMING / sessions, number < PATIENT, windows, until, shown, faults)
        )
        for number in range(sessions)
    ]
    try:
        for person in people:
            person.start()
        for person in people:
            person.join()
    finally:
        server.stop()
    found, figures = of_queue((folder / "log").read_text())
    return faults + found, {"sessions": sessions, "seconds": SECONDS, "pages": len(shown), **figures}


def _windows() -> Iterator[tuple[str, int, int]]:
    """Places that nobody asked for, without end."""
    chance = random.Random(1)
    places = [(image, x, y) for image in SAMPLES for x in range(0, 240, 7) for y in range(0, 240, 7)]
    return itertools.cycle(chance.sample(places, len(places)))


def _ask(
    server: Server,
    after: float,
    patient: bool,
    windows: Iterator[tuple[str, int, int]],
    until: float,
    shown: list[str],
    faults: list[str],
) -> None:
    time.sleep(after)
    asked = SLOW if patient else {"models": MODEL, "nodes": "50", "tolerance": "0.0"}
    try:
        visitor = Visitor(server.address)
        while time.monotonic() < until:
            image, x, y = next(windows)
            page = visitor.open(image=image, scale="4", window=f"{x},{y},16", **asked)
            shown.append(image)
            # A place may be flat, which the page says; nothing else should be said.
            said = [text for text in page.alerts if "another place" not in text]
            faults += [f"in the rush at {image} {x},{y}: {text}" for text in (*page.faults, *said)]
    except (BrokenError, OSError) as error:
        faults.append(f"in the rush: {type(error).__name__}: {error}")
