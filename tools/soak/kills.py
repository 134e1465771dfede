"""A server killed at random moments under load: its store always opens and never gives a wrong result."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from pathlib import Path

import numpy as np

from tools.soak.scenes import SCENES, Expected, Scene, kept, seen
from tools.soak.server import Server
from tools.soak.visitor import BrokenError, Visitor

VISITORS = 4
PATIENCE = 60.0
LONGEST = 4.0
"""Seconds after the first answer within which the server is killed."""


def kill_often(folder: Path, wanted: Expected, times: int) -> tuple[list[str], dict]:
    """What went wrong, and figures."""
    faults: list[str] = []
    chance = random.Random(0)
    shown: list[Scene] = []
    compared = unreadable = 0
    for _ in range(times):
        server = Server(folder / "store", folder / "log").wait()
        answered = threading.Event()
        seeds = [chance.random() for _ in range(VISITORS)]
        people = [threading.Thread(target=look, args=(server, seed, wanted, faults, shown, answered)) for seed in seeds]
        for person in people:
            person.start()
        answered.wait(PATIENCE)
        time.sleep(chance.uniform(0, LONGEST))
        server.kill()
        for person in people:
            person.join()
        found = kept(folder / "store")
        compared += len(found)
        unreadable += sum(result is None for result in found.values())
        others = [key for key, result in found.items() if result is not None and not same(result, wanted.kept.get(key))]
        faults += [f"{key} holds another result than one visitor alone was given" for key in others]
        # A part of what is there goes, so that there is always something to write.
        for path in list((folder / "store").glob("??/*.npz"))[::3]:
            path.unlink()
    if times:
        server = Server(folder / "store", folder / "log").wait()
        visitor = Visitor(server.address)
        pages = {scene: seen(visitor.open(**scene.query)) for scene in SCENES}
        wrong = [scene for scene in SCENES if pages[scene] != wanted.scenes[scene]]
        faults += [f"after {times} kills at {scene}: {pages[scene]}" for scene in wrong]
        shown += SCENES
        server.stop()
    if times and "Traceback" in (folder / "log").read_text():
        faults.append("the log of the killed servers holds a trace")
    return faults, {
        "kills": times,
        "pages shown and compared": len(shown),
        "of so many places": len(set(shown)),
        "stored results compared": compared,
        "files that could not be read": unreadable,
    }


def look(
    server: Server,
    seed: float,
    wanted: Expected,
    faults: list[str],
    shown: list[Scene],
    answered: threading.Event,
) -> None:
    """Opens scene after scene until the server is gone."""
    chance = random.Random(seed)
    with contextlib.suppress(BrokenError, OSError):
        visitor = Visitor(server.address)
        while True:
            scene = chance.choice(SCENES)
            page = visitor.open(**scene.query)
            if seen(page) != wanted.scenes[scene]:
                faults.append(f"under kills at {scene}: {seen(page)} {page.alerts}")
            shown.append(scene)
            answered.set()


def same(result: np.ndarray, truth: np.ndarray | None) -> bool:
    """Whether a stored result is that of one visitor alone."""
    return truth is not None and np.array_equal(result, truth)
