"""The numbering of a network's convolution filters: one for every two-dimensional kernel of every layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


@dataclass(frozen=True)
class Layer:
    """A convolution layer and the range of numbers that its filters have."""

    name: str
    """Dotted module name, such as `body.0.conv1`."""
    rows: int
    """First size of the weight: output channels (input channels of a transposed convolution)."""
    columns: int
    """Second size of the weight: input channels a group (output channels a group of a transposed convolution)."""
    kernel: tuple[int, int]
    """Height and width of a filter in pixels."""
    first: int
    """Number of the layer's first filter; filter (row, column) is first + row · columns + column."""

    @property
    def count(self) -> int:
        """Filters of this layer."""
        return self.rows * self.columns

    @property
    def numbers(self) -> slice:
        """The layer's filters among all of the network."""
        return slice(self.first, self.first + self.count)


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

    def most(self, scores: NDArray[np.float64], share: float) -> NDArray[np.int64]:
        """Numbers of the filters with the largest scores: `share` of all, rounded, largest first.

        Equal scores come in the order of their numbers.
        """
        wanted = round(share * self.count)
        return np.argsort(-scores, kind="stable")[:wanted]
