"""The same sweep on the workers of a Dask scheduler, one of them killed midway."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from distributed import Client, LocalCluster

from lam_core.service.service import Service
from lam_core.studies.sweeps.progress import Progress
from lam_core.studies.sweeps.scheduler import SchedulerError
from lam_core.studies.sweeps.sweep import sweep
from lam_core.studies.sweeps.table import COLUMNS
from tests.lam_core.studies.sweeps.test_sweep import pictures, plan, store_of
from tests.lam_core.studies.toys import Reference


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as local:
        yield local


def test_a_model_that_does_not_travel_is_a_fault(cluster: LocalCluster, tmp_path: Path) -> None:
    class Broken(Reference):
        def load(self, progress: object = None):
            raise FileNotFoundError("weights are not on this machine")

    swept = sweep(
        plan(Reference("near"), Broken("broken"), pictures=pictures(1)),
        store_of(tmp_path),
        scheduler=cluster.scheduler_address,
    )
    assert swept.table["model"].tolist() == ["near"]
    assert "not on this machine" in str(swept.faults[0])


def test_giving_up_leaves_the_cluster_free(cluster: LocalCluster, tmp_path: Path) -> None:
    def give_up(progress: Progress) -> None:
        if progress.done:
            raise KeyboardInterrupt

    slow = Reference("near", seconds=0.05)
    with pytest.raises(KeyboardInterrupt):
        sweep(plan(slow), store_of(tmp_path), scheduler=cluster.scheduler_address, on_progress=give_up)
    assert len(sweep(plan(Reference("other")), store_of(tmp_path), scheduler=cluster.scheduler_address).table) == 2


def test_a_worker_killed_midway_costs_nothing(cluster: LocalCluster, tmp_path: Path) -> None:
    model = Reference("near", log=tmp_path / "log", seconds=0.05)
    chosen, killed = plan(model, pictures=pictures(8)), []
    seen: list[Progress] = []

    def kill_one(progress: Progress) -> None:
        seen.append(progress)
        if progress.done == 10 and not killed:
            with Client(cluster.scheduler_address, set_as_default=False) as client:
                killed.append(next(iter(client.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

    swept = sweep(chosen, store_of(tmp_path / "s"), scheduler=cluster.scheduler_address, on_progress=kill_one)
    workers = {line.split()[1] for line in (tmp_path / "log").read_text().splitlines()}
    assert killed
    assert str(os.getpid()) not in workers
    assert len(workers) >= 2
    assert swept.faults == ()
    assert (seen[-1].done, seen[-1].total) == (16, 16)
    assert [p.row["image"] for p in seen if p.row] != []
    here = sweep(plan(Reference("near"), pictures=pictures(8)), Service(None)).table
    same = [name for name in COLUMNS if name not in ("from_store", "seconds")]
    pd.testing.assert_frame_equal(swept.table[same], here[same])
    # Every result is kept by the asking process: a sweep without a cluster finds them all.
    again = sweep(chosen, store_of(tmp_path / "s"))
    assert again.table["from_store"].all()
    assert len(list((tmp_path / "s").glob("??/*.npz"))) == 8 + 2 * 8


def test_no_scheduler_is_said(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("lam_core.studies.sweeps.scheduler.CONNECT", 0.5)
    with pytest.raises(SchedulerError, match="start one with `dask scheduler`"):
        sweep(plan(), store_of(tmp_path), scheduler="tcp://127.0.0.1:9")
