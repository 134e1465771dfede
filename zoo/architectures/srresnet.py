"""SRResNet without batch normalisation, the generator of BasicSR's trainings and of RankSRGAN.

Ledig et al., CVPR 2017; Zhang et al., "RankSRGAN", ICCV 2019. Key names of BasicSR: `conv_first, recon_trunk,
upconv1, upconv2, HRconv, conv_last`, and in later versions `body` and `conv_hr`.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.architecture import Architecture, Hyperparameters, Reading, StateDict, count
from zoo.architectures.layers import conv3, shuffle_steps


class Residual(nn.Module):
    """Convolution, ReLU, convolution, added to the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = conv3(channels, channels)
        self.conv2 = conv3(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(F.relu(self.conv1(x)))


class SRResNet(nn.Module):
    """`blocks` residual blocks and pixel shuffles.

    With `global_residual` the bilinear picture is added to the output, so that the network predicts a residual.
    With `direct` one convolution and one pixel shuffle stand in the place of all layers behind the trunk.
    """

    def __init__(
        self,
        *,
        channels: int,
        blocks: int,
        scale: int,
        global_residual: bool = True,
        later_keys: bool = False,
        direct: bool = False,
    ) -> None:
        super().__init__()
        self.scale = scale
        self.global_residual = global_residual
        self.direct = direct
        self.steps = [] if direct else shuffle_steps(scale)
        self.trunk, self.last = ("body", "conv_hr") if later_keys else ("recon_trunk", "HRconv")
        self.conv_first = conv3(3, channels)
        self.add_module(self.trunk, nn.Sequential(*(Residual(channels) for _ in range(blocks))))
        for i, step in enumerate(self.steps, 1):
            self.add_module(f"upconv{i}", conv3(channels, channels * step**2))
        if not direct:
            self.add_module(self.last, conv3(channels, channels))
        self.conv_last = conv3(channels, 3 * scale**2 if direct else 3)

    def forward(self, x: Tensor) -> Tensor:
        y = getattr(self, self.trunk)(F.leaky_relu(self.conv_first(x), 0.1))
        for i, step in enumerate(self.steps, 1):
            y = F.leaky_relu(F.pixel_shuffle(getattr(self, f"upconv{i}")(y), step), 0.1)
        if self.direct:
            y = F.pixel_shuffle(self.conv_last(y), self.scale)
        else:
            y = self.conv_last(F.leaky_relu(getattr(self, self.last)(y), 0.1))
        if not self.global_residual:
            return y
        return y + F.interpolate(x, scale_factor=self.scale, mode="bilinear", align_corners=False)


def detect(state: StateDict) -> bool:
    trunk = any(f"{name}.0.conv1.weight" in state for name in ("recon_trunk", "body"))
    if not trunk or "conv_first.weight" not in state or "conv_last.weight" not in state:
        return False
    last = "HRconv.weight" in state or "conv_hr.weight" in state
    return last if "upconv1.weight" in state else not last and state["conv_last.weight"].shape[0] > 3


def infer(state: StateDict) -> Hyperparameters:
    later = "body.0.conv1.weight" in state
    channels = state["conv_first.weight"].shape[0]
    direct = "upconv1.weight" not in state
    scale = round((state["conv_last.weight"].shape[0] / 3) ** 0.5)
    for i in range(1, 1 + count(state, r"upconv(\d+)\.weight")):
        scale *= round((state[f"upconv{i}.weight"].shape[0] / channels) ** 0.5)
    return {
        "channels": channels,
        "blocks": count(state, r"(?:body|recon_trunk)\.(\d+)\.conv1\.weight"),
        "scale": scale,
        "later_keys": later,
        **({"direct": True} if direct else {}),
    }


def readings(state: StateDict) -> tuple[Reading, ...]:
    """With or without the global residual: the weights are the same."""
    return Reading(1.0), Reading(1.0, {"global_residual": False})


ARCHITECTURE = Architecture(
    id="srresnet",
    name="SRResNet",
    build=SRResNet,
    detect=detect,
    infer=infer,
    readings=readings,
)
