"""One computation per request, turns in order, nothing lost when someone leaves or the disk fails."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from lam_core import AttributionSettings, Region, SuperResolver
from lam_core.attribution.request import AttributionRequest
from lam_core.device import OutOfMemoryError
from lam_core.reference import Fetching
from lam_core.service.owner import Owner
from lam_core.service.service import Cancelled, Service, Status, TooLongError
from lam_core.service.store import Store, key_of

LR = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)


class Slow(nn.Module):
    """Nearest-neighbour enlargement that counts its calls and takes its time."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__()
        self.calls, self.seconds = 0, seconds

    def forward(self, x):
        self.calls += 1
        time.sleep(self.seconds)
        return nn.functional.interpolate(x, scale_factor=2)


class Reference:
    """A model that counts how often it is loaded."""

    name, fingerprint, scale = "slow", "f" * 64, 2

    def __init__(self, seconds: float = 0.0) -> None:
        self.network, self.loads = Slow(seconds), 0

    def load(self, progress: object = None) -> SuperResolver:
        self.loads += 1
        return SuperResolver(self.network, 2, name=self.name, fingerprint=self.fingerprint)


def request(model: Reference, x: int = 8) -> AttributionRequest:
    return AttributionRequest(model, LR, Region(x, 8, 4), AttributionSettings(nodes=9))


def test_the_second_time_comes_from_the_store(tmp_path: Path) -> None:
    model = Reference()
    first = Service(Store(tmp_path)).answer(request(model))
    second = Service(Store(tmp_path)).answer(request(model))
    assert (first.from_store, second.from_store, model.loads) == (False, True, 1)
    np.testing.assert_array_equal(first.result.signed, second.result.signed)
    assert first.result.summary() == second.result.summary()


def test_one_who_waits_for_weights_hears_of_them_and_may_give_up() -> None:
    class Fetched(Reference):
        def load(self, progress: Fetching | None = None) -> SuperResolver:
            assert progress is not None
            progress(1_000_000, 4_000_000)
            progress(4_000_000, 4_000_000)
            return super().load()

    heard: list[tuple[int, int | None] | None] = []
    Service(None).answer(request(Fetched()), lambda status: heard.append(status.fetched))
    assert heard[:3] == [None, (1_000_000, 4_000_000), (4_000_000, 4_000_000)]

    def leave(status: Status) -> None:
        if status.fetched:
            raise Cancelled

    model = Fetched()
    with pytest.raises(Cancelled):
        Service(None).answer(request(model), leave)
    assert model.loads == 0


def test_a_damaged_result_is_computed_again(tmp_path: Path) -> None:
    model = Reference()
    Service(Store(tmp_path)).answer(request(model))
    path = Store(tmp_path).path(key_of(request(model).identity("cpu")))
    path.write_bytes(path.read_bytes()[:-9])
    assert not Service(Store(tmp_path)).answer(request(model)).from_store
    assert model.loads == 2


def test_without_a_writable_store_the_result_is_still_there(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    service, model = Service(Store(tmp_path / "file" / "store")), Reference()
    answer = service.answer(request(model))
    assert "shown all the same" in answer.note
    assert service.find(request(model)) is not None
    assert model.loads == 1


def test_equal_requests_at_once_are_computed_once(tmp_path: Path) -> None:
    service, model = Service(Store(tmp_path)), Reference(0.02)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(service.answer(request(model)))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.from_store for answer in answers) == [False] + [True] * 5
    assert model.loads == 1


def test_one_who_leaves_does_not_take_the_others_along(tmp_path: Path) -> None:
    service, model = Service(Store(tmp_path)), Reference(0.05)
    started, answers = threading.Event(), []

    def leave(status: Status) -> None:
        if status.stage == "work":
            started.set()
            raise Cancelled

    def impatient() -> None:
        with pytest.raises(Cancelled):
            service.answer(request(model), leave)

    first = threading.Thread(target=impatient)
    first.start()
    time.sleep(0.1)
    second = threading.Thread(target=lambda: answers.append(service.answer(request(model))))
    second.start()
    first.join()
    second.join()
    assert started.is_set()
    assert not answers[0].from_store
    assert len(service.turnstile) == 0


