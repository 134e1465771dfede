"""The numbering of a network's convolution filters: one for every two-dimensional kernel of every layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lam_core.filters.layer import Layer


@dataclass(frozen=True)
class FilterLayout:
    """All filters of a network, in the order in which its modules are defined.

    As published, a filter is one kernel of a weight [out, in, height, width], hence out · in filters a layer.
    """

    layers: tuple[Layer, ...]

    @classmethod
    def of(cls, module: nn.Module) -> FilterLayout:
        """The filters of every `Conv2d` and `ConvTranspose2d` of a network; a shared module counts once."""
        layers, first = [], 0
        for name, part in module.named_modules():
            if isinstance(part, (nn.Conv2d, nn.ConvTranspose2d)):
                rows, columns, height, width = part.weight.shape
                layers.append(Layer(name, rows, columns, (height, width), first))
                first += layers[-1].count
        return cls(tuple(layers))

    @cached_property
    def count(self) -> int:
        """Filters of the network."""
        return sum(layer.count for layer in self.layers)

    @cached_property
    def layer_of(self) -> NDArray[np.int64]:
        """Position among `layers` of every filter's layer, [count]."""
        return np.repeat(np.arange(len(self.layers)), [layer.count for layer in self.layers])

    def weights(self, module: nn.Module) -> list[Tensor]:
        """The weights of a network of this layout, a tensor for every layer."""
        return [module.get_parameter(f"{layer.name}.weight" if layer.name else "weight") for layer in self.layers]

    def per_filter(self, weights: Sequence[Tensor]) -> NDArray[np.float64]:
        """The sum of |w| over each filter's weights, [count]; `weights` has a tensor a layer."""
        sums = [w.detach().abs().sum(dim=(-2, -1)).reshape(-1).double() for w in weights]
        return torch.cat(sums).cpu().numpy()
