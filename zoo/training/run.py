"""Trains a recipe from a folder of pictures to a bundled network and its card."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from zoo.training.adversary import Adversarial, Features
from zoo.training.card import write_network
from zoo.training.classification import Classification, Scenes
from zoo.training.evaluation import gradient_energy, mean_quality
from zoo.training.patches import TrainingDataError, TrainingSet, read_pictures
from zoo.training.recipe import Recipe, load_recipe
from zoo.training.task import Fidelity, Task
from zoo.training.trainer import Progress, Trained, train

COMPACT = Path(__file__).parents[1] / "compact"
"""Where the bundled networks lie."""
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
        return replace(data, hr=hr, lr=lr)

    return part(False), part(True).degraded_in_turn()


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
    """Trains, tests on every set of `test_sets` (name to folder of HR pictures), writes weights and card.

    Networks that a recipe builds on are looked for in `output`, then among the bundled ones. Raises a `LamError`
    for what cannot be trained.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    states.mkdir(parents=True, exist_ok=True)
    output.mkdir(parents=True, exist_ok=True)
    task, digest = _task(recipe, data, output, device)

    def report(progress: Progress, loss: float) -> None:
        share, step, figure = progress.curve[-1]
        line = f"{recipe.id}: {share:5.0%}  step {step}  loss {loss:.5f}  {figure:.2f} {task.unit}"
        print(line, file=sys.stderr, flush=True)

    trained = train(recipe, task, minutes=minutes, state_file=states / f"{recipe.id}.pt", device=device, report=report)
    figures = _figures(recipe, task, trained, test_sets)
    return write_network(
        trained, recipe, task, folder=output, data_source=data_source, data_digest=digest, figures=figures
    )


def _figures(recipe: Recipe, task: Task, trained: Trained, test_sets: Mapping[str, Path]) -> dict[str, str]:
    """What the card says of the quality: PSNR and SSIM on every test set, or accuracy."""
    if not isinstance(task, Fidelity):
        return {"accuracy": f"{trained.progress.curve[-1][2]:.1f}"}
    figures = {}
    upscale, cpu = task.upscale(trained.network), torch.device("cpu")
    for name, folder in test_sets.items():
        pictures = _pictures(recipe, folder, patch=8)
        quality = mean_quality(upscale, pictures, cpu)
        figures[name] = f"{{ psnr = {quality.psnr:.3f}, ssim = {quality.ssim:.4f}"
        if isinstance(task, Adversarial):
            sharper = gradient_energy(upscale, pictures, cpu) / gradient_energy(
                task.upscale(task.twin()), pictures, cpu
            )
            figures[name] += f", gradient_energy = {sharper:.2f}"
        figures[name] += " }"
    return figures


def _pictures(recipe: Recipe, folder: Path, *, patch: int) -> TrainingSet:
    scale = int(recipe.hyperparameters["scale"])
    return TrainingSet.read(
        folder,
        scale=scale,
        patch=patch,
        reduced=recipe.reduced,
        degradation=recipe.degradation,
        drawn=recipe.drawn,
    )


def _task(recipe: Recipe, data: Path, output: Path, device: torch.device) -> tuple[Task, str]:
    """What a recipe trains for, and the digest of its pictures."""
    if recipe.objective == "classification":
        classes = int(recipe.hyperparameters["classes"])
        scenes = Scenes(tuple(read_pictures(data)), classes=classes, crop=recipe.patch)
        return Classification(recipe, scenes, device), scenes.digest
    pictures, held_out = split(_pictures(recipe, data, patch=recipe.patch))
    if recipe.objective == "fidelity":
        start = _weights(recipe.start, output) if recipe.start else None
        return Fidelity(recipe, pictures, held_out, device, start=start), pictures.digest
    features = None
    if recipe.features:
        classifier = load_recipe(recipe.features)
        features = Features(_weights(recipe.features, output), **classifier.hyperparameters).to(device)
    task = Adversarial(recipe, pictures, held_out, device, start=_weights(recipe.start, output), features=features)
    return task, pictures.digest


def _weights(network: str, folder: Path) -> dict[str, Tensor]:
    for path in (folder / f"{network}.safetensors", COMPACT / f"{network}.safetensors"):
        if path.is_file():
            return load_file(path)
    raise TrainingDataError(f"{network}.safetensors is not in {folder}; run `lam train {network}` first")
