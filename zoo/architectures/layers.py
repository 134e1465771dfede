"""Layers that several architectures share."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.architecture import Hyperparameters, StateDict

DIV2K_MEAN = (0.4488, 0.4371, 0.4040)
"""Mean RGB of DIV2K in [0, 1], which EDSR and its descendants subtract at the input and add at the output."""


class MeanShift(nn.Conv2d):
    """Adds `sign` times the mean RGB of the training set: a 1×1 convolution with frozen weights."""

    def __init__(self, input_range: float, sign: int, mean: Sequence[float] = DIV2K_MEAN) -> None:
        super().__init__(3, 3, kernel_size=1)
        self.weight.data = torch.eye(3).view(3, 3, 1, 1)
        self.bias.data = sign * input_range * torch.tensor(mean)  # type: ignore[union-attr]
        self.requires_grad_(False)


def range_of_mean_shift(bias_key: str):
    """Reads the input range from the bias of a mean shift: below 1, or no mean shift at all, in the unit range only."""

    def input_range(state: StateDict) -> float:
        return 255.0 if bias_key in state and float(state[bias_key].abs().max()) > 1 else 1.0

    return input_range


def conv3(channels_in: int, channels_out: int) -> nn.Conv2d:
    """A 3×3 convolution that keeps height and width."""
    return nn.Conv2d(channels_in, channels_out, 3, padding=1)


class ResidualBlock(nn.Module):
    """Convolution, ReLU, convolution, scaled and added to the input; no batch normalisation (EDSR)."""

    def __init__(self, channels: int, residual_scale: float = 1.0) -> None:
        super().__init__()
        self.body = nn.Sequential(conv3(channels, channels), nn.ReLU(inplace=True), conv3(channels, channels))
        self.residual_scale = residual_scale

    def forward(self, x: Tensor) -> Tensor:
        return x + self.residual_scale * self.body(x)


class Upsampler(nn.Sequential):
    """Convolutions and pixel shuffles in steps of two or three (EDSR)."""

    def __init__(self, channels: int, scale: int) -> None:
        layers: list[nn.Module] = []
        for step in shuffle_steps(scale):
            layers += [conv3(channels, channels * step**2), nn.PixelShuffle(step)]
        super().__init__(*layers)


def scale_of_upsampler(state: StateDict, prefix: str) -> int:
    """The scale that an `Upsampler` under `prefix` reaches: every convolution widens by the square of its step."""
    scale = 1
    for key, tensor in state.items():
        if key.startswith(prefix) and key.endswith(".weight"):
            scale *= round((tensor.shape[0] / tensor.shape[1]) ** 0.5)
    return scale


def reconstruction(channels: int, scale: int, *, direct: bool = False) -> nn.Sequential:
    """From features to RGB: an `Upsampler` and a convolution (EDSR).

    With `direct`, one convolution to `3 * scale**2` channels and one pixel shuffle, a fraction of the work.
    """
    if direct:
        return nn.Sequential(conv3(channels, 3 * scale**2), nn.PixelShuffle(scale))
    return nn.Sequential(Upsampler(channels, scale), conv3(channels, 3))


def infer_reconstruction(state: StateDict, first: str = "tail.0") -> Hyperparameters:
    """The scale that a `reconstruction` whose first layer is `first` reaches, and `direct` where it is direct."""
    convolution = state.get(f"{first}.weight")
    if convolution is None:
        return {"scale": scale_of_upsampler(state, f"{first}.")}
    return {"scale": round((convolution.shape[0] / 3) ** 0.5), "direct": True}


class ChannelAttention(nn.Module):
    """Scales each channel by a function of all channels' statistics: here their means (RCAN, equation 8)."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.conv_du = nn.Sequential(
            nn.Conv2d(channels, hidden, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(hidden, channels, 1),
            nn.Sigmoid(),
        )

    def statistics(self, x: Tensor) -> Tensor:
        """One number for every channel: [B, C, h, w] to [B, C, 1, 1]."""
        return x.mean((2, 3), keepdim=True)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.conv_du(self.statistics(x))


