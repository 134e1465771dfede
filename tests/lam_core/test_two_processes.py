"""Two processes on one store: one computation for equal requests, whole results, no harm when one is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from lam_core.service.locks import Claims
from lam_core.service.service import Service
from lam_core.service.store import Store, key_of
from tests.lam_core.plain import Plain

ROOT = Path(__file__).parents[2]


def worker(store: Path, diary: Path, *arguments: str) -> subprocess.Popen:
    """A process that answers requests and writes a line into the diary for each one it computes."""
    command = [sys.executable, "-m", "tests.lam_core.plain", str(store), str(diary), *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_equal_requests_of_two_processes_are_computed_once(tmp_path: Path) -> None:
    workers = [worker(tmp_path / "store", tmp_path / "diary", "answer", "7", "1.0") for _ in range(3)]
    answers = [process.communicate(timeout=60)[0] for process in workers]
    assert answers == [f"{Plain(7).expected.sum()}\n"] * 3
    assert (tmp_path / "diary").read_text().split() == ["7"]
    assert not list((tmp_path / "store" / "locks").iterdir())


def test_one_that_is_killed_is_taken_over_from(tmp_path: Path) -> None:
    first = worker(tmp_path / "store", tmp_path / "diary", "answer", "7", "60")
    diary = tmp_path / "diary"
    while not diary.exists():
        time.sleep(0.02)
    second = worker(tmp_path / "store", diary, "answer", "7", "0")
    time.sleep(0.5)
    assert second.poll() is None, "it waits for the first"
    first.send_signal(signal.SIGKILL)
    assert second.communicate(timeout=60)[0] == f"{Plain(7).expected.sum()}\n"
    assert diary.read_text().split() == ["7", "7"]
    first.communicate()


def test_killed_at_any_moment_of_writing_no_wrong_result_is_ever_found(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    store = tmp_path / "store"
    process = worker(store, tmp_path / "diary", "write")
    for _ in range(12):
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(float(random.uniform(0, 0.1)))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process = worker(store, tmp_path / "diary", "write")
        check_all(store)
    process.send_signal(signal.SIGKILL)
    process.wait()
    service = Service(Store(store))
    assert any(service.find(Plain(seed)) is not None for seed in range(40))
    for path in store.rglob("*.partial"):
        os.utime(path, (1, 1))
    service.expire(1e9)
    assert not list(store.rglob("*.partial"))


def check_all(store: Path) -> None:
    """Whatever is found is what a single process would have computed."""
    service = Service(Store(store))
    for seed in range(40):
        found = service.find(Plain(seed))
        assert found is None or np.array_equal(found, Plain(seed).expected)


def test_where_nothing_can_be_locked_work_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with Claims(tmp_path / "file" / "locks").claim(key_of({"a": 1}), lambda: None):
        pass
