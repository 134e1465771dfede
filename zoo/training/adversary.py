"""Training for looks: a discriminator and a classifier's features beside the pixels (SRGAN, ESRGAN).

Ledig et al., CVPR 2017. The features are those of this project's own classifier, not of a VGG network.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.resnet import ResNet18
from zoo.training.patches import TrainingSet
from zoo.training.recipe import Recipe
from zoo.training.task import Fidelity


class Discriminator(nn.Module):
    """Says of every part of a picture how original it looks: RGB [B, 3, h, w] to [B, 1, h/8, w/8]."""

    def __init__(self, channels: int = 24) -> None:
        super().__init__()
        widths = [3, channels, 2 * channels, 4 * channels]
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x - 0.5)


class Features(nn.Module):
    """What a classifier sees in its second stage: RGB [B, 3, h, w] to [B, 2 · width, h/8, w/8]. It does not learn."""

    def __init__(self, weights: dict[str, Tensor], **hyperparameters: Any) -> None:
        super().__init__()
        self.classifier = ResNet18(**hyperparameters)
        self.classifier.load_state_dict(weights)
        self.eval().requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier.stages(x, last=2)


class Adversarial(Fidelity):
    """Pixels, features and a discriminator that learns beside the network; judged by PSNR, which falls."""

    def __init__(
        self,
        recipe: Recipe,
        data: TrainingSet,
        held_out: TrainingSet,
        device: torch.device,
        *,
        start: dict[str, Tensor],
        features: nn.Module | None,
    ) -> None:
        """`start` are the weights of the network's twin trained for PSNR; `features` [B, 3, h, w] to any shape."""
        super().__init__(recipe, data, held_out, device, start=start)
        self.features = features
        # A stream of its own: the twin's random numbers do not depend on there being a discriminator.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed)
            self.discriminator = Discriminator().to(device)
        self.optimiser = torch.optim.Adam(self.discriminator.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.99))
        parts = [f"{recipe.pixels:g} × mean absolute error on RGB"]
        if features is not None:
            parts.append(f"{recipe.perceptual:g} × mean absolute error on features of this project's own classifier")
        parts.append(f"{recipe.adversarial:g} × logistic loss of a discriminator")
        self.loss_name = " + ".join(parts)

    def twin(self) -> nn.Module:
        """The network with which the training began."""
        return self.build().eval()

    def loss(self, network: nn.Module, random: np.random.Generator) -> Tensor:
        output, high = self.restored(network, random)
        real, fake = self.discriminator(high), self.discriminator(output.detach())
        self.optimiser.zero_grad(set_to_none=True)
        (F.softplus(-real).mean() + F.softplus(fake).mean()).backward()
        self.optimiser.step()
        loss = self.recipe.pixels * F.l1_loss(output, high)
        if self.features is not None:
            with torch.no_grad():
                wanted = self.features(high)
            loss = loss + self.recipe.perceptual * F.l1_loss(self.features(output), wanted)
        return loss + self.recipe.adversarial * F.softplus(-self.discriminator(output)).mean()

    def state(self) -> dict[str, Any]:
        return {"discriminator": self.discriminator.state_dict(), "optimiser": self.optimiser.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        self.discriminator.load_state_dict(state["discriminator"])
        self.optimiser.load_state_dict(state["optimiser"])