class NonLocal(nn.Module):
    """Every place receives features of all places, weighted by their likeness (Wang et al., CVPR 2018)."""

    def __init__(self, channels: int, hidden: int, *, sums_to_one: Literal["given", "received"] = "received") -> None:
        """`sums_to_one`: whether the weights of what a place receives, or of what it gives, add up to one."""
        super().__init__()
        self.g = nn.Conv2d(channels, hidden, 1)
        self.W = nn.Conv2d(hidden, channels, 1)
        self.theta = nn.Conv2d(channels, hidden, 1)
        self.phi = nn.Conv2d(channels, hidden, 1)
        self.normalised = {"given": 1, "received": 2}[sums_to_one]

    def forward(self, x: Tensor) -> Tensor:
        theta, phi, g = (layer(x).flatten(2) for layer in (self.theta, self.phi, self.g))
        weights = torch.softmax(torch.bmm(theta.transpose(1, 2), phi), dim=self.normalised)
        y = torch.bmm(weights, g.transpose(1, 2)).transpose(1, 2)
        return self.W(y.reshape(x.shape[0], -1, *x.shape[2:])) + x


class BalancedAttention(nn.Module):
    """Channel and spatial attention side by side: Wang et al., "BAM: A Balanced Attention Mechanism for SISR"."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        squeeze = [("fc1", nn.Conv2d(channels, hidden, 1, bias=False)), ("relu1", nn.PReLU(hidden))]
        widen = ("fc2", nn.Conv2d(hidden, channels, 1, bias=False))
        self.ca = nn.Sequential(OrderedDict([*squeeze, widen]))
        self.sa = nn.Sequential(OrderedDict(conv1=nn.Conv2d(1, 1, 7, padding=3, bias=False)))

    def forward(self, x: Tensor) -> Tensor:
        channel = self.ca(x.mean((2, 3), keepdim=True))
        place = self.sa(x.amax(1, keepdim=True))
        return torch.sigmoid(channel) * torch.sigmoid(place) * x


class PixelAttention(nn.Module):
    """Scales every value by a sigmoid of a 1×1 convolution of its own pixel (PAN, equation 3)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.conv(x))


def shuffle_steps(scale: int) -> list[int]:
    """Factors of the pixel shuffles that reach `scale`: twos for a power of two, one three for 3.

    >>> shuffle_steps(4), shuffle_steps(3), shuffle_steps(1)
    ([2, 2], [3], [])
    """
    if scale == 3:
        return [3]
    if scale & (scale - 1):
        raise ValueError(f"no pixel-shuffle upsampler reaches scale {scale}; use 1, 2, 3, 4 or 8")
    return [2] * int(math.log2(scale))


class Perceptron(nn.Module):
    """Two linear layers with a GELU between them, on the last dimension."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, hidden)
        self.fc2 = nn.Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class DepthwiseConvolution(nn.Module):
    """A depthwise convolution and a GELU, on features [B, h, w, C]."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.depthwise_conv = nn.Sequential(
            nn.Conv2d(channels, channels, kernel, padding=kernel // 2, groups=channels), nn.GELU()
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.depthwise_conv(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


class ConvolutionalPerceptron(Perceptron):
    """A perceptron of features [B, h, w, C] with a depthwise convolution added in its middle (SRFormer)."""

    def __init__(self, channels: int, hidden: int, kernel: int = 5) -> None:
        super().__init__(channels, hidden)
        self.dwconv = DepthwiseConvolution(hidden, kernel)

    def forward(self, x: Tensor) -> Tensor:
        x = F.gelu(self.fc1(x))
        return self.fc2(x + self.dwconv(x))


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation of the channels of features [B, C, h, w] (ConvNeXt)."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=1e-6)

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
