"""A baseline network beside the target network that was fine-tuned from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lam_core.errors import LamError
from lam_core.filters.layout import FilterLayout
from lam_core.model import SuperResolver


class FilterPairError(LamError, ValueError):
    """Two networks between whose weights there is no straight line."""


class NetworkPair:
    """Two networks of one architecture, and the networks on the straight line between their weights.

    `at(0)` computes as the target, `at(1)` as the baseline. All floating-point weights and buffers follow the line;
    counters are the target's. The two given networks are left as they are.

    Raises `FilterPairError` if the architectures, scales or input conventions differ, if the weights are equal or if
    there is no convolution.
    """

    def __init__(self, baseline: SuperResolver, target: SuperResolver) -> None:
        self.baseline, self.target = baseline, target
        _same("scale", baseline, target, baseline.scale, target.scale)
        _same("input convention", baseline, target, baseline.convention, target.convention)
        ours, theirs = target.module.state_dict(), baseline.module.state_dict()
        if set(ours) != set(theirs):
            missing = sorted(set(ours) ^ set(theirs))
            raise FilterPairError(
                f"{target.name} and {baseline.name} are not of one architecture: {len(missing)} weights exist in one "
                f"alone, the first is {missing[0]}; choose the network that {target.name} was fine-tuned from"
            )
        for key, value in ours.items():
            _same(f"shape of {key}", baseline, target, tuple(theirs[key].shape), tuple(value.shape))
        self.layout = FilterLayout.of(target.module)
        if not self.layout.count:
            raise FilterPairError(f"{target.name} has no two-dimensional convolution, hence no filters to attribute")
        self._on_path = target.to()
        module = self._on_path.module
        self._weights = self.layout.weights(module)
        self._moving = [
            (value, ours[key].detach().clone(), theirs[key].detach().to(ours[key]))
            for key, value in module.state_dict(keep_vars=True).items()
            if value.is_floating_point()
        ]
        if all(torch.equal(one, other) for _, one, other in self._moving):
            raise FilterPairError(
                f"{target.name} and {baseline.name} have equal weights; choose two different networks"
            )

    @cached_property
    def differences(self) -> list[Tensor]:
        """Baseline minus target, a tensor for every layer of the layout, float64."""
        ones, others = self.layout.weights(self.baseline.module), self.layout.weights(self.target.module)
        return [one.detach().to(other).double() - other.double() for one, other in zip(ones, others, strict=True)]

    @cached_property
    def change(self) -> NDArray[np.float64]:
        """How far each filter moved in fine-tuning: the sum of |θ̄ - θ| over its weights, [count]."""
        return self.layout.per_filter(self.differences)

    def gradients(self, alpha: float, low: Tensor, high: Tensor) -> tuple[float, list[Tensor]]:
        """The loss ‖F(x) - y‖² at a point of the line and its gradient by every filter (equation 3).

        `low` is [1, 3, h, w], `high` [1, 3, s·h, s·w], both in [0, 1]; the gradients have the shapes of the weights.
        """
        with torch.no_grad():
            for value, target, baseline in self._moving:
                value.copy_(torch.lerp(target, baseline, alpha))
        for weight in self._weights:
            weight.requires_grad_(True)
        try:
            with torch.enable_grad():
                loss = (self._on_path(low) - high).square().sum()
                slopes = torch.autograd.grad(loss, self._weights, allow_unused=True)
        finally:
            for weight in self._weights:
                weight.requires_grad_(False)
        found = [torch.zeros_like(w) if g is None else g for w, g in zip(self._weights, slopes, strict=True)]
        return float(loss.detach()), found

    @contextmanager
    def returned(self, filters: NDArray[np.int64]) -> Iterator[SuperResolver]:
        """The target with these filters given back to the baseline; all other weights are the target's."""
        with torch.no_grad():
            for value, target, _ in self._moving:
                value.copy_(target)
            for layer, weight, difference in zip(self.layout.layers, self._weights, self.differences, strict=True):
                here = filters[(filters >= layer.first) & (filters < layer.first + layer.count)] - layer.first
                flat = weight.view(layer.count, *layer.kernel)
                flat[torch.from_numpy(here)] += difference.view_as(flat)[torch.from_numpy(here)].to(flat)
            yield self._on_path


def _same(what: str, baseline: SuperResolver, target: SuperResolver, one: object, other: object) -> None:
    if one != other:
        raise FilterPairError(
            f"{what}: {baseline.name} has {one}, {target.name} has {other}; filter attribution compares two networks "
            "of one architecture, the second fine-tuned from the first"
        )