def test_a_request_knows_all_it_depends_on() -> None:
    model = Reference()
    base = key_of(request(model).identity("cpu"))
    other = AttributionRequest(model, LR, Region(8, 8, 4), AttributionSettings(nodes=10))
    darker = AttributionRequest(model, LR // 2, Region(8, 8, 4), AttributionSettings(nodes=9))
    keys = {
        base,
        key_of(request(model, x=9).identity("cpu")),
        key_of(request(model).identity("cuda")),
        key_of(other.identity("cpu")),
        key_of(darker.identity("cpu")),
    }
    assert len(keys) == 5
    assert key_of(request(Reference()).identity("cpu")) == base


def test_nobody_holds_the_device_for_ever(tmp_path: Path) -> None:
    service = Service(Store(tmp_path), seconds=0.05)
    with pytest.raises(TooLongError, match=r"0\.05 s.*fewer nodes"):
        service.answer(request(Reference(0.1)))
    assert len(service.turnstile) == 0


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"),
    ],
)
def test_memory_that_runs_out_is_said_with_the_remedy(error: Exception) -> None:
    class Greedy(Reference):
        def load(self, progress: object = None) -> SuperResolver:
            raise error

    service = Service(None)
    with pytest.raises(OutOfMemoryError, match="smaller field"):
        service.answer(request(Greedy()))
    assert len(service.turnstile) == 0


def test_one_who_lets_others_go_first_is_told_where_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lam_core.service.device_queue.TURN", 0.0)
    service, begun, paused = Service(None), threading.Event(), []

    def hear(status: Status) -> None:
        if status.stage == "work":
            begun.set()
            while len(service.turnstile) < 2 and not paused:
                time.sleep(0.01)
        elif status.stage == "queue" and status.progress is not None:
            paused.append((status.ahead, status.progress.nodes))

    first = threading.Thread(target=lambda: service.answer(request(Reference()), hear))
    first.start()
    begun.wait(5)
    service.answer(request(Reference(0.02), x=9))
    first.join()
    ahead, nodes = paused[0]
    assert ahead == 1
    assert nodes >= 1


def test_what_is_ones_own_is_found_by_its_owner_alone(tmp_path: Path) -> None:
    service, model = Service(Store(tmp_path)), Reference()
    mine, theirs = Owner(), Owner()
    first = service.of(mine, private=True).answer(request(model))
    assert not first.from_store
    assert service.of(mine, private=True).find(request(model)) is not None
    assert service.of(theirs, private=True).find(request(model)) is None
    assert service.of(theirs, private=False).find(request(model)) is None
    assert service.find(request(model)) is None
    assert Service(Store(tmp_path)).find(request(model)) is None
    assert not service.of(theirs, private=True).answer(request(model)).from_store
    kept = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*.npz")}
    assert kept == {"private"}


def test_what_is_ones_own_can_be_deleted_and_stays_so(tmp_path: Path) -> None:
    service, model, owner = Service(Store(tmp_path)), Reference(), Owner()
    mine = service.of(owner, private=True)
    mine.answer(request(model))
    service.forget(owner)
    assert mine.find(request(model)) is None
    assert not list(tmp_path.rglob("*.npz"))
    mine.answer(request(model))
    assert not list(tmp_path.rglob("*.npz")), "what was under way when they left is not kept either"


def test_what_is_in_use_does_not_expire_by_the_time_of_its_file(tmp_path: Path) -> None:
    model, store = Reference(), Store(tmp_path)
    service = Service(store).of(Owner(), private=True)
    service.answer(request(model))
    (kept,) = tmp_path.glob("private/*/*.npz")
    os.utime(kept, (0, 0))
    assert service.find(request(model)) is not None
    service.expire(3600)
    assert kept.exists()


def test_what_is_ones_own_expires_on_disk_and_in_memory(tmp_path: Path) -> None:
    service, model, owner = Service(Store(tmp_path)), Reference(), Owner()
    service.answer(request(model, x=9))
    service.of(owner, private=True).answer(request(model))
    service.expire(3600)
    assert service.of(owner, private=True).find(request(model)) is not None
    time.sleep(0.02)
    service.expire(0.01)
    assert service.of(owner, private=True).find(request(model)) is None
    assert service.find(request(model, x=9)) is not None, "what is everybody's stays"
    assert not list((tmp_path / "private").iterdir())


def test_a_log_line_says_what_was_asked_and_what_became_of_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="lam")
    service = Service(Store(tmp_path))
    for _ in range(2):
        service.of(Owner(), private=False).answer(request(Reference()))
    lines = [record.fields for record in caplog.records]  # pyright: ignore[reportAttributeAccessIssue]
    assert [line["store"] for line in lines] == ["miss", "hit"]
    assert [set(line) - {"waited"} for line in lines] == [{"model", "request", "seconds", "store"}] * 2


def test_finding_a_stored_result_loads_no_torch(tmp_path: Path) -> None:
    Service(Store(tmp_path)).answer(request(Reference()))
    code = f"""
import sys
import numpy as np
from types import SimpleNamespace
from lam_core import AttributionSettings, Region
from lam_core.attribution.request import AttributionRequest
from lam_core.service.service import Service
from lam_core.service.store import Store
lr = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
model = SimpleNamespace(name="slow", fingerprint="f" * 64, scale=2)
found = Service(Store({str(tmp_path)!r})).find(
    AttributionRequest(model, lr, Region(8, 8, 4), AttributionSettings(nodes=9))
)
assert found is not None
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])
