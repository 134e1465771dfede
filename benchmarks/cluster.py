"""A sweep on one and on two one-thread workers beside one process: `python -m benchmarks.cluster [--rounds 3]`.

Four compact networks on twenty samples. Each way is run once to warm up, so that PyTorch is imported and networks are
loaded, then the ways take turns; nothing is kept between runs. Besides the clock's seconds those of all processes'
CPUs are told, which other work on the same machine changes less. On a quiet machine of two cores some two minutes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pandas as pd
import torch

import zoo
from benchmarks.cluster_processes import address, free_port, scheduler, worker
from lam_core.images.image_sets import of_sample
from lam_core.samples import samples
from lam_core.service.service import Service
from lam_core.studies.sweeps.sweep import Plan, sweep

NETWORKS = ("imdn-c", "fsrcnn-c", "edsr-c", "carn-c")
SAMENESS = ["from_store", "seconds"]
"""Columns in which two tables of the same sweep may differ."""


def cpu(processes: list[int]) -> float:
    """Seconds of CPU that processes have used."""
    ticks = 0
    for pid in processes:
        said = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(said[11]) + int(said[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=int, default=20)
    options = parser.parse_args()
    plan = Plan(
        tuple(zoo.reference(name) for name in NETWORKS), tuple(of_sample(one) for one in samples()[: options.images])
    )
    jobs = 2 * len(plan.models) * len(plan.pictures)
    with ExitStack() as stack:
        ways: dict[str, tuple[Callable[[], pd.DataFrame], list[int]]] = {
            f"one process, {threads} thread{'s' * (threads > 1)}": (partial(_here, plan, threads), [os.getpid()])
            for threads in sorted({os.cpu_count() or 1, 1})
        }
        for count in (1, 2):
            port = free_port()
            started = [stack.enter_context(scheduler(port))]
            started += [stack.enter_context(worker(port, "--no-nanny")) for _ in range(count)]
            run = partial(_on, plan, address(port), count)
            ways[f"{count} worker{'s' * (count > 1)}"] = (run, [os.getpid(), *(one.pid for one in started)])
        seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        tables: list[pd.DataFrame] = []
        for number in range(options.rounds + 1):
            for name, (run, processes) in ways.items():
                began, used = time.monotonic(), cpu(processes)
                tables.append(run().drop(columns=SAMENESS))
                if number:
                    seconds[name].append((time.monotonic() - began, cpu(processes) - used))
    for table in tables:
        pd.testing.assert_frame_equal(table, tables[0])
    print(f"{len(plan.models)} networks × {len(plan.pictures)} images, {jobs} jobs, load {os.getloadavg()[0]:.1f}")
    print(f"{'':22s} {'seconds':>8s} {'CPU':>6s}")
    for name, runs in seconds.items():
        print(f"{name:22s} {_median(runs, 0):8.2f} {_median(runs, 1):6.2f}")
    alone = min(_median(runs, 0) for name, runs in seconds.items() if "process" in name)
    first, second = (_median(seconds[name], 0) for name in ("1 worker", "2 workers"))
    overhead = (_median(seconds["1 worker"], 1) - _median(seconds["one process, 1 thread"], 1)) / jobs
    print(f"two workers against one: {first / second:.2f}; against the faster of one process: {alone / second:.2f}")
    print(f"CPU of a job on one worker beyond one process: {overhead * 1000:.1f} ms; all tables equal")


def _here(plan: Plan, threads: int) -> pd.DataFrame:
    torch.set_num_threads(threads)
    return sweep(plan, Service(None)).table


def _on(plan: Plan, place: str, count: int) -> pd.DataFrame:
    from lam_core.studies.sweeps.scheduler import connected

    with connected(place) as cluster:
        while len(cluster.workers()) < count:
            time.sleep(0.1)
    return sweep(plan, Service(None), scheduler=place).table


def _median(runs: list[tuple[float, float]], which: int) -> float:
    return statistics.median(run[which] for run in runs)


if __name__ == "__main__":
    main()
