"""A dashboard process of its own, on loopback, to be measured and killed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0


class Server:
    """One process with its store and its log."""

    def __init__(self, store: Path, log: Path, port: int = 0, **environment: str) -> None:
        self.store, self.log = store, log
        self.port = port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        given = {
            **{name: value for name, value in os.environ.items() if not name.startswith("LAM_")},
            "LAM_STORE": str(store),
            "LAM_WEIGHTS": str(log.parent / "weights"),
            "LAM_OFFLINE": "1",
            "LAM_HOSTED": "1",
            "PYTHONPATH": str(ROOT),
            **environment,
        }
        command = [sys.executable, "-m", "lam_cli.main", "dashboard", "--port", str(self.port)]
        with log.open("a") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, env=given, stdout=out, stderr=out)

    def wait(self) -> Server:
        """Until it answers. Raises `TimeoutError`."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=5) as answer:
                    if answer.status == 200:
                        return self
            except OSError:
                time.sleep(0.2)
        raise TimeoutError(f"no dashboard at {self.address}: {self.log.read_text()[-2000:]}")

    @property
    def memory(self) -> float:
        """Resident memory in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        return int(found[1]) / 1024 if found else 0.0

    @property
    def processor(self) -> float:
        """Seconds of CPU used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ends it as a container is ended."""
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.kill()


def free_port() -> int:
    """A port of this computer that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
