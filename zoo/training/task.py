"""What a network is trained for: the loss of a step, and the figure by which it is judged on the way."""

from __future__ import annotations

import copy
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lam_core.model import Convention, SuperResolver
from zoo.architectures import architecture
from zoo.training.evaluation import Upscale, mean_psnr
from zoo.training.interpolation import begin_as_interpolation
from zoo.training.patches import TrainingSet
from zoo.training.recipe import Recipe


class Task(Protocol):
    """One way to train. Losses and figures are computed on the device on which the network is."""

    loss_name: str
    """The loss in words, for the card."""
    unit: str
    """Of the figure."""

    def build(self) -> nn.Module:
        """The untrained network."""
        ...

    def loss(self, network: nn.Module, random: np.random.Generator) -> Tensor:
        """The loss of a step on a batch that `random` draws."""
        ...

    def measure(self, network: nn.Module) -> float:
        """The figure of a network in evaluation mode on data that no step sees; the larger the better."""
        ...

    def state(self) -> dict[str, Any]:
        """What the task itself has learned, such as a discriminator."""
        ...

    def load(self, state: dict[str, Any]) -> None:
        """Takes back what `state` returned."""
        ...


class Fidelity:
    """Mean absolute error on RGB; judged by PSNR."""

    loss_name = "mean absolute error on RGB"
    unit = "dB"

    def __init__(
        self,
        recipe: Recipe,
        data: TrainingSet,
        held_out: TrainingSet,
        device: torch.device,
        *,
        start: dict[str, Tensor] | None = None,
    ) -> None:
        """`start` are the weights of the network with which the training begins; None: random ones."""
        self.recipe, self.data, self.held_out, self.device = recipe, data, held_out, device
        self.start = start
        self.white = 1.0

    def build(self) -> nn.Module:
        kind = architecture(self.recipe.architecture)
        network = kind.build(**self.recipe.hyperparameters)
        if self.recipe.interpolation:
            begin_as_interpolation(network, self.recipe.interpolation, self.data.scale)
        if self.start is not None:
            network.load_state_dict(self.start)
        self.white = kind.input_range(network.state_dict())
        return network

    def restored(self, network: nn.Module, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        """A batch's outputs beside their originals, [B, 3, h, w] in the unit range."""
        low, high = self.data.batch(random, size=self.recipe.batch, patch=self.recipe.patch)
        low = low.to(self.device, memory_format=torch.channels_last)
        # On a CPU without native bfloat16 it would only be slower.
        with torch.autocast("cuda", torch.bfloat16, enabled=self.device.type == "cuda"):
            output = network(low * self.white)
        return output.float() / self.white, high.to(self.device)

    def upscale(self, network: nn.Module) -> Upscale:
        """The network as the zoo will use it: in the unit range, on pictures of any size."""
        multiple = architecture(self.recipe.architecture).pad_multiple
        convention = Convention(input_range=self.white, pad_multiple=multiple)
        # A copy, for it is frozen.
        return SuperResolver(copy.deepcopy(network), self.data.scale, convention=convention, fingerprint="in training")

    def loss(self, network: nn.Module, random: np.random.Generator) -> Tensor:
        return F.l1_loss(*self.restored(network, random))

    def measure(self, network: nn.Module) -> float:
        return mean_psnr(self.upscale(network), self.held_out, self.device)

    def state(self) -> dict[str, Any]:
        return {}

    def load(self, state: dict[str, Any]) -> None:
        pass
