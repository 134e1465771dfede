"""A server killed at random moments under load: its store always opens and never gives a wrong result."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from pathlib import Path

import numpy as np

from lam_core.store import Store, request_of
from tests.soak.scenes import SCENES, Expected, seen
from tests.soak.server import Server
from tests.soak.visitor import BrokenError, Visitor

VISITORS = 4
PATIENCE = 60.0
LONGEST = 4.0
"""Seconds after the first answer within which the server is killed."""


def kill_often(folder: Path, wanted: Expected, times: int) -> tuple[list[str], dict]:
    """What went wrong, and figures."""
    faults: list[str] = []
    chance = random.Random(0)
    known: dict[str, np.ndarray] = {}
    unreadable = 0
    for _ in range(times):
        server = Server(folder / "store", folder / "log").wait()
        answered = threading.Event()
        seeds = [chance.random() for _ in range(VISITORS)]
        people = [threading.Thread(target=look, args=(server, seed, wanted, faults, answered)) for seed in seeds]
        for person in people:
            person.start()
        answered.wait(PATIENCE)
        time.sleep(chance.uniform(0, LONGEST))
        server.kill()
        for person in people:
            person.join()
        unreadable += check(Store(folder / "store"), known, faults)
        # A part of what is there goes, so that there is always something to write.
        for path in list((folder / "store").glob("??/*.npz"))[::3]:
            path.unlink()
    if times:
        server = Server(folder / "store", folder / "log").wait()
        visitor = Visitor(server.address)
        found = {scene: seen(visitor.open(**scene.query)) for scene in SCENES}
        wrong = [scene for scene in SCENES if found[scene] != wanted.scenes[scene]]
        faults += [f"after {times} kills at {scene}: {found[scene]}" for scene in wrong]
        server.stop()
    if times and "Traceback" in (folder / "log").read_text():
        faults.append("the log of the killed servers holds a trace")
    return faults, {"kills": times, "results compared": len(known), "files that could not be read": unreadable}


def look(server: Server, seed: float, wanted: Expected, faults: list[str], answered: threading.Event) -> None:
    """Opens scene after scene until the server is gone."""
    chance = random.Random(seed)
    with contextlib.suppress(BrokenError, OSError):
        visitor = Visitor(server.address)
        while True:
            scene = chance.choice(SCENES)
            page = visitor.open(**scene.query)
            if seen(page) != wanted.scenes[scene]:
                faults.append(f"under kills at {scene}: {seen(page)} {page.alerts}")
            answered.set()


def check(store: Store, known: dict[str, np.ndarray], faults: list[str]) -> int:
    """Compares every result of the store with what it was before; the number of files that could not be read."""
    unreadable = 0
    for path in store.folder.glob("??/*.npz"):
        request = request_of(path.read_bytes())
        stored = store.get(request) if request else None
        if stored is None:
            unreadable += 1
            continue
        values = stored.arrays["signed"]
        if not np.array_equal(known.setdefault(path.stem, values), values):
            faults.append(f"{path.name} holds another result than before")
    return unreadable
