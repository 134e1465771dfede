"""The generators of CinCGAN that map an LR picture to an LR picture: Yuan et al., CVPR Workshops 2018.

"Unsupervised Image Super-Resolution using Cycle-in-Cycle Generative Adversarial Networks". One maps degraded LR
pictures to clean ones, its partner maps them back; both are this network. No weights in PyTorch are published, so the
key names `head, body, tail` are this project's.
"""

from __future__ import annotations

from torch import Tensor, nn

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, count, has_keys
from zoo.architectures.layers import conv3


class Residual(nn.Module):
    """Convolution, leaky ReLU, convolution, added to the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = conv3(channels, channels)
        self.act = nn.LeakyReLU(0.2)
        self.conv2 = conv3(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(self.act(self.conv1(x)))


class CinCGANGenerator(nn.Module):
    """Three convolutions, `blocks` residual blocks, three convolutions; the first and the last see 7×7 pixels."""

    def __init__(self, *, channels: int = 64, blocks: int = 6, scale: int = 1) -> None:
        super().__init__()
        if scale != 1:
            raise ValueError(f"this generator keeps the size of a picture; scale {scale} is out of its reach")
        self.head = nn.Sequential(
            nn.Conv2d(3, channels, 7, padding=3),
            nn.LeakyReLU(0.2),
            conv3(channels, channels),
            nn.LeakyReLU(0.2),
            conv3(channels, channels),
            nn.LeakyReLU(0.2),
        )
        self.body = nn.Sequential(*(Residual(channels) for _ in range(blocks)))
        self.tail = nn.Sequential(
            conv3(channels, channels),
            nn.LeakyReLU(0.2),
            conv3(channels, channels),
            nn.LeakyReLU(0.2),
            nn.Conv2d(channels, 3, 7, padding=3),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.tail(self.body(self.head(x)))


def infer(state: StateDict) -> Hyperparameters:
    return {
        "channels": state["head.0.weight"].shape[0],
        "blocks": count(state, r"body\.(\d+)\.conv1\.weight"),
        "scale": 1,
    }


ARCHITECTURE = Architecture(
    id="cincgan",
    name="CinCGAN generator",
    build=CinCGANGenerator,
    detect=has_keys("head.0.weight", "head.4.weight", "body.0.conv1.weight", "tail.4.weight"),
    infer=infer,
)
