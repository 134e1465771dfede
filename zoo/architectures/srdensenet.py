"""SRDenseNet: Tong, Li, Liu and Gao, "Image Super-Resolution Using Dense Skip Connections", ICCV 2017.

Every layer of every block sees all planes before it; a bottleneck and two deconvolutions follow.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, count, has_keys
from zoo.architectures.layers import conv3


class DenseBlock(nn.Module):
    """Layers of `growth` planes, each on the block's input and all layers before it."""

    def __init__(self, planes: int, growth: int, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(conv3(planes + i * growth, growth) for i in range(layers))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.cat([x, F.relu(layer(x))], 1)
        return x


class SRDenseNet(nn.Module):
    """`blocks` dense blocks of `layers` layers each, a bottleneck, and a deconvolution for each factor of two."""

    def __init__(self, *, growth: int, blocks: int, layers: int, bottleneck: int, scale: int) -> None:
        super().__init__()
        steps = scale.bit_length() - 1
        if scale != 2**steps:
            raise ValueError(f"deconvolutions by two reach 2, 4, 8, not {scale}")
        each = growth * layers
        self.conv = conv3(3, growth)
        self.blocks = nn.Sequential(*(DenseBlock(growth + i * each, growth, layers) for i in range(blocks)))
        self.bottleneck = nn.Conv2d(growth + blocks * each, bottleneck, 1)
        self.deconv = nn.ModuleList(
            nn.ConvTranspose2d(bottleneck, bottleneck, 4, stride=2, padding=1) for _ in range(steps)
        )
        self.reconstruction = conv3(bottleneck, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bottleneck(self.blocks(F.relu(self.conv(x)))))
        for deconvolution in self.deconv:
            x = F.relu(deconvolution(x))
        return self.reconstruction(x)


def infer(state: StateDict) -> Hyperparameters:
    return {
        "growth": state["conv.weight"].shape[0],
        "blocks": count(state, r"blocks\.(\d+)\."),
        "layers": count(state, r"blocks\.0\.layers\.(\d+)\."),
        "bottleneck": state["bottleneck.weight"].shape[0],
        "scale": 2 ** count(state, r"deconv\.(\d+)\."),
    }


ARCHITECTURE = Architecture(
    id="srdensenet",
    name="SRDenseNet",
    build=SRDenseNet,
    detect=has_keys("conv.weight", "blocks.0.layers.0.weight", "bottleneck.weight", "deconv.0.weight"),
    infer=infer,
)
