"""SRGAN's generator: Ledig et al., "Photo-Realistic Single Image Super-Resolution Using a GAN", CVPR 2017.

In the form whose key names are `block1 … blockN`: no batch normalisation behind the trunk, and a tanh at the end.
"""

from __future__ import annotations

import re

import torch
from torch import Tensor, nn

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, has_keys
from zoo.architectures.layers import conv3


class Residual(nn.Module):
    """Two convolutions with batch normalisation, PReLU between them, added to the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = conv3(channels, channels)
        self.bn1 = nn.BatchNorm2d(channels)
        self.prelu = nn.PReLU()
        self.conv2 = conv3(channels, channels)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bn2(self.conv2(self.prelu(self.bn1(self.conv1(x)))))


class Doubling(nn.Module):
    """Convolution, pixel shuffle, PReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = conv3(channels, channels * 4)
        self.prelu = nn.PReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.prelu(nn.functional.pixel_shuffle(self.conv(x), 2))


class SRGANBlocks(nn.Module):
    """`blocks` residual blocks under one skip connection, doublings, and a 9×9 convolution to RGB."""

    def __init__(self, *, channels: int, blocks: int, scale: int) -> None:
        super().__init__()
        doublings = scale.bit_length() - 1
        if 2**doublings != scale:
            raise ValueError(f"this generator only doubles; scale {scale} is out of its reach")
        self.block1 = nn.Sequential(nn.Conv2d(3, channels, 9, padding=4), nn.PReLU())
        self.names = [f"block{i + 2}" for i in range(blocks)]
        for name in self.names:
            self.add_module(name, Residual(channels))
        self.last = f"block{blocks + 2}"
        self.tail = f"block{blocks + 3}"
        self.add_module(self.last, nn.Sequential(conv3(channels, channels), nn.PReLU()))
        self.add_module(
            self.tail,
            nn.Sequential(*(Doubling(channels) for _ in range(doublings)), nn.Conv2d(channels, 3, 9, padding=4)),
        )

    def forward(self, x: Tensor) -> Tensor:
        first = y = self.block1(x)
        for name in self.names:
            y = getattr(self, name)(y)
        y = getattr(self, self.tail)(first + getattr(self, self.last)(y))
        return (torch.tanh(y) + 1) / 2


def infer(state: StateDict) -> Hyperparameters:
    blocks = sum(1 for key in state if re.fullmatch(r"block\d+\.conv1\.weight", key))
    return {
        "channels": state["block1.0.weight"].shape[0],
        "blocks": blocks,
        "scale": 2 ** sum(1 for key in state if re.fullmatch(rf"block{blocks + 3}\.\d+\.conv\.weight", key)),
    }


ARCHITECTURE = Architecture(
    id="srgan-blocks",
    name="SRGAN",
    build=SRGANBlocks,
    detect=has_keys("block1.0.weight", "block2.conv1.weight", "block2.bn1.weight", "block2.prelu.weight"),
    infer=infer,
)
