"""SRResNet with instance normalisation in the place of batch normalisation: Ledig et al., CVPR 2017.

Key names of a common PyTorch training: `conv_input, residual, conv_mid, bn_mid, upscale4x, conv_output`; no biases but
those of the normalisations.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, count, has_keys

SLOPE = 0.2


def plain(channels_in: int, channels_out: int, kernel: int) -> nn.Conv2d:
    """A convolution that keeps the size, without a bias."""
    return nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2, bias=False)


class Residual(nn.Module):
    """Convolution, normalisation, leaky ReLU, convolution, normalisation, added to the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = plain(channels, channels, 3)
        self.in1 = nn.InstanceNorm2d(channels, affine=True)
        self.conv2 = plain(channels, channels, 3)
        self.in2 = nn.InstanceNorm2d(channels, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.in2(self.conv2(F.leaky_relu(self.in1(self.conv1(x)), SLOPE)))


class SRResNetInstance(nn.Module):
    """A wide head, `blocks` residual blocks under one skip connection, two pixel shuffles, a wide tail."""

    def __init__(self, *, channels: int, blocks: int) -> None:
        super().__init__()
        self.conv_input = plain(3, channels, 9)
        self.residual = nn.Sequential(*(Residual(channels) for _ in range(blocks)))
        self.conv_mid = plain(channels, channels, 3)
        self.bn_mid = nn.InstanceNorm2d(channels, affine=True)
        layers: list[nn.Module] = []
        for _ in range(2):
            layers += [plain(channels, channels * 4, 3), nn.PixelShuffle(2), nn.LeakyReLU(SLOPE)]
        self.upscale4x = nn.Sequential(*layers)
        self.conv_output = plain(channels, 3, 9)

    def forward(self, x: Tensor) -> Tensor:
        first = F.leaky_relu(self.conv_input(x), SLOPE)
        x = first + self.bn_mid(self.conv_mid(self.residual(first)))
        return self.conv_output(self.upscale4x(x))


def build(*, channels: int, blocks: int, scale: int = 4) -> SRResNetInstance:
    """The network; it is made for ×4 alone."""
    if scale != 4:
        raise ValueError(f"its upsampler reaches 4, not {scale}")
    return SRResNetInstance(channels=channels, blocks=blocks)


def infer(state: StateDict) -> Hyperparameters:
    return {
        "channels": state["conv_input.weight"].shape[0],
        "blocks": count(state, r"residual\.(\d+)\."),
        "scale": 4,
    }


ARCHITECTURE = Architecture(
    id="srresnet-instance",
    name="SRResNet (instance norm)",
    build=build,
    detect=has_keys("conv_input.weight", "residual.0.in1.weight", "bn_mid.weight", "upscale4x.3.weight"),
    infer=infer,
)
