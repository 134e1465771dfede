"""Two dashboard processes on one store: the same results, equal requests computed once, one killed without harm."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

from tools.soak.scenes import SCENES, Expected, Scene, seen
from tools.soak.server import Server
from tools.soak.visitor import Page, Visitor

SHARED = SCENES[:6]


def two_processes(folder: Path, wanted: Expected) -> tuple[list[str], dict]:
    """What went wrong, and figures."""
    faults: list[str] = []
    servers = [Server(folder / "store", folder / f"log-{name}").wait() for name in ("first", "second")]
    try:
        for scene in SHARED:
            found = [seen(page) for page in at_once(servers, scene)]
            faults += [f"two processes at {scene}: {one}" for one in found if one != wanted.scenes[scene]]
        computed = sum(misses(server) for server in servers)
        if computed != len(SHARED):
            faults.append(f"{len(SHARED)} equal pairs of requests were computed {computed} times")
        taken_over, scene = 0.0, SCENES[7]
        victim, survivor = servers
        left, other = Visitor(victim.address), Visitor(survivor.address)
        left.start(**scene.query)
        time.sleep(0.5)
        killer = threading.Timer(0.5, victim.kill)
        killer.start()
        page = other.open(**scene.query)
        killer.join()
        taken_over = page.seconds
        if seen(page) != wanted.scenes[scene]:
            faults.append(f"after a kill at {scene}: {seen(page)}")
    finally:
        for server in servers:
            server.stop()
    return faults, {
        "pairs": len(SHARED),
        "computed": computed,
        "answer beside a killed process, s": round(taken_over, 1),
    }


def at_once(servers: list[Server], scene: Scene) -> list[Page]:
    """One visitor a server, at the same moment."""
    pages: list[Page] = []
    visitors = [Visitor(server.address) for server in servers]
    threads = [threading.Thread(target=lambda v=visitor: pages.append(v.open(**scene.query))) for visitor in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return pages


def misses(server: Server) -> int:
    """Computations that a server's log tells of."""
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
    return sum(1 for line in lines if line.get("store") == "miss")
