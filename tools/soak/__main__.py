"""`python -m tools.soak --sessions 30 --seconds 600 --kills 50`, or `make soak SESSIONS=30 SECONDS=600`.

Everything runs on this computer's loopback: servers without network access, visitors without a screen.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median

from tools.soak.crowd import Person, Record
from tools.soak.kills import kill_often
from tools.soak.leaving import leave
from tools.soak.pair import two_processes
from tools.soak.queueing import of_queue
from tools.soak.rush import rush
from tools.soak.scenes import Expected, expected
from tools.soak.server import Server

SAMPLE_EVERY = 5.0


def crowd(folder: Path, wanted: Expected, sessions: int, seconds: float) -> tuple[Record, dict]:
    """Lets many visitors loose on one server that knows nothing yet."""
    server = Server(folder / "store", folder / "log").wait()
    record, memory = Record(), []
    until = time.monotonic() + seconds
    people = [Person(number, server.address, wanted, record, until) for number in range(sessions)]
    try:
        for person in people:
            person.start()
        while any(person.is_alive() for person in people):
            memory.append((round(time.monotonic() - until + seconds), round(server.memory)))
            time.sleep(SAMPLE_EVERY)
            if time.monotonic() > until + 300:
                record.fault("some visitors were still waiting five minutes after the end")
                break
        used = server.processor
    finally:
        server.stop()
    log = (folder / "log").read_text()
    record.faults += ["the log holds a trace"] if "Traceback" in log else []
    unfair, queue = of_queue(log)
    record.faults += unfair
    return record, {
        "sessions": sessions,
        "seconds": seconds,
        "cpu seconds": round(used),
        "actions": dict(record.actions),
        "store hit, median s": round(median(record.hits), 3) if record.hits else None,
        "store hit, 95th percentile s": centile(record.hits, 0.95),
        "store hits": len(record.hits),
        "computed, median s": round(median(record.computed), 3) if record.computed else None,
        "computed": len(record.computed),
        "memory": of_memory(memory),
        "queue": queue,
        "private files left": len(list((folder / "store" / "private").rglob("*.npz"))),
    }


def of_memory(samples: list[tuple[int, int]]) -> dict:
    """Resident MiB at the beginning, after warm-up (a third of the time) and at the end, and the slope in between."""
    late = samples[len(samples) // 3 :]
    times, sizes = [t for t, _ in late], [size for _, size in late]
    centre, spread = mean(times), sum((t - mean(times)) ** 2 for t in times)
    slope = sum((t - centre) * (size - mean(sizes)) for t, size in late) / spread * 60 if spread else 0.0
    return {
        "first": samples[0][1],
        "after warm-up": median(sizes[: len(sizes) // 4 + 1]),
        "at the end": median(sizes[-len(sizes) // 4 - 1 :]),
        "largest": max(sizes),
        "MiB a minute after warm-up": round(slope, 1),
    }


def centile(values: list[float], share: float) -> float | None:
    """The value that a share of all does not exceed."""
    return round(sorted(values)[min(int(share * len(values)), len(values) - 1)], 3) if values else None


def main() -> None:
    """Runs all of it and prints the figures; exit code 1 if anything happened that should not have."""
    parser = argparse.ArgumentParser(prog="tools.soak")
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--kills", type=int, default=50)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    faults: list[str] = []

    def tell(title: str, figures: object) -> None:
        print(json.dumps({title: figures}, ensure_ascii=False), flush=True)

    try:
        for name in ("alone", "crowd", "rush", "leaving", "pair", "kills"):
            (folder / name).mkdir()
        began = time.monotonic()
        wanted = expected(folder / "alone")
        tell("one visitor alone", {"scenes": len(wanted.scenes), "seconds": round(time.monotonic() - began)})
        if options.sessions:
            record, figures = crowd(folder / "crowd", wanted, options.sessions, options.seconds)
            faults += record.faults
            tell("crowd", figures)
            found, figures = rush(folder / "rush", options.sessions)
            faults += found
            tell("rush", figures)
        parts: dict[str, Callable[[], tuple[list[str], dict]]] = {
            "those who leave": lambda: leave(folder / "leaving"),
            "two processes": lambda: two_processes(folder / "pair", wanted),
            "kills": lambda: kill_often(folder / "kills", wanted, options.kills),
        }
        for title, part in parts.items():
            found, figures = part()
            faults += found
            tell(title, figures)
        tell("faults", {"count": len(faults), "first": faults[:5]})
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
