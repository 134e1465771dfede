"""Trains a recipe from a folder of pictures to a bundled network and its card."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import torch

from zoo.architectures import architecture
from zoo.training.card import write_network
from zoo.training.evaluation import Quality, mean_quality
from zoo.training.patches import TrainingDataError, TrainingSet
from zoo.training.recipe import Recipe
from zoo.training.trainer import Progress, train

HELD_OUT = 10
"""Pictures kept from training for the PSNR curve."""


def split(data: TrainingSet) -> tuple[TrainingSet, TrainingSet]:
    """Training pictures and `HELD_OUT` evenly spread ones that no step ever sees."""
    if len(data.hr) < 2 * HELD_OUT:
        raise TrainingDataError(f"only {len(data.hr)} pictures are large enough; give at least {2 * HELD_OUT}")
    kept = set(range(0, len(data.hr), len(data.hr) // HELD_OUT)[:HELD_OUT])

    def part(inside: bool) -> TrainingSet:
        chosen = [i for i in range(len(data.hr)) if (i in kept) is inside]
        hr, lr = tuple(data.hr[i] for i in chosen), tuple(data.lr[i] for i in chosen)
        return TrainingSet(hr, lr, data.scale, data.digest)

    return part(False), part(True)


def train_recipe(
    recipe: Recipe,
    *,
    data: Path,
    data_source: str,
    test_sets: Mapping[str, Path],
    minutes: float | None,
    states: Path,
    output: Path,
) -> Path:
    """Trains, tests on every set of `test_sets` (name to folder of HR pictures), writes weights and card."""
    scale = int(recipe.hyperparameters["scale"])
    pictures, held_out = split(TrainingSet.read(data, scale=scale, patch=recipe.patch))
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    states.mkdir(parents=True, exist_ok=True)
    output.mkdir(parents=True, exist_ok=True)

    def report(progress: Progress, loss: float) -> None:
        share, step, quality = progress.curve[-1]
        print(
            f"{recipe.id}: {share:5.0%}  step {step}  loss {loss:.5f}  {quality:.2f} dB",
            file=sys.stderr,
            flush=True,
        )

    trained = train(
        recipe,
        pictures,
        held_out,
        minutes=minutes,
        state_file=states / f"{recipe.id}.pt",
        device=device,
        report=report,
    )
    white = architecture(recipe.architecture).input_range(trained.network.state_dict())
    quality: dict[str, Quality] = {
        name: mean_quality(
            trained.network,
            TrainingSet.read(folder, scale=scale, patch=8),
            white=white,
            device=torch.device("cpu"),
        )
        for name, folder in test_sets.items()
    }
    return write_network(
        trained,
        recipe,
        folder=output,
        data_source=data_source,
        data_digest=pictures.digest,
        quality=quality,
    )
