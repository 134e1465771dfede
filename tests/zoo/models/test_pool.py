"""One load for everybody, bounded memory, and nothing taken from a user."""

import gc
import threading
import time
from dataclasses import dataclass, field

import pytest
from torch import nn

from lam_core.model import SuperResolver
from zoo.models.pool import Pool, size

BYTES = 4 * (3 * 3 + 3)


@dataclass
class Counting:
    """A reference that counts how often its model is loaded."""

    fingerprint: str
    wait: float = 0.0
    fault: Exception | None = None
    loads: list[str] = field(default_factory=list)
    name: str = "toy"
    scale: int = 1

    def load(self, progress: object = None) -> SuperResolver:
        self.loads.append(threading.current_thread().name)
        time.sleep(self.wait)
        if self.fault:
            raise self.fault
        return SuperResolver(nn.Conv2d(3, 3, 1), 1, fingerprint=self.fingerprint)


def test_a_model_is_loaded_once():
    pool, reference = Pool(), Counting("a")
    assert pool.load(reference) is pool.load(reference)
    assert len(reference.loads) == 1
    assert pool.used == BYTES


def test_simultaneous_requests_share_one_load():
    pool, reference = Pool(), Counting("a", wait=0.05)
    found: list[SuperResolver] = []
    threads = [threading.Thread(target=lambda: found.append(pool.load(reference))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reference.loads) == 1
    assert len({id(model) for model in found}) == 1


def test_different_models_load_at_the_same_time():
    pool, barrier = Pool(), threading.Barrier(2, timeout=5)

    class Meeting(Counting):
        def load(self, progress: object = None) -> SuperResolver:
            barrier.wait()
            return super().load()

    threads = [threading.Thread(target=pool.load, args=(Meeting(name),)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "a" in pool
    assert "b" in pool


def test_the_model_used_longest_ago_goes_first():
    pool = Pool(limit=2 * BYTES)
    a, b, c = (Counting(name) for name in "abc")
    for reference in (a, b, a, c):
        pool.load(reference)
    gc.collect()
    assert [name in pool for name in "abc"] == [True, False, True]
    assert pool.used == 2 * BYTES


def test_a_model_in_use_is_not_freed_and_not_loaded_again():
    pool = Pool(limit=BYTES)
    a, b = Counting("a"), Counting("b")
    used = pool.load(a)
    pool.load(b)
    assert pool.used == BYTES
    assert pool.load(a) is used
    assert len(a.loads) == 1


def test_a_model_over_the_limit_is_kept_alone():
    pool = Pool(limit=1)
    model = pool.load(Counting("a"))
    assert pool.used == size(model) == BYTES


def test_a_failed_load_is_told_and_tried_again():
    pool, reference = Pool(), Counting("a", fault=OSError("disk"))
    with pytest.raises(OSError, match="disk"):
        pool.load(reference)
    reference.fault = None
    assert pool.load(reference).fingerprint == "a"


def test_models_are_kept_on_the_pools_device():
    pool, reference = Pool(device="meta"), Counting("a")
    assert pool.load(reference).device.type == "meta"
    assert pool.load(reference) is pool.load(reference)
    assert len(reference.loads) == 1


def test_a_pooled_reference_loads_from_the_pool():
    pool, reference = Pool(), Counting("a")
    pooled = pool.pooled(reference)
    assert (pooled.name, pooled.fingerprint, pooled.scale) == ("toy", "a", 1)
    assert pooled.load() is pool.load(reference)
