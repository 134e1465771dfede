"""A run goes on after a kill as if it had never been stopped, and says what it did."""

import dataclasses
import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from zoo.training import trainer
from zoo.training.recipe import Recipe
from zoo.training.trainer import Progress, UnfinishedRunError, learning_rate, moving_average, train

RECIPE = Recipe("toy", "edsr", {}, weight=1, steps=50, learning_rate=1e-2)


class Killed(Exception):
    """In place of a signal."""


class Line:
    """Learns y = 2x by a network with a batch normalisation, whose buffers must survive too."""

    loss_name, unit = "squared error", "dB"

    def __init__(self, dies_at: int | None = None) -> None:
        self.dies_at = dies_at
        self.drawn = 0

    def build(self) -> nn.Module:
        return nn.Sequential(nn.Conv2d(1, 4, 1), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 1), nn.Conv2d(4, 1, 1))

    def loss(self, network: nn.Module, random: np.random.Generator) -> torch.Tensor:
        if self.drawn == self.dies_at:
            raise Killed
        self.drawn += 1
        x = torch.from_numpy(random.random((4, 1, 2, 2))).float()
        return F.mse_loss(network(x), 2 * x)

    def measure(self, network: nn.Module) -> float:
        return float(self.drawn)

    def state(self) -> dict[str, int]:
        return {"drawn": self.drawn}

    def load(self, state: dict[str, int]) -> None:
        self.drawn = state["drawn"]


def run(state_file, task, recipe=RECIPE, minutes=None):
    said: list[int] = []
    trained = train(
        recipe,
        task,
        minutes=minutes,
        state_file=state_file,
        device=torch.device("cpu"),
        report=lambda progress, loss: said.append(progress.step),
    )
    return trained, said


def test_a_killed_run_ends_as_an_unbroken_one(tmp_path, monkeypatch):
    unbroken, said = run(tmp_path / "a.pt", Line())
    assert said == list(range(2, 51, 2))
    monkeypatch.setattr(trainer, "SAVE_EVERY", 0.0)
    for step in (1, 7, 30):
        with pytest.raises(Killed):
            run(tmp_path / "b.pt", Line(dies_at=step))
        # A kill in the middle of saving leaves this behind; the state before it still counts.
        (tmp_path / "b.partial").write_bytes(b"half")
    again, _ = run(tmp_path / "b.pt", Line())
    for mine, theirs in zip(again.network.state_dict().values(), unbroken.network.state_dict().values(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=0)
    assert again.progress.step == unbroken.progress.step == 50
    assert [point[1:] for point in again.progress.curve] == [point[1:] for point in unbroken.progress.curve]
    assert "CPU" in again.hardware


def test_a_finished_run_is_not_trained_further(tmp_path):
    first, _ = run(tmp_path / "a.pt", Line())
    second, said = run(tmp_path / "a.pt", Line())
    assert said == []
    assert second.progress.step == first.progress.step


def test_another_budget_or_recipe_does_not_go_on_with_a_run(tmp_path):
    run(tmp_path / "a.pt", Line())
    with pytest.raises(UnfinishedRunError, match=r"a\.pt"):
        run(tmp_path / "a.pt", Line(), minutes=1.0)
    with pytest.raises(UnfinishedRunError, match="remove the file"):
        run(tmp_path / "a.pt", Line(), recipe=dataclasses.replace(RECIPE, learning_rate=2e-2))
    # A share of time is nothing that a run depends on.
    run(tmp_path / "a.pt", Line(), recipe=dataclasses.replace(RECIPE, weight=2))


def test_a_time_stretches_the_schedule(tmp_path, monkeypatch):
    clock = iter(range(10_000))
    monkeypatch.setattr(trainer.time, "monotonic", lambda: float(next(clock)))
    trained, _ = run(tmp_path / "a.pt", Line(), minutes=5.0)
    assert 60 < trained.progress.step < 300
    assert trained.progress.seconds >= 300
    assert trained.progress.curve[-1][0] >= 1


def test_statistics_are_averaged_like_the_weights_that_they_belong_to():
    network, average = nn.BatchNorm1d(1), nn.BatchNorm1d(1)
    network.running_mean.fill_(1.0)
    network.num_batches_tracked.fill_(7)
    moving_average(list(average.buffers()), list(network.buffers()), 0)
    assert average.running_mean.item() == pytest.approx(0.9)
    assert average.num_batches_tracked.item() == 7


def test_the_learning_rate_rises_and_falls():
    rates = [learning_rate(share, 1.0) for share in np.linspace(0, 1, 101)]
    assert max(rates) == rates[2] == 1.0
    assert rates[0] < 0.1
    assert all(a > b for a, b in pairwise(rates[2:]))


def test_flat_is_measured_over_the_last_fifth():
    curve = [(0.76, 19, 30.0), (0.8, 20, 30.2), (1.0, 25, 30.25)]
    assert Progress(25, curve=curve).gain_over_last_fifth() == pytest.approx(0.05)
    assert math.isnan(Progress(25, curve=curve[2:]).gain_over_last_fifth())
