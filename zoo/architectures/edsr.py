"""EDSR: Lim et al., "Enhanced Deep Residual Networks for Single Image Super-Resolution", CVPRW 2017.

Key names of EDSR-PyTorch: `sub_mean, head, body, tail, add_mean`.
"""

from __future__ import annotations

from torch import Tensor, nn

from zoo.architectures.architecture import (
    Architecture,
    Hyperparameters,
    Reading,
    StateDict,
    count,
    has_keys,
)
from zoo.architectures.layers import (
    MeanShift,
    ResidualBlock,
    conv3,
    infer_reconstruction,
    range_of_mean_shift,
    reconstruction,
)


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
        mean_shift: bool = True,
        direct: bool = False,
    ) -> None:
        super().__init__()
        self.mean_shift = mean_shift
        self.sub_mean = MeanShift(input_range, -1)
        self.head = nn.Sequential(conv3(3, channels))
        self.body = nn.Sequential(
            *(ResidualBlock(channels, residual_scale) for _ in range(blocks)),
            conv3(channels, channels),
        )
        self.tail = reconstruction(channels, scale, direct=direct)
        self.add_mean = MeanShift(input_range, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.head(self.sub_mean(x) if self.mean_shift else x)
        x = self.tail(x + self.body(x))
        return self.add_mean(x) if self.mean_shift else x


def detect(state: StateDict) -> bool:
    residual = has_keys("sub_mean.weight", "head.0.weight", "body.0.body.0.weight", "body.0.body.2.weight")
    tail = "tail.0.weight" in state or "tail.1.weight" in state
    return residual(state) and tail and "body.0.body.3.weight" not in state


def infer(state: StateDict) -> Hyperparameters:
    channels = state["head.0.weight"].shape[0]
    return {
        "channels": channels,
        "blocks": count(state, r"body\.(\d+)\.body\.0\.weight"),
        **infer_reconstruction(state),
        "input_range": range_of_mean_shift("sub_mean.bias")(state),
        # Not stored in a checkpoint: the paper scales residuals by 0.1 in its 256-channel network alone.
        "residual_scale": 0.1 if channels >= 256 else 1.0,
    }


def readings(state: StateDict) -> tuple[Reading, ...]:
    """As published, or as trainings that keep the mean shift in the file and leave it out of the network."""
    published = Reading(range_of_mean_shift("sub_mean.bias")(state))
    return published, Reading(1.0, {"mean_shift": False}), Reading(255.0, {"mean_shift": False})


ARCHITECTURE = Architecture(
    id="edsr",
    name="EDSR",
    build=EDSR,
    detect=detect,
    infer=infer,
    input_range=range_of_mean_shift("sub_mean.bias"),
    readings=readings,
)
