"""A visitor with many tabs makes another one wait no longer than a visitor with one tab would."""

from __future__ import annotations

import itertools
import threading
import time
from pathlib import Path
from statistics import median

from tools.pressure.pulse import Pulse
from tools.soak.scenes import MODEL, SAMPLES
from tools.soak.server import Server
from tools.soak.visitor import BrokenError, Visitor

TABS, LOOKS = 10, 8
ASKED = {"scale": "4", "models": MODEL, "nodes": "50", "tolerance": "0.0"}


def many_tabs(folder: Path) -> tuple[list[str], dict]:
    """What went wrong, and figures."""
    faults: list[str] = []
    server = Server(folder / "store", folder / "log").wait()
    places = ((image, x, y) for image in itertools.cycle(SAMPLES) for x in range(0, 200, 9) for y in range(0, 200, 9))
    ended = threading.Event()

    def look(visitor: Visitor) -> float:
        image, x, y = next(places)
        return visitor.open(image=image, window=f"{x},{y},16", **ASKED).seconds

    def ask_on(visitor: Visitor) -> None:
        try:
            while not ended.is_set():
                look(visitor)
        except (BrokenError, OSError, ValueError) as error:
            faults.append(f"a tab: {type(error).__name__}: {error}")

    try:
        other = Visitor(server.address)
        look(other)
        alone = median(look(other) for _ in range(LOOKS))
        first = Visitor(server.address)
        tabs = [first, *(Visitor(server.address, browser=first) for _ in range(TABS - 1))]
        threads = [threading.Thread(target=ask_on, args=(tab,)) for tab in tabs]
        with Pulse(server) as pulse:
            for thread in threads:
                thread.start()
            time.sleep(3)
            waits = [look(other) for _ in range(LOOKS)]
            ended.set()
            for thread in threads:
                thread.join()
    finally:
        ended.set()
        server.stop()
    if max(waits) > 2 * alone + 1:
        faults.append(f"another visitor waited {max(waits):.1f} s, alone {alone:.1f}")
    return faults, {
        "tabs": TABS,
        "another visitor alone, s": round(alone, 2),
        "beside them, median s": round(median(waits), 2),
        "longest s": round(max(waits), 2),
        **pulse.health,
    }
