"""The optimisers of a training, by the recipe's word."""

from __future__ import annotations

import torch
from torch import nn

from zoo.training.muon import RATIO, Muon, inner_weights
from zoo.training.recipe import Optimiser


def optimisers(network: nn.Module, kind: Optimiser, learning_rate: float) -> list[torch.optim.Optimizer]:
    """Adam at `learning_rate`; with "muon" the inner weights are Muon's, at `RATIO` times that.

    Every group of parameters keeps its rate as "peak", for a schedule to take its share of.
    """
    weights = [p for p in network.parameters() if p.requires_grad]
    inner = inner_weights(network) if kind == "muon" else []
    taken = {id(weight) for weight in inner}
    others = [p for p in weights if id(p) not in taken]
    made: list[torch.optim.Optimizer] = [torch.optim.Adam(others, learning_rate, betas=(0.9, 0.99), fused=True)]
    if inner:
        made.append(Muon(inner, lr=RATIO * learning_rate))
    for group in (group for optimiser in made for group in optimiser.param_groups):
        group["peak"] = group["lr"]
    return made
