"""D-DBPN in its authors' own form: Haris, Shakhnarovich and Ukita, "Deep Back-Projection Networks for
Super-Resolution", CVPR 2018.

Key names of the authors' code: `feat0, feat1, up1, down1, up2, …, output_conv`; every layer is a module with one PReLU.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, count, has_keys
from zoo.architectures.dbpn import KERNELS


class Layer(nn.Module):
    """A convolution or, under the name `deconv`, a deconvolution, and the PReLU of one slope that may follow it."""

    def __init__(self, layer: nn.Module, *, up: bool = False, activated: bool = True) -> None:
        super().__init__()
        self.inner = "deconv" if up else "conv"
        self.add_module(self.inner, layer)
        self.act = nn.PReLU() if activated else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.get_submodule(self.inner)(x))


class Projection(nn.Module):
    """Projects, projects back, and projects the difference as a correction; `stage` counts the planes that come in."""

    def __init__(self, channels: int, scale: int, *, up: bool, stage: int | None) -> None:
        super().__init__()
        kernel, stride, padding = KERNELS[scale]
        self.kind = "up" if up else "down"
        self.bottleneck = stage is not None
        if stage is not None:
            self.conv = Layer(nn.Conv2d(channels * stage, channels, 1))
        for i, rises in enumerate((up, not up, up), 1):
            kind = nn.ConvTranspose2d if rises else nn.Conv2d
            layer = Layer(kind(channels, channels, kernel, stride, padding), up=rises)
            self.add_module(f"{self.kind}_conv{i}", layer)

    def forward(self, x: Tensor) -> Tensor:
        if self.bottleneck:
            x = self.conv(x)
        there = self.get_submodule(f"{self.kind}_conv1")(x)
        back = self.get_submodule(f"{self.kind}_conv2")(there)
        return self.get_submodule(f"{self.kind}_conv3")(back - x) + there


class DBPNOriginal(nn.Module):
    """`stages` up-projections with down-projections between them, each on all earlier planes of its size."""

    def __init__(self, *, initial: int, channels: int, stages: int, scale: int) -> None:
        super().__init__()
        if scale not in KERNELS:
            raise ValueError(f"back-projection reaches the scales {', '.join(map(str, KERNELS))}, not {scale}")
        self.stages = stages
        self.feat0 = Layer(nn.Conv2d(3, initial, 3, padding=1))
        self.feat1 = Layer(nn.Conv2d(initial, channels, 1))
        for i in range(1, stages + 1):
            self.add_module(f"up{i}", Projection(channels, scale, up=True, stage=i - 1 if i > 2 else None))
            if i < stages:
                self.add_module(f"down{i}", Projection(channels, scale, up=False, stage=i if i > 1 else None))
        self.output_conv = Layer(nn.Conv2d(stages * channels, 3, 3, padding=1), activated=False)

    def forward(self, x: Tensor) -> Tensor:
        low = [self.feat1(self.feat0(x))]
        high: list[Tensor] = []
        for i in range(1, self.stages + 1):
            # The very first plane goes into the first projection alone.
            into = low[0] if i == 1 else torch.cat(low[:0:-1], 1)
            high.insert(0, self.get_submodule(f"up{i}")(into))
            if i < self.stages:
                low.append(self.get_submodule(f"down{i}")(torch.cat(high, 1)))
        return self.output_conv(torch.cat(high, 1))


def infer(state: StateDict) -> Hyperparameters:
    kernel = state["up1.up_conv1.deconv.weight"].shape[-1]
    return {
        "initial": state["feat0.conv.weight"].shape[0],
        "channels": state["feat1.conv.weight"].shape[0],
        "stages": count(state, r"up(\d+)\.up_conv1\."),
        "scale": next(scale for scale, sizes in KERNELS.items() if sizes[0] == kernel),
    }


ARCHITECTURE = Architecture(
    id="dbpn-original",
    name="D-DBPN (authors' form)",
    build=DBPNOriginal,
    detect=has_keys("feat0.conv.weight", "up1.up_conv1.deconv.weight", "output_conv.conv.weight"),
    infer=infer,
)
