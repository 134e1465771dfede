"""The same network before training: what its architecture alone makes of a picture."""

from __future__ import annotations

import copy
from dataclasses import replace

import torch
from torch import nn

from lam_core.model import FeatureModel
from lam_core.semantics.taps import Network


def untrained(network: Network, seed: int = 0) -> Network:
    """A copy with weights drawn at random as PyTorch draws those of a new network; fixed mean shifts stay.

    Matrices and kernels are uniform within ±1/√fan-in, as are the biases beside them; what else is learned keeps its
    values in random order, except that normalisation starts at gain 1 and shift 0.
    """
    module = copy.deepcopy(network.module)
    random = torch.Generator().manual_seed(seed)
    for name, layer in module.named_modules():
        if "_mean" not in name:
            _draw(layer, random)
    fingerprint = f"{network.fingerprint}-untrained-{seed}"
    if isinstance(network, FeatureModel):
        return replace(network, module=module, name=f"{network.name} (untrained)", fingerprint=fingerprint)
    return network.replaced(module=module, name=f"{network.plain_name} (untrained)", fingerprint=fingerprint)


@torch.no_grad()
def _draw(layer: nn.Module, random: torch.Generator) -> None:
    own = dict(layer.named_parameters(recurse=False))
    kernel = next((p for p in own.values() if p.ndim > 1), None)
    if isinstance(layer, nn.modules.batchnorm._NormBase):
        layer.reset_running_stats()
    for key, parameter in own.items():
        if kernel is not None and (parameter.ndim > 1 or key == "bias"):
            fan_in = max(kernel[0].numel(), 1)
            drawn = (torch.rand(parameter.shape, generator=random) * 2 - 1) / fan_in**0.5
        elif "Norm" in type(layer).__name__:
            drawn = torch.full(parameter.shape, 1.0 if key == "weight" else 0.0)
        else:
            flat = parameter.detach().flatten().cpu()
            drawn = flat[torch.randperm(flat.numel(), generator=random)].reshape(parameter.shape)
        parameter.copy_(drawn.to(parameter))
