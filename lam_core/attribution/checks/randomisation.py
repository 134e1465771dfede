"""Model-randomisation check: a map that survives the loss of the weights shows the picture, not the network.

Adebayo et al. (2018), "Sanity Checks for Saliency Maps": the layers are randomised one after the other from the output
to the input, each step keeping the ones before, and the map is compared with the first one. Each weight tensor is
shuffled: its own values, so that the network's scale stays what it was, but nothing that was learnt.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from lam_core.attribution.attribute import ZeroMapError, attribute
from lam_core.attribution.checks.rank_agreement import Agreement, agreement
from lam_core.attribution.checks.scene import Report, ignore, scene_of
from lam_core.attribution.result import Attribution
from lam_core.attribution.settings import SettingsError
from lam_core.images import Pixels
from lam_core.model import SuperResolver


@dataclass(frozen=True)
class RandomisationStep:
    """The map after some layers were randomised."""

    share: float
    """Share of the layers that is random, 0 to 1, counted from the output."""
    layer: str
    """The layer that came last."""
    agreement: Agreement | None
    """Rank correlation with the map of the trained network; None if there is no map any more."""


@dataclass(frozen=True)
class Randomisation:
    """How a map's likeness to itself falls as the network forgets."""

    steps: tuple[RandomisationStep, ...]
    picture: Agreement
    """Rank correlation of the trained network's map with |Σ_channels| of what the blur takes away: what a map would
    have that showed the picture's edges and nothing of the network."""
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
        return asdict(self) | {"steps": [asdict(step) for step in self.steps]}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Randomisation:
        """The inverse of `to_dict`."""
        steps = (
            RandomisationStep(s["share"], s["layer"], s["agreement"] and Agreement(**s["agreement"]))
            for s in content["steps"]
        )
        return cls(tuple(steps), Agreement(**content["picture"]), int(content["seed"]))


def randomisation(
    model: SuperResolver,
    image: Pixels,
    attribution: Attribution,
    *,
    steps: int = 6,
    seed: int = 0,
    report: Report = ignore,
) -> Randomisation:
    """Randomises the model's layers in `steps` equal portions and computes the map again after each.

    `attribution` is the trained model's map of this LR picture. The model itself is left as it is. Raises
    `SettingsError` for a model without weights; what `report` raises ends the computation.
    """
    module = copy.deepcopy(model.module)
    layers = list(layers_of(module))[::-1]
    if not layers:
        raise SettingsError(f"{model.name} has no weights, so there is nothing to randomise")
    scene = scene_of(model, image, attribution.region, attribution.settings)
    random = torch.Generator().manual_seed(seed)
    found, done = [], 0
    portions = np.linspace(0, len(layers), min(steps, len(layers)) + 1).round().astype(int)
    ends = [int(end) for end in portions[1:]]
    for number, end in enumerate(ends):
        for _, layer in layers[done:end]:
            shuffle(layer, random)
        done = end

        def tell(nodes: int, budget: int, before: int = number) -> None:
            report((before + min(nodes / budget, 1)) / len(ends))

        # A network of its own, without the model's fingerprint: whatever is remembered of the other does not hold here.
        forgetful = SuperResolver(
            copy.deepcopy(module), model.scale, convention=model.convention, name=f"{model.name}, randomised"
        )
        try:
            again = attribute(
                forgetful,
                image,
                attribution.region,
                attribution.settings,
                on_progress=lambda p, tell=tell: tell(p.nodes, p.budget),
            )
            likeness = agreement(attribution.map, again.map, scene.distance)
        except ZeroMapError:
            likeness = None
        report((number + 1) / len(ends))
        found.append(RandomisationStep(end / len(layers), layers[end - 1][0], likeness))
    edges = np.abs((scene.lr - scene.blurred).sum(2))
    return Randomisation(tuple(found), agreement(attribution.map, edges, scene.distance), seed)


def layers_of(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Modules with weights of their own, by name, in the order in which the network holds them.

    Mean shifts are no layers: they are not learnt.
    """
    for name, child in module.named_modules():
        if "_mean" not in name and next(child.parameters(recurse=False), None) is not None:
            yield name, child


def shuffle(layer: nn.Module, random: torch.Generator) -> None:
    """Shuffles the values of each of a layer's own weight tensors, in place."""
    with torch.no_grad():
        for weight in layer.parameters(recurse=False):
            order = torch.randperm(weight.numel(), generator=random)
            weight.copy_(weight.reshape(-1)[order.to(weight.device)].reshape(weight.shape))
