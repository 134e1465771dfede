"""CARN: Ahn, Kang and Sohn, "Fast, Accurate, and Lightweight Super-Resolution with Cascading Residual Network".

ECCV 2018. Key names of the authors' code: `sub_mean.shifter, entry, b1 … b3, c1 … c3, upsample, exit,
add_mean.shifter`; other trainings write `sub_mean` and `add_mean`. CARN-M has grouped convolutions, one residual
block used three times in each cascading block, and is its own form of the same network.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from zoo.architectures.architecture import Architecture, Hyperparameters, Reading, StateDict, has_keys
from zoo.architectures.layers import BalancedAttention, MeanShift, conv3, shuffle_steps


class Shifter(nn.Module):
    """The mean shift under the authors' key name."""

    def __init__(self, sign: int) -> None:
        super().__init__()
        self.shifter = MeanShift(1.0, sign)

    def forward(self, x: Tensor) -> Tensor:
        return self.shifter(x)


class Body(nn.Module):
    """A sequence under the key name `body`."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.body = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


class Residual(Body):
    """A body added to the input before the last activation."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.body(x) + x)


def residual(channels: int) -> Residual:
    """Two 3×3 convolutions (CARN)."""
    return Residual(conv3(channels, channels), nn.ReLU(inplace=True), conv3(channels, channels))


def efficient_residual(channels: int, groups: int) -> Residual:
    """Two grouped 3×3 convolutions and one of 1×1 (CARN-M)."""
    return Residual(
        nn.Conv2d(channels, channels, 3, padding=1, groups=groups),
        nn.ReLU(inplace=True),
        nn.Conv2d(channels, channels, 3, padding=1, groups=groups),
        nn.ReLU(inplace=True),
        nn.Conv2d(channels, channels, 1),
    )


def fusion(inputs: int, channels: int) -> Body:
    """A 1×1 convolution of `inputs` joined features."""
    return Body(nn.Conv2d(inputs * channels, channels, 1), nn.ReLU(inplace=True))


class Cascade(nn.Module):
    """Three blocks; before each of them all earlier outputs are joined and fused."""

    def __init__(self, channels: int, block: Callable[[], nn.Module], *, shared: bool, attention: int = 0) -> None:
        super().__init__()
        self.names = ["b1", "b1", "b1"] if shared else ["b1", "b2", "b3"]
        for name in dict.fromkeys(self.names):
            self.add_module(name, block())
        for i in (1, 2, 3):
            fused: nn.Module = fusion(i + 1, channels)
            if attention:
                fused = nn.Sequential(fused, BalancedAttention(channels, attention))
            self.add_module(f"c{i}", fused)

    def forward(self, x: Tensor) -> Tensor:
        joined, last = x, x
        for i, name in enumerate(self.names, 1):
            joined = torch.cat([joined, getattr(self, name)(last)], 1)
            last = getattr(self, f"c{i}")(joined)
        return last


def upsampling(channels: int, scale: int, groups: int) -> Body:
    """Convolution, ReLU and pixel shuffle, in steps of two or three."""
    layers: list[nn.Module] = []
    for step in shuffle_steps(scale):
        layers += [nn.Conv2d(channels, channels * step**2, 3, padding=1, groups=groups)]
        layers += [nn.ReLU(inplace=True), nn.PixelShuffle(step)]
    return Body(*layers)


class CARN(Cascade):
    """A cascade of three cascades. A multi-scale network holds an upsampler for each of its scales.

    With `direct` the last convolution and one pixel shuffle do an upsampler's work.
    """

    def __init__(
        self,
        *,
        channels: int,
        scale: int,
        scales: list[int],
        groups: int = 1,
        efficient: bool = False,
        attention: int = 0,
        shifter: bool = True,
        direct: bool = False,
    ) -> None:
        def block() -> nn.Module:
            return efficient_residual(channels, groups) if efficient else residual(channels)

        def cascade() -> nn.Module:
            return Cascade(channels, block, shared=efficient)

        super().__init__(channels, cascade, shared=False, attention=attention)
        self.sub_mean = Shifter(-1) if shifter else MeanShift(1.0, -1)
        self.add_mean = Shifter(1) if shifter else MeanShift(1.0, 1)
        self.entry = conv3(3, channels)
        # One scale alone is kept under `up`, several under `up2`, `up3`, `up4`.
        self.chosen = f"up{scale}" if scales else "up"
        self.upsample = nn.Module()
        for one in () if direct else scales or [scale]:
            self.upsample.add_module(f"up{one}" if scales else "up", upsampling(channels, one, groups))
        self.exit = conv3(channels, 3 * scale**2 if direct else 3)
        self.direct = nn.PixelShuffle(scale) if direct else None

    def forward(self, x: Tensor) -> Tensor:
        features = super().forward(self.entry(self.sub_mean(x)))
        if self.direct is not None:
            return self.add_mean(self.direct(self.exit(features)))
        return self.add_mean(self.exit(getattr(self.upsample, self.chosen)(features)))


def infer(state: StateDict) -> Hyperparameters:
    channels = state["entry.weight"].shape[0]
    attention = state.get("c1.1.ca.fc1.weight")
    return {
        "channels": channels,
        **infer_upsampling(state),
        "groups": channels // state["b1.b1.body.0.weight"].shape[1],
        "efficient": "b1.b2.body.0.weight" not in state,
        "attention": 0 if attention is None else attention.shape[0],
        "shifter": "sub_mean.shifter.weight" in state,
    }


def infer_upsampling(state: StateDict) -> Hyperparameters:
    """The scale, or of several the largest, and the form in which it is reached."""
    scales = [s for s in (2, 3, 4) if f"upsample.up{s}.body.0.weight" in state]
    if scales:
        return {"scale": max(scales), "scales": scales}
    first = state.get("upsample.up.body.0.weight")
    if first is None:
        return {"scale": round((state["exit.weight"].shape[0] / 3) ** 0.5), "scales": [], "direct": True}
    channels = state["entry.weight"].shape[0]
    return {
        "scale": 3 if first.shape[0] == 9 * channels else 4 if "upsample.up.body.3.weight" in state else 2,
        "scales": [],
    }


def readings(state: StateDict) -> tuple[Reading, ...]:
    """A network of several scales is one network for each of them; the largest comes first."""
    scales = infer_upsampling(state)["scales"]
    return tuple(Reading(1.0, {"scale": scale}) for scale in reversed(scales)) if len(scales) > 1 else ()


ARCHITECTURE = Architecture(
    id="carn",
    name="CARN",
    build=CARN,
    detect=has_keys("entry.weight", "b1.b1.body.0.weight", "b1.c1.body.0.weight", "exit.weight"),
    infer=infer,
    readings=readings,
)
