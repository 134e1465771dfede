"""A network that computes in less than it is asked to is said to, with a plan of it and without."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lam_core import AttributionSettings, Region, SuperResolver, attribute

IMAGE = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)


class Network(nn.Module):
    def __init__(self, way: str, *, branches: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.c, self.way, self.branches = nn.Conv2d(3, 3, 3, padding=1), way, branches

    def forward(self, x: Tensor) -> Tensor:
        if self.branches and x.mean() > 1e9:  # no plan is made of what depends on values
            return x
        if self.way == "single":
            return self.c(x).float().tanh().to(x.dtype)
        if self.way == "half":
            return self.c(x) + F.silu(self.c(x).half()).to(x.dtype)
        if self.way == "autocast":
            with torch.autocast("cpu", dtype=torch.bfloat16):
                return F.conv2d(x.float(), self.c.weight.float(), padding=1).to(x.dtype)
        # Constants in single precision are no computation in it.
        return self.c(x) * torch.linspace(0, 1, x.shape[-1], dtype=torch.float32).to(x.dtype)


@pytest.mark.parametrize("branches", [False, True], ids=["planned", "as it is"])
@pytest.mark.parametrize(
    ("way", "dtype", "words"),
    [
        ("single", "float64", "computes in float32 inside"),
        ("single", "float32", ""),
        ("half", "float32", "computes in half precision inside"),
        ("autocast", "float32", "computes in half precision inside"),
        ("autocast", "float64", "computes in half precision inside"),
        ("constant", "float64", ""),
    ],
)
def test_a_lower_precision_inside_is_said(
    way: str, dtype: Literal["float32", "float64"], words: str, branches: bool
) -> None:
    model = SuperResolver(Network(way, branches=branches), 1)
    found = attribute(model, IMAGE, Region(8, 8, 8), AttributionSettings(dtype=dtype, nodes=5)).computation
    assert ("cannot be traced" in found.reason) == branches
    said = [warning for warning in found.warnings if "inside" in warning]
    assert len(said) == bool(words)
    assert all(words in warning for warning in said)
