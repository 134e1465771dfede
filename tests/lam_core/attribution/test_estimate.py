"""What a run takes is told before it starts; without memory there is a sentence."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lam_core import AttributionSettings, Region, SuperResolver, attribute
from lam_core.attribution import estimate as estimates
from lam_core.attribution.attribute import Progress
from lam_core.attribution.cone import cone
from lam_core.attribution.estimate import KEPT, Estimate, estimate_of
from lam_core.device import OutOfMemoryError

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 44, 3), dtype=np.uint8)
FEW = AttributionSettings(nodes=5, field="full")


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 3, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


class Branching(Plain):
    """Its path depends on values, so that there is no plan of it."""

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x) if x.mean() < 1e9 else x


class Broken(Plain):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def forward(self, x: Tensor) -> Tensor:
        raise self.error


def view(network: nn.Module, side: int = 64):
    return cone(SuperResolver(network, 1), side, side, (20, 30), (20, 30))


def test_memory_of_a_planned_run_is_that_of_all_layers() -> None:
    found = estimate_of(view(Plain()), passes=10)
    assert found is not None
    layers = (8 + 8 + 3) * 64 * 64
    # Scaling and shifting of the picture's range adds layers of three channels.
    assert KEPT * 4 * layers <= found.memory <= KEPT * 4 * (layers + 12 * 64 * 64)


def test_time_grows_with_passes_and_with_the_area() -> None:
    def seconds(side: int, passes: int) -> float:
        found = estimate_of(cone(SuperResolver(Plain(), 1), side, side, (0, side), (0, side)), passes)
        assert found is not None
        return found.seconds

    assert seconds(64, 99) == pytest.approx(50 * seconds(64, 1), rel=0.01)  # and one pass to check the plan
    assert seconds(128, 10) == pytest.approx(4 * seconds(64, 10), rel=0.01)


def test_a_network_without_a_plan_is_measured_on_small_pictures() -> None:
    small, large = (estimate_of(view(Branching(), side), passes=1) for side in (64, 256))
    assert small is not None
    assert large is not None
    assert large.memory == pytest.approx(16 * small.memory, rel=0.01)
    # The inputs of both convolutions and the result of the ReLU, which is one of them.
    assert KEPT * 4 * 8 * 64**2 <= small.memory <= KEPT * 4 * (3 + 8 + 8 + 3) * 64**2
    assert min(large.seconds, small.seconds) > 0


def test_what_cannot_be_told_is_not() -> None:
    assert estimate_of(view(Branching(), 32), passes=1) is None
    assert estimate_of(view(Broken(ValueError("no"))), passes=1) is None


def test_a_large_run_is_announced_before_its_first_node(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Progress] = []
    attribute(SuperResolver(Plain(), 1), IMAGE, Region(10, 10, 8), FEW, on_progress=heard.append)
    assert not [progress for progress in heard if progress.estimate]
    monkeypatch.setattr(estimates, "LARGE_SECONDS", 0.0)
    heard.clear()
    attribute(SuperResolver(Plain(), 1), IMAGE, Region(10, 10, 8), FEW, on_progress=heard.append)
    assert [progress.nodes for progress in heard] == [0, 5]
    assert heard[0].estimate
    assert heard[0].signed.shape == (3, 40, 44)
    assert not heard[1].estimate


def test_a_large_run_can_be_given_up_before_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimates, "LARGE_MEMORY", 0)

    def give_up(progress: Progress) -> None:
        assert progress.estimate
        raise KeyboardInterrupt(progress.estimate.sentence)

    with pytest.raises(KeyboardInterrupt, match="of memory"):
        attribute(SuperResolver(Plain(), 1), IMAGE, Region(10, 10, 8), FEW, on_progress=give_up)


@pytest.mark.parametrize(
    ("seconds", "memory", "words"),
    [
        (0.2, 300_000, "up to about 1 s and 1 MB of memory"),
        (89, 12_600_000, "up to about 89 s and 13 MB of memory"),
        (250, 3_400_000_000, "up to about 4 minutes and 3.4 GB of memory"),
        (7300, 12_000_000_000, "up to about 2 hours and 12.0 GB of memory"),
    ],
)
def test_words(seconds: float, memory: int, words: str) -> None:
    assert Estimate(seconds, memory).sentence == words
    assert Estimate(seconds, memory).is_large == (seconds > 60)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("std::bad_alloc"),
        RuntimeError("std::bad_alloc"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried"
        ),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 17179869184 bytes."),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        np._core._exceptions._ArrayMemoryError((10**9,), np.dtype("f8")),  # pyright: ignore
    ],
    ids=lambda error: str(error)[:20],
)
@pytest.mark.parametrize("rule", ["default", "reference"])
def test_every_lack_of_memory_is_one_sentence(error: Exception, rule) -> None:
    settings = AttributionSettings(rule=rule, nodes=5)
    with pytest.raises(OutOfMemoryError, match=r"^the computation needs more memory than 'cpu' has free; choose a "):
        attribute(SuperResolver(Broken(error), 1), IMAGE, Region(10, 10, 8), settings)
