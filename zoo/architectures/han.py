"""HAN: Niu et al., "Single Image Super-Resolution via a Holistic Attention Network", ECCV 2020.

Key names of the authors' code: RCAN's, and `csa, la, last_conv, last`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, has_keys
from zoo.architectures.layers import MeanShift, Upsampler, conv3, range_of_mean_shift
from zoo.architectures.rcan import infer_attention, readings, residual_group


class LayerAttention(nn.Module):
    """Mixes the outputs of all groups by their likeness (section 3.2): [B, N, C, h, w] to [B, N·C, h, w]."""

    def __init__(self) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        layers = x.flatten(2)
        likeness = layers @ layers.transpose(1, 2)
        weights = torch.softmax(likeness.amax(-1, keepdim=True) - likeness, dim=-1)
        return (self.gamma * (weights @ layers) + layers).reshape(x.shape[0], -1, *x.shape[3:])


class ChannelSpatialAttention(nn.Module):
    """A 3D convolution over channels and places makes a mask (section 3.3)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv3d(1, 1, 3, padding=1)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        mask = torch.sigmoid(self.conv(x[:, None]))[:, 0]
        return x * (self.gamma * mask) + x


class HAN(nn.Module):
    """RCAN's groups, whose outputs are all attended to before the tail."""

    def __init__(
        self, *, channels: int, groups: int, blocks: int, scale: int, hidden: int, input_range: float = 255.0
    ) -> None:
        super().__init__()
        self.sub_mean = MeanShift(input_range, -1)
        self.add_mean = MeanShift(input_range, 1)
        self.head = nn.Sequential(conv3(3, channels))
        self.body = nn.Sequential(
            *(residual_group(channels, hidden, blocks) for _ in range(groups)), conv3(channels, channels)
        )
        self.csa = ChannelSpatialAttention()
        self.la = LayerAttention()
        self.last_conv = conv3(channels * (groups + 1), channels)
        self.last = conv3(channels * 2, channels)
        self.tail = nn.Sequential(Upsampler(channels, scale), conv3(channels, 3))

    def forward(self, x: Tensor) -> Tensor:
        first = x = self.head(self.sub_mean(x))
        outputs: list[Tensor] = []
        for layer in self.body:
            x = layer(x)
            outputs.insert(0, x)
        layers = self.last_conv(self.la(torch.stack(outputs, 1)))
        fused = self.last(torch.cat([self.csa(x), layers], 1))
        return self.add_mean(self.tail(first + fused))


def infer(state: StateDict) -> Hyperparameters:
    return {**infer_attention(state), "input_range": range_of_mean_shift("sub_mean.bias")(state)}


ARCHITECTURE = Architecture(
    id="han",
    name="HAN",
    build=HAN,
    detect=has_keys("head.0.weight", "csa.gamma", "la.gamma", "last_conv.weight", "sub_mean.bias"),
    infer=infer,
    input_range=range_of_mean_shift("sub_mean.bias"),
    readings=readings,
)
