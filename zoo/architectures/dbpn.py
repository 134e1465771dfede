"""D-DBPN: Haris, Shakhnarovich and Ukita, "Deep Back-Projection Networks for Super-Resolution", CVPR 2018.

Key names of EDSR-PyTorch's version: `sub_mean, initial, upmodules, downmodules, reconstruction, add_mean`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, count, has_keys
from zoo.architectures.layers import MeanShift, conv3, range_of_mean_shift
from zoo.architectures.rcan import readings

KERNELS = {2: (6, 2, 2), 4: (8, 4, 2), 8: (12, 8, 2)}
"""Scale to kernel, stride and padding of a projection."""


def projection(channels_in: int, channels_out: int, scale: int, *, up: bool) -> nn.Sequential:
    """One step between the LR and the HR plane, with a PReLU of its own for each channel."""
    kernel, stride, padding = KERNELS[scale]
    layer = (nn.ConvTranspose2d if up else nn.Conv2d)(channels_in, channels_out, kernel, stride, padding)
    return nn.Sequential(layer, nn.PReLU(channels_out))


class BackProjection(nn.Module):
    """Projects, projects back, and projects the difference as a correction (figures 3 and 4)."""

    def __init__(self, channels_in: int, channels: int, scale: int, *, up: bool, bottleneck: bool) -> None:
        super().__init__()
        self.bottleneck = nn.Sequential(nn.Conv2d(channels_in, channels, 1), nn.PReLU(channels)) if bottleneck else None
        inner = channels if bottleneck else channels_in
        self.conv_1 = projection(inner, channels, scale, up=up)
        self.conv_2 = projection(channels, inner, scale, up=not up)
        self.conv_3 = projection(inner, channels, scale, up=up)

    def forward(self, x: Tensor) -> Tensor:
        if self.bottleneck is not None:
            x = self.bottleneck(x)
        projected = self.conv_1(x)
        return projected + self.conv_3(self.conv_2(projected) - x)


class DBPN(nn.Module):
    """`depth` up-projections with down-projections between them, each on all earlier planes of its size."""

    def __init__(self, *, initial: int, channels: int, depth: int, scale: int, input_range: float = 255.0) -> None:
        super().__init__()
        if scale not in KERNELS:
            raise ValueError(f"back-projection reaches the scales {', '.join(map(str, KERNELS))}, not {scale}")
        self.sub_mean = MeanShift(input_range, -1)
        self.add_mean = MeanShift(input_range, 1)
        self.initial = nn.Sequential(
            conv3(3, initial), nn.PReLU(initial), nn.Conv2d(initial, channels, 1), nn.PReLU(channels)
        )
        self.upmodules = nn.ModuleList(
            BackProjection(max(i, 1) * channels, channels, scale, up=True, bottleneck=i > 1) for i in range(depth)
        )
        self.downmodules = nn.ModuleList(
            BackProjection((i + 1) * channels, channels, scale, up=False, bottleneck=i > 0) for i in range(depth - 1)
        )
        self.reconstruction = nn.Sequential(conv3(depth * channels, 3))

    def forward(self, x: Tensor) -> Tensor:
        first = self.initial(self.sub_mean(x))
        high = [self.upmodules[0](first)]
        low: list[Tensor] = []
        for down, up in zip(self.downmodules, list(self.upmodules)[1:], strict=True):
            low.append(down(torch.cat(high, 1)))
            high.append(up(torch.cat(low, 1)))
        return self.add_mean(self.reconstruction(torch.cat(high, 1)))


def infer(state: StateDict) -> Hyperparameters:
    kernel = state["upmodules.0.conv_1.0.weight"].shape[-1]
    return {
        "initial": state["initial.0.weight"].shape[0],
        "channels": state["initial.2.weight"].shape[0],
        "depth": count(state, r"upmodules\.(\d+)\."),
        "scale": next(scale for scale, sizes in KERNELS.items() if sizes[0] == kernel),
        "input_range": range_of_mean_shift("sub_mean.bias")(state),
    }


ARCHITECTURE = Architecture(
    id="dbpn",
    name="DBPN",
    build=DBPN,
    detect=has_keys("sub_mean.bias", "initial.0.weight", "upmodules.0.conv_1.0.weight", "reconstruction.0.weight"),
    infer=infer,
    input_range=range_of_mean_shift("sub_mean.bias"),
    readings=readings,
)
