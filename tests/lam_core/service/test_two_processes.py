"""Two processes on one store: one computation for equal requests, whole results, no harm when one is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from lam_core.service.locks import Claims
from lam_core.service.service import Cancelled, Service
from lam_core.service.store import Store, key_of
from tests.lam_core.service.plain import Plain

ROOT = Path(__file__).parents[3]


def worker(store: Path, diary: Path, *arguments: str) -> subprocess.Popen:
    """A process that answers requests and writes a line into the diary for each one it computes."""
    command = [sys.executable, "-m", "tests.lam_core.service.plain", str(store), str(diary), *arguments]
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


def test_one_that_is_stopped_is_taken_over_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lam_core.service.locks.STALE_AFTER", 1.0)
    first = worker(tmp_path / "store", tmp_path / "diary", "answer", "7", "60")
    diary = tmp_path / "diary"
    while not diary.exists():
        time.sleep(0.02)
    first.send_signal(signal.SIGSTOP)
    time.sleep(1.5)
    service = Service(Store(tmp_path / "store"))
    assert np.array_equal(service.answer(Plain(7)).result, Plain(7).expected)
    first.send_signal(signal.SIGKILL)
    first.communicate()


def test_a_claim_that_is_renewed_is_not_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lam_core.service.locks.STALE_AFTER", 1.0)
    monkeypatch.setattr("lam_core.service.locks.RENEW_EVERY", 0.1)
    one, other = Claims(tmp_path), Claims(tmp_path)

    class Waits(Exception):
        pass

    def give_up() -> None:
        if time.monotonic() > until:
            raise Waits

    with one.claim("key", lambda: None):
        until = time.monotonic() + 2
        with pytest.raises(Waits), other.claim("key", give_up):
            pass
    assert not list(tmp_path.iterdir())


def test_a_service_that_stops_cancels_what_it_computes(tmp_path: Path) -> None:
    service = Service(Store(tmp_path))
    raised: list[BaseException] = []

    def compute() -> None:
        try:
            service.answer(Plain(7, seconds=0.5))
        except Cancelled as error:
            raised.append(error)

    thread = threading.Thread(target=compute)
    thread.start()
    time.sleep(0.1)
    service.stop(5)
    assert len(raised) == 1
    assert not list((tmp_path / "locks").iterdir())
    with pytest.raises(Cancelled):
        service.answer(Plain(8))
    thread.join()


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
