"""A server that is told to end in the middle of computations, or stopped while it holds a claim."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

from tools.soak.scenes import MODEL, SAMPLES, SCENES
from tools.soak.server import Server
from tools.soak.visitor import Visitor

TIMES, COMPUTING = 5, 4
WITHIN = 2.0
ENDLESS = {"scale": "4", "models": MODEL, "nodes": "20000", "tolerance": "0.0"}


def end(folder: Path) -> tuple[list[str], dict]:
    """What went wrong when a server was ended, and figures."""
    faults, codes, seconds = [], [], []
    for turn in range(TIMES):
        server = Server(folder / f"store-{turn}", folder / "log").wait()
        visitors = [Visitor(server.address) for _ in range(COMPUTING)]
        visitors[0].open(**SCENES[0].query)
        for visitor, image in zip(visitors, SAMPLES, strict=False):
            visitor.start(image=image, window="64,64,16", **ENDLESS)
        time.sleep(2)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        try:
            codes.append(server.process.wait(20))
        except subprocess.TimeoutExpired:
            server.kill()
            codes.append(-9)
        seconds.append(time.monotonic() - began)
        left = [path.name for path in server.store.rglob("*") if path.is_file() and path.suffix != ".npz"]
        faults += [f"left behind: {left}"] if left else []
    faults += [f"ended with {code}" for code in codes if code]
    faults += [f"took {max(seconds):.1f} s to end"] if max(seconds) > WITHIN else []
    return faults, {"exit codes": codes, "longest to end, s": round(max(seconds), 2)}


def stop(folder: Path) -> tuple[list[str], dict]:
    """What went wrong when one of two servers on a store was stopped while it computed, and figures."""
    faults: list[str] = []
    first, second = (Server(folder / "store", folder / f"log-{n}").wait() for n in range(2))
    asked = {"image": SAMPLES[0], "window": "64,64,16", **ENDLESS, "nodes": "1500"}
    try:
        visitor = Visitor(first.address)
        visitor.open(**SCENES[0].query)
        visitor.start(**asked)
        until = time.monotonic() + 20
        while not list((folder / "store" / "locks").glob("*")) and time.monotonic() < until:
            time.sleep(0.02)
        first.process.send_signal(signal.SIGSTOP)
        page = Visitor(second.address).open(**asked)
        faults += page.faults if page.figures else ["the other server did not answer"]
    finally:
        first.process.send_signal(signal.SIGCONT)
        first.kill()
        second.stop()
    return faults, {"the other server answered after, s": round(page.seconds, 1)}
