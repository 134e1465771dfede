"""Trains one recipe: resumable at any point, on a GPU or on a few CPU cores, over its steps or within a given time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from lam_core.errors import LamError
from zoo.training.optimisers import optimisers
from zoo.training.recipe import Recipe
from zoo.training.task import Task

WARM_UP = 0.02
"""Share of the schedule in which the learning rate rises to its peak."""
EVALUATIONS = 25
"""Points of the PSNR curve."""
SAVE_EVERY = 60.0
"""Seconds between two saved states: the most that a kill can cost."""
FLAT = 0.02
"""A curve that gained less than this (dB, or per cent of crops) over the last fifth of the schedule is called flat."""


class UnfinishedRunError(LamError):
    """A saved state of a run with another recipe or another budget."""


@dataclass
class Progress:
    """What a run has done so far; saved with the weights, so that a killed run goes on where it was."""

    step: int = 0
    seconds: float = 0.0
    """Wall time."""
    cpu_seconds: float = 0.0
    """Time of the process on all its CPU threads; other work on the machine does not lengthen it."""
    curve: list[tuple[float, int, float]] = field(default_factory=list)
    """(share of the schedule, steps, the task's figure on held-out data)."""

    def gain_over_last_fifth(self) -> float:
        """How much the curve rose after four fifths of the schedule; NaN before there is such a point."""
        earlier = [figure for share, _, figure in self.curve if share <= 0.8]
        return self.curve[-1][2] - earlier[-1] if earlier else math.nan


@dataclass(frozen=True)
class Trained:
    """A finished training: averaged weights on the CPU and the story of how they came about."""

    network: nn.Module
    progress: Progress
    stop_reason: str
    hardware: str


def learning_rate(share: float, peak: float) -> float:
    """A short linear rise, then a cosine down to a hundredth of `peak`.

    >>> learning_rate(0.02, 1.0), round(learning_rate(1.0, 1.0), 3)
    (1.0, 0.01)
    """
    if share < WARM_UP:
        return peak * max(share, 1e-3) / WARM_UP
    return peak * (0.505 + 0.495 * math.cos(math.pi * (share - WARM_UP) / (1 - WARM_UP)))


def moving_average(averages: Sequence[Tensor], current: Sequence[Tensor], updates: Tensor | int) -> None:
    """Exponential moving average over about a thousand steps, over fewer at the start; counters are copied."""
    decay = min(0.999, (1 + float(updates)) / (10 + float(updates)))
    for average, value in zip(averages, current, strict=True):
        if average.is_floating_point():
            average.lerp_(value, 1 - decay)
        else:
            average.copy_(value)


def describe_hardware(device: torch.device) -> str:
    """A few words for the card: the GPU's name, or the number of CPU threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {torch.get_num_threads()} thread(s)"


def train(
    recipe: Recipe,
    task: Task,
    *,
    minutes: float | None = None,
    state_file: Path,
    device: torch.device,
    report: Callable[[Progress, float], None],
) -> Trained:
    """Trains over the recipe's steps, or over `minutes` of wall time with the schedule stretched to fit.

    Goes on from `state_file` where there is one; raises `UnfinishedRunError` if that run's recipe or budget was
    another, for the learning rate would jump. `report(progress, loss)` is called at every point of the curve.
    """
    torch.manual_seed(recipe.seed)
    network = task.build().to(device)
    network = network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    average = torch.optim.swa_utils.AveragedModel(network, multi_avg_fn=moving_average, use_buffers=True)
    weights = [p for p in network.parameters() if p.requires_grad]
    moving = optimisers(network, recipe.optimiser, recipe.learning_rate)
    progress = Progress()
    schedule = {"recipe": recipe.digest, "minutes": minutes}
    if state_file.is_file():
        saved = torch.load(state_file, map_location=device, weights_only=True)
        if saved["schedule"] != schedule:
            raise UnfinishedRunError(
                f"{state_file} holds a run of another recipe or budget ({saved['schedule']['minutes']} minutes); "
                "go on with that one, or remove the file to start again"
            )
        network.load_state_dict(saved["network"])
        average.load_state_dict(saved["average"])
        for optimiser, state in zip(moving, saved["optimisers"], strict=True):
            optimiser.load_state_dict(state)
        task.load(saved["task"])
        progress = Progress(
            saved["step"], saved["seconds"], saved["cpu_seconds"], [tuple(point) for point in saved["curve"]]
        )

    def save() -> None:
        state = {
            "schedule": schedule,
            "network": network.state_dict(),
            "average": average.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in moving],
            "task": task.state(),
            "step": progress.step,
            "seconds": progress.seconds,
            "cpu_seconds": progress.cpu_seconds,
            "curve": [list(point) for point in progress.curve],
        }
        partial = state_file.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(state_file)

    def share() -> float:
        return progress.step / recipe.steps if minutes is None else progress.seconds / (minutes * 60)

    wall, cpu = time.monotonic() - progress.seconds, time.process_time() - progress.cpu_seconds
    saved_at = time.monotonic()
    while share() < 1:
        for group in (group for optimiser in moving for group in optimiser.param_groups):
            group["lr"] = learning_rate(share(), group["peak"])
        # Seeded by the step: a resumed run sees the patches that it would have seen unbroken.
        loss = task.loss(network, np.random.default_rng((recipe.seed, progress.step)))
        network.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        for optimiser in moving:
            optimiser.step()
        average.update_parameters(network)
        progress.step += 1
        progress.seconds, progress.cpu_seconds = time.monotonic() - wall, time.process_time() - cpu
        if share() >= (len(progress.curve) + 1) / EVALUATIONS:
            progress.curve.append((share(), progress.step, task.measure(average.module.eval())))
            report(progress, loss.item())
        if time.monotonic() - saved_at > SAVE_EVERY:
            save()
            saved_at = time.monotonic()
    save()
    gain = progress.gain_over_last_fifth()
    flat = "flat" if gain < FLAT else "still rising"
    return Trained(
        average.module.cpu().eval(),
        progress,
        f"end of schedule; the curve was {flat} ({gain:+.3f} {task.unit} over the last fifth)",
        describe_hardware(device),
    )
