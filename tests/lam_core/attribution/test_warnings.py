"""Warnings say what they should, and nothing of a sound map."""

import numpy as np
import pytest
import torch
from torch import nn

from lam_core import Region, SuperResolver, attribute
from lam_core.attribution.quadrature import Integral
from lam_core.attribution.warnings import completeness_error, of_completeness, of_weights


def integral(total: float, change: float, jump: float = 0.0, start: float = 10.0) -> Integral:
    signed = np.full((2, 2, 3), total / 12)
    return Integral(signed, 0.01, [np.full((2, 2), jump / 4)], np.zeros((2, 2)), 9, start, start + change)


def test_completeness_by_hand() -> None:
    assert completeness_error(integral(8.0, 10.0)) == pytest.approx(0.2)
    assert completeness_error(integral(8.0, 0.0)) == float("inf")
    assert of_completeness(integral(8.1, 10.0), "float32") == ""
    assert "completeness error 50%" in of_completeness(integral(5.0, 10.0), "float32")


def test_no_warning_where_the_change_is_below_its_own_error() -> None:
    # One jump of 1 somewhere in one piece: twice its deviation is 2/sqrt(12), about 0.58.
    assert of_completeness(integral(2.0, 0.5, jump=1.0), "float32") == ""
    assert of_completeness(integral(2.0, 0.7, jump=1.0), "float32")
    # D of 1000 is known to 0.01 in single precision.
    assert of_completeness(integral(0.1, 0.009, start=1000.0), "float32") == ""
    assert of_completeness(integral(0.1, 0.009, start=1000.0), "float64")


def test_weights_of_few_digits_are_noticed() -> None:
    def network() -> nn.Module:
        torch.manual_seed(0)
        return nn.Sequential(nn.Conv2d(3, 64, 3), nn.Conv2d(64, 64, 3), nn.Conv2d(64, 3, 3))

    assert of_weights(network()) == ""
    assert "half precision" in of_weights(network().half().float())
    assert "half precision" in of_weights(network().bfloat16().float())
    assert of_weights(nn.Conv2d(3, 3, 1)) == ""
    eight = network()
    for parameter in eight.parameters():
        if parameter.dim() > 1:
            step = parameter.abs().amax((1, 2, 3), keepdim=True) / 127
            parameter.data = (parameter / step).round() * step
    assert "8 bits" in of_weights(eight)


def test_a_map_of_weights_in_half_precision_says_so() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 64, 3, padding=1), nn.Conv2d(64, 3, 3, padding=1))
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)

    def said() -> str:
        return " ".join(attribute(SuperResolver(network, 1), image, Region(4, 4, 8)).computation.warnings)

    assert "half precision" not in said()
    network.half().float()
    assert "half precision: that moves a map by some 6 % and DI by 0.6 %" in said()
