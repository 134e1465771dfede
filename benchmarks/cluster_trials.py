"""What `lam sweep --scheduler` says of a cluster's faults: `python -m benchmarks.cluster_trials [NAME ...]`.

Each trial starts a scheduler and workers on this machine, each worker in an empty folder, does one thing to them, and
prints a row: seconds from what was done to the command's end, exit code, rows of the table, rows that the same command
without a cluster finds kept afterwards, and what was said on standard error beside progress. A command is ended after
two minutes.
"""

from __future__ import annotations

import argparse
import http.server
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from benchmarks.cluster_processes import address, free_port, scheduler, without_project, worker
from lam_core.samples import samples
from zoo.catalog.registry import COMPACT

MODELS, IMAGES = "fsrcnn-c,carn-c", 8
LONGEST = 120
EARLY = 24
"""Results kept when something is done to a cluster that is at work."""
PROGRESS = re.compile(r"^\d+ of \d+")

OWN_CODE = """
import os
import torch

held = []

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.up = torch.nn.Sequential(torch.nn.Conv2d(3, 48, 3, padding=1), torch.nn.PixelShuffle(4))

    def forward(self, x):
        if "GREEDY" in os.environ:
            held.append(torch.ones(2**28))
        return self.up(x)
"""
ENTRY = """
name = "Ours"
kind = "super-resolver"
"""


