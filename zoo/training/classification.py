"""Training a small classifier: it tells which of several scenes a crop comes from.

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

BAND = 2.5
"""Period of the vertical bands into which a scene is cut, in sides of a crop: a band ends in one crop that is held out,
all before it is for training."""
ZOOM = (0.7, 1.5)
"""Sides of what is cut out for training, in sides of a crop, to which it is then resized."""


class Scenes:
    """Pictures cut into bands: crops for training lie in the first part of every band, held-out ones in the rest."""

    def __init__(self, pictures: tuple[Pixels, ...], *, classes: int, crop: int) -> None:
        """The first `classes` evenly spread pictures of at least two bands. Raises `TrainingDataError`."""
        self.crop, self.band = crop, round(BAND * crop)
        large = [p for p in pictures if p.shape[1] >= 2 * self.band and p.shape[0] >= crop]
        if len(large) < classes:
            raise TrainingDataError(
                f"only {len(large)} pictures are at least {2 * self.band} pixels wide; the classifier needs {classes}"
            )
        self.pictures = tuple(large[i * len(large) // classes] for i in range(classes))
        self.digest = digest(self.pictures)

    def places(self, label: int, side: int) -> list[int]:
        """Left edges of a scene's squares of that side, none of which reaches into what is held out."""
        width, start = self.pictures[label].shape[1], self.band - self.crop
        return [x for x in range(width - side + 1) if x % self.band <= start - side]

    def batch(self, random: np.random.Generator, size: int) -> tuple[Tensor, Tensor]:
        """Squares for training, zoomed and mirrored at random [B, 3, crop, crop] in [0, 1], and their labels [B]."""
        labels = random.integers(0, len(self.pictures), size)
        crops = []
        for label in labels:
            picture = self.pictures[label]
            side = min(round(self.crop * random.uniform(*ZOOM)), self.band - self.crop, picture.shape[0])
            x = int(random.choice(self.places(int(label), side)))
            y = int(random.integers(0, picture.shape[0] - side + 1))
            square = _tensor(picture[y : y + side, x : x + side])
            square = square.flip(3) if random.integers(2) else square
            crops.append(F.interpolate(square, (self.crop, self.crop), mode="bilinear", antialias=True))
        return torch.cat(crops), torch.from_numpy(labels)

    def held_out(self) -> tuple[Tensor, Tensor]:
        """Crops that no step sees, side by side in the rest of the bands, and their labels."""
        crops, labels = [], []
        for label, picture in enumerate(self.pictures):
            for x in range(self.band - self.crop, picture.shape[1] - self.crop + 1, self.band):
                for y in range(0, picture.shape[0] - self.crop + 1, self.crop):
                    crops.append(_tensor(picture[y : y + self.crop, x : x + self.crop]))
                    labels.append(label)
        return torch.cat(crops), torch.tensor(labels)


def _tensor(crop: Pixels) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(crop.transpose(2, 0, 1)))[None].float() / 255


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
