"""Networks of spandrel's that take more than the image: their conditions as parameters with names, ranges, defaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from spandrel import ImageModelDescriptor
from torch import Tensor, nn

from lam_core.condition import Condition


class NoiseLevel(nn.Module):
    """DRUNet and FDnCNN: the noise's standard deviation, of 255, is one more channel (Zhang et al., KAIR)."""

    conditions = (Condition("sigma", 15.0, optional=True, lowest=0.0, highest=75.0, unit="of 255"),)

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor, sigma: float = 15.0) -> Tensor:
        level = x.new_full((len(x), 1, *x.shape[-2:]), sigma / 255)
        return self.network(torch.cat([x, level], 1))


class QualityFactor(nn.Module):
    """FBCNN: a JPEG quality in place of the one that it predicts itself (Jiang, Zhang and Timofte, ICCV 2021)."""

    conditions = (Condition("qf", optional=True, lowest=1.0, highest=100.0, unit="(JPEG quality)"),)

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor, qf: Tensor | None = None) -> Tensor:
        return self.network(x, None if qf is None else 1 - qf.reshape(-1, 1) / 100)[0]


class SpandrelCall(nn.Module):
    """A network of spandrel's that must be called in a way of its own."""

    def __init__(self, network: nn.Module, call: Callable[[Any, Tensor], Tensor]) -> None:
        super().__init__()
        self.network = network
        self.call = call

    def forward(self, x: Tensor) -> Tensor:
        return self.call(self.network, x)


def callable_module(module: nn.Module, architecture: str, descriptor: ImageModelDescriptor[Any]) -> nn.Module:
    """The module to be called with an image, and with its conditions where it has some."""
    if architecture == "DRUNet" or (architecture == "DnCNN" and getattr(module, "mode", "") == "FDnCNN"):
        return NoiseLevel(module)
    if architecture == "FBCNN":
        return QualityFactor(module)
    call = descriptor._call_fn
    return module if call.__qualname__.startswith("ImageModelDescriptor.") else SpandrelCall(module, call)
