"""Health and memory of a server, looked at again and again while something else happens to it."""

from __future__ import annotations

import threading
import time

from tools.soak.server import Server
from tools.soak.visitor import fetched

EVERY = 0.1
"""Seconds between two looks."""


class Pulse(threading.Thread):
    """A thread that looks until it is told to end; a context."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self._server, self._ended = server, threading.Event()
        self.largest, self.slowest, self.failed = server.memory, 0.0, 0
        """Resident MiB at most, seconds that a health answer took at most, and answers other than 200."""

    def run(self) -> None:
        while not self._ended.wait(EVERY):
            began = time.monotonic()
            try:
                status, _ = fetched(f"{self._server.address}/_stcore/health")
            except OSError:
                status = 0
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.failed += status != 200
            self.largest = max(self.largest, self._server.memory)

    def __enter__(self) -> Pulse:
        self.start()
        return self

    def __exit__(self, *rest: object) -> None:
        self._ended.set()
        self.join()

    @property
    def health(self) -> dict:
        """Figures."""
        return {"health, slowest s": round(self.slowest, 3), "health, failed": self.failed}