@dataclass
class Trial:
    """A folder with images and a store, a cluster, and the command."""

    folder: Path
    stack: ExitStack
    models: str = MODELS
    place: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    workers: list[subprocess.Popen] = field(default_factory=list)
    schedulers: list[subprocess.Popen] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None
    """What is done to the cluster once it is at work."""

    def start(self, workers: int = 2, *options: str, **more: Any) -> None:
        """A scheduler and workers."""
        self.place = self.place or address(self.port)
        self.schedulers.append(self.stack.enter_context(scheduler(self.port)))
        for _ in range(workers):
            self.workers.append(self.stack.enter_context(worker(self.port, *options, **more)))

    def restart(self) -> None:
        """Another scheduler in place of the first."""
        self.schedulers[0].kill()
        self.schedulers[0].wait()
        self.start(0)

    def stop_for(self, seconds: float) -> None:
        """A worker that is silent for a while."""
        self.workers[0].send_signal(signal.SIGSTOP)
        threading.Timer(seconds, self.workers[0].send_signal, [signal.SIGCONT]).start()

    def command(self, *more: str) -> subprocess.Popen:
        """`lam sweep` of the trial."""
        told = ["--models", self.models, "--images", str(self.folder / "images"), "--nodes", "9"]
        return subprocess.Popen(
            [sys.executable, "-m", "lam_cli.main", "sweep", *told, "--out", str(self.folder / "out.csv"), *more],
            env={**os.environ, "LAM_STORE": str(self.folder / "store"), **self.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def kept(self) -> int:
        """Results in the store."""
        return len(list((self.folder / "store").glob("??/*.npz")))

    def run(self) -> str:
        """A row of the table."""
        for number, one in enumerate(samples()[:IMAGES]):
            (self.folder / "images").mkdir(exist_ok=True)
            Image.fromarray(one.pixels()).save(self.folder / "images" / f"{number}.png")
        running, began = self.command("--scheduler", self.place), time.monotonic()
        while self.schedulers and running.poll() is None and self.kept() < EARLY and time.monotonic() - began < 60:
            time.sleep(0.05)
        if running.poll() is None:
            began = time.monotonic() if self.schedulers and self.kept() else began
            self.meanwhile()
        seconds, code, said = ended(running, began)
        rows = self.rows()
        self.stack.close()
        if code == 2 and "build" not in self.models:
            (self.folder / "out.csv").unlink(missing_ok=True)
            ended(self.command(), began)
            kept = str(self.rows("from_store"))
        else:
            kept = ""
        return f"{seconds:.1f} | {code} | {rows} | {kept} | {said}"

    def rows(self, column: str = "") -> int:
        """Rows of the table that was written, those that are true in a column alone where one is named."""
        if not (self.folder / "out.csv").exists():
            return 0
        table = pd.read_csv(self.folder / "out.csv")
        return sum(map(bool, table[column].tolist())) if column else len(table)


def ended(running: subprocess.Popen, began: float) -> tuple[float, int, str]:
    """Seconds since then, exit code and what a command said, once it has ended."""
    try:
        said = running.communicate(timeout=LONGEST)[1]
    except subprocess.TimeoutExpired:
        running.kill()
        said = f"(ended after {LONGEST} s) {running.communicate()[1]}"
    lines = [line for line in said.splitlines() if line and not PROGRESS.match(line)]
    return time.monotonic() - began, running.returncode, " / ".join(lines)


def nothing(trial: Trial) -> None:
    """two workers, nothing done"""
    trial.start()


def killed(trial: Trial) -> None:
    """a worker killed"""
    trial.start(2, "--no-nanny")
    trial.meanwhile = lambda: trial.workers[0].kill()


def silent(trial: Trial) -> None:
    """a worker silent for 20 s"""
    trial.start(2, "--no-nanny")
    trial.meanwhile = lambda: trial.stop_for(20)


def restarted(trial: Trial) -> None:
    """the scheduler started again"""
    trial.start()
    trial.meanwhile = trial.restart


def ended_scheduler(trial: Trial) -> None:
    """the scheduler killed"""
    trial.start()
    trial.meanwhile = lambda: trial.schedulers[0].kill()


def greedy(trial: Trial) -> None:
    """a worker past its memory limit"""
    (trial.folder / "greedy.py").write_text(OWN_CODE)
    there = {"PYTHONPATH": f"{trial.folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    trial.models, trial.environment = "greedy:Net", there
    trial.start(1, "--memory-limit", "900MiB", environment={**there, "GREEDY": "1"})


def closed_port(trial: Trial) -> None:
    """a port that nothing listens on"""
    trial.place = address(trial.port)


def web_server(trial: Trial) -> None:
    """a web server at the port"""
    server = http.server.HTTPServer(("127.0.0.1", trial.port), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    trial.place = address(trial.port)


def encrypted(trial: Trial) -> None:
    """tls:// to a scheduler of tcp://"""
    trial.place = address(trial.port).replace("tcp", "tls")
    trial.start(1)


def another_protocol(trial: Trial) -> None:
    """http:// for an address"""
    trial.place = address(trial.port).replace("tcp", "http")
    trial.start(1)


def no_workers(trial: Trial) -> None:
    """a scheduler without workers"""
    trial.start(0)


def other_version(trial: Trial) -> None:
    """a worker of another version"""
    about = trial.folder / "sr_lam-0.0.1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: sr-lam\nVersion: 0.0.1\n")
    trial.start(1, environment={"PYTHONPATH": f"{trial.folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"})


def no_project(trial: Trial) -> None:
    """a worker without the project"""
    (trial.folder / "links").mkdir()
    trial.start(1, "--no-nanny", program=without_project(trial.folder / "links"))


def checkpoint(trial: Trial) -> None:
    """a checkpoint that lies on the client alone"""
    mine = trial.folder / "mine.safetensors"
    mine.write_bytes((COMPACT / "carn-c.safetensors").read_bytes() + b"")
    trial.models = str(mine)
    trial.start()


def own_entry(trial: Trial) -> None:
    """an entry of LAM_ENTRIES on the client alone"""
    import zoo.catalog.registry as registry

    folder = trial.folder / "entries"
    folder.mkdir()
    text = (Path(registry.__file__).parents[1] / "entries" / "carn-c.toml").read_text()
    (folder / "ours.toml").write_text(text.replace("CARN (compact)", "Ours"))
    trial.models, trial.environment = "ours", {"LAM_ENTRIES": str(folder)}
    trial.start()


def own_code(trial: Trial) -> None:
    """path.py:build on the client alone"""
    (trial.folder / "own.py").write_text(OWN_CODE)
    trial.models = f"{trial.folder / 'own.py'}:Net"
    trial.start(1)


def own_module(trial: Trial) -> None:
    """package.module:Class that the workers lack"""
    (trial.folder / "ourmodule.py").write_text(OWN_CODE)
    there = f"{trial.folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    trial.models, trial.environment = "ourmodule:Net", {"PYTHONPATH": there}
    trial.start(1)


TRIALS = (
    *(nothing, killed, silent, restarted, ended_scheduler, greedy, closed_port, web_server, encrypted),
    *(another_protocol, no_workers, other_version, no_project, checkpoint, own_entry, own_code, own_module),
)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(one.__name__ for one in TRIALS))
    names = parser.parse_args().names
    print("| what was done | seconds | exit code | rows | found kept | said |\n|---|---:|---:|---:|---:|---|")
    for trial in TRIALS:
        if names and trial.__name__ not in names:
            continue
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            one = Trial(Path(folder), stack)
            trial(one)
            print(f"| {trial.__doc__} | {one.run().replace(folder, '…')} |", flush=True)


if __name__ == "__main__":
    main()
