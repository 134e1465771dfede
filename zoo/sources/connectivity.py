"""Which servers of weights can be reached: one state a process, found out at once for all of them.

A server counts as reached if its port accepts a connection within `PATIENCE` seconds, the look-up of its name
included. The first question waits that long at most; later ones never do: an old state is renewed in the background.
A failure is left for other processes too, so that one command after another does not wait again.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from zoo.settings import ZooSettings
from zoo.sources.transfer import OfflineError

PATIENCE = 1.5
"""Seconds that finding out may take."""
REACHED = 300.0
"""Seconds for which a server that was reached counts as reached."""
MISSED = 30.0
"""Seconds for which one that was not reached counts as out of reach."""
FILE = "connectivity.json"


class NoConnectionError(OfflineError):
    """A file whose server cannot be reached from here."""


@dataclass
class _Probe:
    """What is known of one server."""

    done: threading.Event = field(default_factory=threading.Event)
    reached: bool = False
    at: float = 0.0
    """When that was found out, as `time.time` counts."""
    running: bool = False


class Connectivity:
    """Remembers which addresses can be reached; safe for several threads."""

    def __init__(self, connect: Callable[[str, int, float], None] | None = None) -> None:
        self._connect = connect or _connect
        self._lock = threading.Lock()
        self._probes: dict[tuple[str, int], _Probe] = {}

    def reaches(self, address: str, settings: ZooSettings) -> bool:
        """Whether the server of an address can be reached; never when `settings` says offline.

        At the first question all servers of `settings` are tried at once.
        """
        if settings.offline:
            return False
        asked = _server(address)
        memory = settings.weights / FILE
        with self._lock:
            first = asked not in self._probes
            if first:
                self._recall(memory)
            servers = {asked, *map(_server, addresses(settings))} if first else {asked}
            unknown = [server for server in servers if self._start_if_old(server, memory)]
            probe = self._probes[asked]
        if unknown:
            probes = [self._probes[server] for server in unknown]
            threading.Thread(target=self._give_up, args=(probes, memory), daemon=True).start()
        if not probe.at:
            probe.done.wait()
        return probe.reached

    def forget(self) -> None:
        """Lets the next question find out again, and wait for it."""
        with self._lock:
            self._probes.clear()

    def _start_if_old(self, server: tuple[str, int], memory: Path) -> bool:
        """Starts to find out about a server unless its state is fresh; whether nothing at all is known of it."""
        probe = self._probes.setdefault(server, _Probe())
        age = time.time() - probe.at
        if probe.running or (probe.at and age < (REACHED if probe.reached else MISSED)):
            return False
        probe.running = True
        # A look-up of a name cannot be broken off: its thread is left behind, and ends with the process.
        threading.Thread(target=self._find_out, args=(server, probe, memory), daemon=True).start()
        return not probe.at

    def _find_out(self, server: tuple[str, int], probe: _Probe, memory: Path) -> None:
        try:
            self._connect(*server, PATIENCE)
            reached = True
        except OSError:
            reached = False
        self._settle([probe], reached, memory, running=False)

    def _give_up(self, probes: Sequence[_Probe], memory: Path) -> None:
        """Counts those that have not answered in time as out of reach, all at once: who asked may end right after."""
        ends = time.monotonic() + PATIENCE
        late = [probe for probe in probes if not probe.done.wait(max(ends - time.monotonic(), 0))]
        self._settle(late, False, memory, running=True)

    def _settle(self, probes: Sequence[_Probe], reached: bool, memory: Path, *, running: bool) -> None:
        with self._lock:
            for probe in probes:
                probe.reached, probe.at, probe.running = reached, time.time(), running
            missed = {f"{host}:{port}": p.at for (host, port), p in self._probes.items() if p.at and not p.reached}
            with contextlib.suppress(OSError):
                if missed or memory.is_file():
                    memory.parent.mkdir(parents=True, exist_ok=True)
                    partial = memory.with_name(f"{FILE}.{os.getpid()}.part")
                    partial.write_text(json.dumps(missed))
                    partial.replace(memory)
        for probe in probes:
            probe.done.set()

    def _recall(self, memory: Path) -> None:
        """What another process could not reach a moment ago is not tried again."""
        with contextlib.suppress(OSError, ValueError, AttributeError, TypeError):
            for name, at in json.loads(memory.read_text()).items():
                host, _, port = name.rpartition(":")
                if 0 <= time.time() - float(at) < MISSED:
                    probe = self._probes.setdefault((host, int(port)), _Probe(at=float(at)))
                    probe.done.set()


def addresses(settings: ZooSettings) -> Iterable[str]:
    """Every server that files are fetched from."""
    return settings.endpoint, settings.github, settings.github_lfs, settings.github_releases


def host(address: str) -> str:
    """The name of an address's server, as messages say it."""
    return urlsplit(address).hostname or address


def _server(address: str) -> tuple[str, int]:
    """Host and port to connect to: those of the proxy, where one stands between."""
    where = urlsplit(address)
    name = where.hostname or ""
    proxy = urllib.request.getproxies().get(where.scheme)
    if proxy and not urllib.request.proxy_bypass(name):
        through = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        return through.hostname or "", through.port or 80
    return name, where.port or (80 if where.scheme == "http" else 443)


def _connect(name: str, port: int, patience: float) -> None:
    socket.create_connection((name, port), timeout=patience).close()


CONNECTIVITY = Connectivity()
"""That of this process."""


def check(address: str, settings: ZooSettings, name: str) -> None:
    """Raises `OfflineError` if nothing is to be fetched, `NoConnectionError` if the server cannot be reached."""
    if settings.offline:
        raise OfflineError(f"{name} is not here and nothing is fetched while offline")
    if not CONNECTIVITY.reaches(address, settings):
        raise NoConnectionError(f"No connection to {host(address)}: {name} is not here, try again later")
