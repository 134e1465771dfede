"""Writes a trained network beside the card that says where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path

from safetensors.torch import save_file

from zoo.training.recipe import Recipe
from zoo.training.task import Task
from zoo.training.trainer import Trained

MEANINGS = {
    "psnr": "PSNR in dB and SSIM: luma, borders of one scale shaved, LR by Pillow's bicubic.",
    "accuracy": "Accuracy: per cent of held-out crops.",
    "gradient_energy": "Gradient energy: times that of the network from which the training began.",
}
"""What the figures of a card are."""


def write_network(
    trained: Trained,
    recipe: Recipe,
    task: Task,
    *,
    folder: Path,
    data_source: str,
    data_digest: str,
    figures: Mapping[str, str],
) -> Path:
    """Writes `<id>.safetensors` and `<id>.toml` (the card) into `folder`; returns the weights' path.

    `figures` are measured ones, by name, as TOML writes them.
    """
    weights = folder / f"{recipe.id}.safetensors"
    state = {key: value.contiguous() for key, value in trained.network.state_dict().items()}
    save_file(state, weights)
    progress = trained.progress
    parameters = sum(p.numel() for p in trained.network.parameters() if p.requires_grad)
    lines = [
        "# Written by `lam train`: how this network came about and what it reaches.",
        f'architecture = "{recipe.architecture}"',
        f"parameters = {parameters}",
        f'sha256 = "{sha256(weights.read_bytes()).hexdigest()}"',
        "",
        "[training]",
        f'date = "{date.today().isoformat()}"',
        f'data = "{data_source}"',
        f'data_sha256 = "{data_digest}"',
        f'loss = "{task.loss_name}"',
        f'start = "{recipe.start or ("bilinear interpolation" if recipe.interpolation else "random weights")}"',
        f'degradation = "{", ".join(recipe.drawn) or recipe.degradation}"',
        f"reduced = {recipe.reduced}",
        f"steps = {progress.step}",
        f"batch = {recipe.batch}",
        f"patch = {recipe.patch}",
        f'optimiser = "{recipe.optimiser}"',
        f"learning_rate = {recipe.learning_rate}",
        f"seed = {recipe.seed}",
        f"minutes = {progress.seconds / 60:.1f}",
        f"cpu_minutes = {progress.cpu_seconds / 60:.1f}",
        f'hardware = "{trained.hardware}"',
        f'stop_reason = "{trained.stop_reason}"',
        f"# On held-out data, in {task.unit}, at equal shares of the schedule.",
        "curve = [" + ", ".join(f"{figure:.2f}" for _, _, figure in progress.curve) + "]",
        "",
        *(f"# {meaning}" for key, meaning in MEANINGS.items() if any(key in f"{k} {v}" for k, v in figures.items())),
        "[quality]",
        *(f"{name} = {figure}" for name, figure in figures.items()),
    ]
    weights.with_suffix(".toml").write_text("\n".join(lines) + "\n")
    return weights
