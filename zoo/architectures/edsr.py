"""EDSR: Lim et al., "Enhanced Deep Residual Networks for Single Image Super-Resolution", CVPRW 2017.

Key names of EDSR-PyTorch: `sub_mean, head, body, tail, add_mean`.
"""

from __future__ import annotations

from torch import Tensor, nn

from zoo.architectures.architecture import (
    Architecture,
    Hyperparameters,
    StateDict,
    count,
    has_keys,
)
from zoo.architectures.layers import MeanShift, range_of_mean_shift, shuffle_steps


def conv3(channels_in: int, channels_out: int) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels_out, 3, padding=1)


class ResidualBlock(nn.Module):
    """Convolution, ReLU, convolution, scaled and added to the input; no batch normalisation."""

    def __init__(self, channels: int, residual_scale: float) -> None:
        super().__init__()
        self.body = nn.Sequential(conv3(channels, channels), nn.ReLU(inplace=True), conv3(channels, channels))
        self.residual_scale = residual_scale

    def forward(self, x: Tensor) -> Tensor:
        return x + self.residual_scale * self.body(x)


class Upsampler(nn.Sequential):
    """Convolutions and pixel shuffles in steps of two or three."""

    def __init__(self, channels: int, scale: int) -> None:
        layers: list[nn.Module] = []
        for step in shuffle_steps(scale):
            layers += [conv3(channels, channels * step**2), nn.PixelShuffle(step)]
        super().__init__(*layers)


class EDSR(nn.Module):
    """A head, `blocks` residual blocks under one long skip connection, and a pixel-shuffle tail."""

    def __init__(
        self,
        *,
        channels: int,
        blocks: int,
        scale: int,
        input_range: float = 255.0,
        residual_scale: float = 1.0,
    ) -> None:
        super().__init__()
        self.sub_mean = MeanShift(input_range, -1)
        self.head = nn.Sequential(conv3(3, channels))
        self.body = nn.Sequential(
            *(ResidualBlock(channels, residual_scale) for _ in range(blocks)),
            conv3(channels, channels),
        )
        self.tail = nn.Sequential(Upsampler(channels, scale), conv3(channels, 3))
        self.add_mean = MeanShift(input_range, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.head(self.sub_mean(x))
        return self.add_mean(self.tail(x + self.body(x)))


def detect(state: StateDict) -> bool:
    residual = has_keys("sub_mean.weight", "head.0.weight", "body.0.body.0.weight", "tail.1.weight")
    return residual(state) and "body.0.body.2.weight" in state and "body.0.body.3.weight" not in state


def infer(state: StateDict) -> Hyperparameters:
    channels = state["head.0.weight"].shape[0]
    scale = 1
    for key, tensor in state.items():
        if key.startswith("tail.0.") and key.endswith(".weight"):
            scale *= round((tensor.shape[0] / channels) ** 0.5)
    return {
        "channels": channels,
        "blocks": count(state, r"body\.(\d+)\.body\.0\.weight"),
        "scale": scale,
        "input_range": range_of_mean_shift("sub_mean.bias")(state),
        # Not stored in a checkpoint: the paper scales residuals by 0.1 in its 256-channel network alone.
        "residual_scale": 0.1 if channels >= 256 else 1.0,
    }


ARCHITECTURE = Architecture(
    id="edsr",
    name="EDSR",
    build=EDSR,
    detect=detect,
    infer=infer,
    input_range=range_of_mean_shift("sub_mean.bias"),
)
