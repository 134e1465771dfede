"""Training a small classifier: which of several scenes does a crop come from?

Its features are the contrast to those of super-resolution networks, and the perceptual loss of this project's GANs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lam_core.images import Pixels
from zoo.architectures.resnet import ResNet18
from zoo.training.patches import TrainingDataError, digest
from zoo.training.recipe import Recipe

BAND = 160
"""Period in pixels of the vertical bands into which a scene is cut: some for training, the others held out."""


class Scenes:
    """Pictures cut into bands: crops for training lie in the first part of every band, held-out ones in the rest."""

    def __init__(self, pictures: tuple[Pixels, ...], *, classes: int, crop: int) -> None:
        """The first `classes` evenly spread pictures of at least two bands. Raises `TrainingDataError`."""
        large = [p for p in pictures if p.shape[1] >= 2 * BAND and p.shape[0] >= crop]
        if len(large) < classes:
            raise TrainingDataError(
                f"only {len(large)} pictures are at least {2 * BAND} pixels wide; the classifier needs {classes}"
            )
        self.pictures = tuple(large[i * len(large) // classes] for i in range(classes))
        self.crop = crop
        self.digest = digest(self.pictures)

    def places(self, label: int, *, held_out: bool) -> list[int]:
        """Left edges of a scene's crops, none of which reaches into the other part."""
        width, start = self.pictures[label].shape[1], BAND - self.crop
        lefts = range(width - self.crop + 1)
        if held_out:
            return [x for x in lefts if x % BAND == start]
        return [x for x in lefts if x % BAND <= start - self.crop]

    def batch(self, random: np.random.Generator, size: int) -> tuple[Tensor, Tensor]:
        """Crops for training [B, 3, crop, crop] in [0, 1], mirrored at random, and their labels [B]."""
        labels = random.integers(0, len(self.pictures), size)
        crops = []
        for label in labels:
            x = int(random.choice(self.places(int(label), held_out=False)))
            y = int(random.integers(0, self.pictures[label].shape[0] - self.crop + 1))
            crop = self.pictures[label][y : y + self.crop, x : x + self.crop]
            crops.append(crop[:, ::-1] if random.integers(2) else crop)
        return _tensor(crops), torch.from_numpy(labels)

    def held_out(self) -> tuple[Tensor, Tensor]:
        """Crops that no step sees, side by side in the rest of the bands, and their labels."""
        crops, labels = [], []
        for label, picture in enumerate(self.pictures):
            for x in self.places(label, held_out=True):
                for y in range(0, picture.shape[0] - self.crop + 1, self.crop):
                    crops.append(picture[y : y + self.crop, x : x + self.crop])
                    labels.append(label)
        return _tensor(crops), torch.tensor(labels)


def _tensor(crops: list[Pixels]) -> Tensor:
    stacked = np.stack([np.ascontiguousarray(crop.transpose(2, 0, 1)) for crop in crops])
    return torch.from_numpy(stacked).float() / 255


class Classification:
    """Cross-entropy over scenes; judged by the share of held-out crops that are put to the right scene."""

    loss_name = "cross-entropy over scenes"
    unit = "%"

    def __init__(self, recipe: Recipe, scenes: Scenes, device: torch.device) -> None:
        self.recipe, self.scenes, self.device = recipe, scenes, device

    def build(self) -> nn.Module:
        return ResNet18(**self.recipe.hyperparameters)

    def loss(self, network: nn.Module, random: np.random.Generator) -> Tensor:
        crops, labels = self.scenes.batch(random, self.recipe.batch)
        crops = crops.to(self.device, memory_format=torch.channels_last)
        with torch.autocast("cuda", torch.bfloat16, enabled=self.device.type == "cuda"):
            scores = network(crops)
        return F.cross_entropy(scores.float(), labels.to(self.device))

    @torch.no_grad()
    def measure(self, network: nn.Module) -> float:
        """Per cent."""
        crops, labels = self.scenes.held_out()
        right = sum(
            int((network(part.to(self.device)).argmax(1).cpu() == wanted).sum())
            for part, wanted in zip(crops.split(64), labels.split(64), strict=True)
        )
        return 100 * right / len(labels)

    def state(self) -> dict[str, Any]:
        return {}

    def load(self, state: dict[str, Any]) -> None:
        pass
