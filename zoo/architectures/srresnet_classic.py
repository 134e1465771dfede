"""SRResNet and SRGAN's generator as in the paper: Ledig et al., CVPR 2017.

Key names of the commonest PyTorch training: `conv1, trunk.N.rcb, conv2, upsampling.N.upsample_block, conv3`, and in
its earlier versions `conv_block1 … conv_block3`. That training clips its output to [0, 1]; here it is left as it is,
for a clip passes no gradient.
"""

from __future__ import annotations

from torch import Tensor, nn

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, count
from zoo.architectures.layers import conv3


class Residual(nn.Module):
    """Two convolutions with batch normalisation, PReLU between them, added to the input."""

    def __init__(self, channels: int, *, bias: bool) -> None:
        super().__init__()
        self.rcb = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=bias),
            nn.BatchNorm2d(channels),
            nn.PReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, bias=bias),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.rcb(x)


class Doubling(nn.Module):
    """Convolution, pixel shuffle, PReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.upsample_block = nn.Sequential(conv3(channels, channels * 4), nn.PixelShuffle(2), nn.PReLU())

    def forward(self, x: Tensor) -> Tensor:
        return self.upsample_block(x)


class SRResNetClassic(nn.Module):
    """`blocks` residual blocks with batch normalisation under one skip connection; 9×9 first and last."""

    def __init__(
        self, *, channels: int, blocks: int, scale: int, bias: bool = False, earlier_keys: bool = False
    ) -> None:
        super().__init__()
        doublings = scale.bit_length() - 1
        if 2**doublings != scale:
            raise ValueError(f"this generator only doubles; scale {scale} is out of its reach")
        self.names = [f"conv_block{i}" if earlier_keys else f"conv{i}" for i in (1, 2, 3)]
        first = nn.Sequential(nn.Conv2d(3, channels, 9, padding=4), nn.PReLU())
        second = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1, bias=bias), nn.BatchNorm2d(channels))
        self.trunk = nn.Sequential(*(Residual(channels, bias=bias) for _ in range(blocks)))
        self.upsampling = nn.Sequential(*(Doubling(channels) for _ in range(doublings)))
        for name, layer in zip(self.names, (first, second, nn.Conv2d(channels, 3, 9, padding=4)), strict=True):
            self.add_module(name, layer)

    def forward(self, x: Tensor) -> Tensor:
        first, second, third = (getattr(self, name) for name in self.names)
        features = first(x)
        return third(self.upsampling(features + second(self.trunk(features))))


def detect(state: StateDict) -> bool:
    first = "conv1.0.weight" in state or "conv_block1.0.weight" in state
    return first and "trunk.0.rcb.0.weight" in state and "trunk.0.rcb.4.weight" in state


def infer(state: StateDict) -> Hyperparameters:
    return {
        "channels": state["trunk.0.rcb.0.weight"].shape[0],
        "blocks": count(state, r"trunk\.(\d+)\.rcb\."),
        "scale": 2 ** count(state, r"upsampling\.(\d+)\.upsample_block\."),
        "bias": "trunk.0.rcb.0.bias" in state,
        "earlier_keys": "conv_block1.0.weight" in state,
    }


ARCHITECTURE = Architecture(
    id="srresnet-classic",
    name="SRResNet",
    build=SRResNetClassic,
    detect=detect,
    infer=infer,
)
