"""FSRCNN: Dong, Loy and Tang, "Accelerating the Super-Resolution Convolutional Neural Network", ECCV 2016.

Key names of the commonest PyTorch training: `first_part, mid_part, last_part`. One input channel is luma.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from zoo.architectures.architecture import (
    Architecture,
    Hyperparameters,
    StateDict,
    count,
    either_range,
    has_keys,
)


class FSRCNN(nn.Module):
    """FSRCNN(d, s, m): extract `d` features, shrink to `s`, map with `m` layers, expand, deconvolve."""

    def __init__(self, *, d: int, s: int, m: int, channels: int, scale: int) -> None:
        super().__init__()
        self.first_part = nn.Sequential(nn.Conv2d(channels, d, 5, padding=2), nn.PReLU(d))
        layers: list[nn.Module] = [nn.Conv2d(d, s, 1), nn.PReLU(s)]
        for _ in range(m):
            layers += [nn.Conv2d(s, s, 3, padding=1), nn.PReLU(s)]
        layers += [nn.Conv2d(s, d, 1), nn.PReLU(d)]
        self.mid_part = nn.Sequential(*layers)
        self.last_part = nn.ConvTranspose2d(d, channels, 9, stride=scale, padding=4, output_padding=scale - 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.last_part(self.mid_part(self.first_part(x)))


def with_scale(build: Callable[..., nn.Module], sizes: Hyperparameters, state: StateDict) -> Hyperparameters:
    """The sizes of a network that ends in a deconvolution, and the scale that its weights are made for."""

    def built(scale: int) -> nn.Module:
        network = build(**sizes, scale=scale)
        network.load_state_dict(state)
        return network

    return {**sizes, "scale": scale_of_deconvolution(built, sizes["channels"])}


def scale_of_deconvolution(build: Callable[[int], nn.Module], channels: int) -> int:
    """The stride at which a deconvolution turns flat grey into flat grey.

    Every FSRCNN ends in the same 9×9 kernel whatever its scale, so no shape tells the stride; but at a wrong
    one the taps that meet in an output pixel do not belong together, and a flat input comes out as a grid.
    """
    grey = torch.full((1, channels, 16, 16), 0.5)

    def unevenness(scale: int) -> float:
        with torch.no_grad():
            inner = slice(5 * scale, -5 * scale)
            return float((build(scale)(grey) - 0.5)[..., inner, inner].abs().max())

    return min((2, 3, 4), key=unevenness)


def infer(state: StateDict) -> Hyperparameters:
    d, channels = state["first_part.0.weight"].shape[:2]
    sizes = {
        "d": d,
        "s": state["mid_part.0.weight"].shape[0],
        # Every layer of the middle part is a convolution and a PReLU; the first shrinks, the last expands.
        "m": count(state, r"mid_part\.(\d+)\.weight") // 2 - 2,
        "channels": channels,
    }
    return with_scale(FSRCNN, sizes, state)


ARCHITECTURE = Architecture(
    id="fsrcnn",
    name="FSRCNN",
    build=FSRCNN,
    detect=has_keys("first_part.0.weight", "mid_part.0.weight", "last_part.weight"),
    infer=infer,
    readings=either_range,
    channels=lambda state: state["first_part.0.weight"].shape[1],
)
