"""Normalisations, of pictures, of batches and of whole tensors."""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.conformance.fuzz.block import CHANNELS, Block, family

C = CHANNELS
statistics = family("statistics")


class Normalised(Block):
    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)


@statistics
class Running(Normalised):
    """BatchNorm in evaluation."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.n = nn.BatchNorm2d(C, affine=draw.random() < 0.7)
        self.n.running_mean.uniform_(-0.2, 0.2)
        self.n.running_var.uniform_(0.5, 1.5)

    def forward(self, y: Tensor) -> Tensor:
        return F.relu(self.n(self.c(y)), inplace=True)


@statistics
class OfBatch(Normalised):
    """BatchNorm without running statistics, or in training whatever it is told."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["untracked", "training", "functional"])
        self.n = nn.BatchNorm2d(C, track_running_stats=self.way != "untracked")

    def forward(self, y: Tensor) -> Tensor:
        y = self.c(y)
        if self.way == "functional":
            return F.batch_norm(y, None, None, self.n.weight, self.n.bias, training=True)
        if self.way == "training":
            self.n.train()
        return self.n(y)


@statistics
class Instance(Normalised):
    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.n = nn.InstanceNorm2d(C, affine=draw.random() < 0.5, track_running_stats=draw.random() < 0.3)

    def forward(self, y: Tensor) -> Tensor:
        return self.n(self.c(y))


@statistics
class Groups(Normalised):
    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.n = nn.GroupNorm(draw.choice([1, 2, C]), C)

    def forward(self, y: Tensor) -> Tensor:
        return self.n(self.c(y))


@statistics
class Layer(Normalised):
    """LayerNorm over channels, in its several ways."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.n = nn.LayerNorm(C)
        self.way = draw.choice(["permute", "flatten", "by hand", "rms", "bias free", "normalize"])

    def forward(self, y: Tensor) -> Tensor:
        y = self.c(y)
        if self.way == "permute":
            return self.n(y.permute(0, 2, 3, 1)).permute(0, 3, 1, 2).contiguous()
        if self.way == "flatten":
            return self.n(y.flatten(2).transpose(1, 2)).transpose(1, 2).view(y.shape)
        if self.way == "by hand":
            u = y.mean(1, keepdim=True)
            s = (y - u).pow(2).mean(1, keepdim=True)
            return self.n.weight[:, None, None] * (y - u) / torch.sqrt(s + 1e-6) + self.n.bias[:, None, None]
        if self.way == "rms":
            return F.rms_norm(y.movedim(1, -1), (C,), self.n.weight, 1e-6).movedim(-1, 1)
        if self.way == "bias free":
            return y / torch.sqrt(y.var(1, keepdim=True, unbiased=False) + 1e-5) * self.n.weight.view(1, -1, 1, 1)
        return F.normalize(y, dim=1) * C**0.5


@statistics
class WholePicture(Normalised):
    """LayerNorm and standardisation over a picture."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["layer", "standard", "minmax", "l2"])

    def forward(self, y: Tensor) -> Tensor:
        y = self.c(y)
        if self.way == "layer":
            return F.layer_norm(y, y.shape[1:])
        if self.way == "standard":
            return (y - y.mean((1, 2, 3), keepdim=True)) / (y.std((1, 2, 3), keepdim=True) + 1e-5)
        if self.way == "minmax":
            low, high = y.amin((1, 2, 3), keepdim=True), y.amax((1, 2, 3), keepdim=True)
            return (y - low) / (high - low)
        return F.normalize(y.flatten(1), dim=1).view_as(y) * y[0].numel() ** 0.5


@statistics
class WholeTensor(Normalised):
    """Figures of the whole tensor: of one picture they are its own, of a batch everybody's."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["max", "minmax", "std", "mean", "norm", "first", "sum", "softmax"])

    def forward(self, y: Tensor) -> Tensor:
        y = self.c(y)
        if self.way == "max":
            return y / y.max()
        if self.way == "minmax":
            return (y - y.min()) / (y.max() - y.min())
        if self.way == "std":
            return y / (y.std() + 1e-6)
        if self.way == "mean":
            return y - y.mean()
        if self.way == "norm":
            return y / torch.linalg.vector_norm(y) * 30
        if self.way == "first":
            return y - y[0].mean()
        if self.way == "sum":
            return y * torch.sigmoid(y.sum() / y[0].numel())
        return y * (1 + torch.softmax(y.flatten(), 0).view_as(y) * 100)


@statistics
class AcrossBatch(Normalised):
    """Pictures of a batch meet along its first dimension; for one picture that is nothing."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["mean", "roll", "flip", "first", "softmax", "cumsum", "size", "last", "reference"])

    def forward(self, y: Tensor) -> Tensor:
        y = self.c(y)
        if self.way == "mean":
            return y + 0.5 * y.mean(0, keepdim=True)
        if self.way == "roll":
            return y + 0.5 * torch.roll(y, 1, 0)
        if self.way == "flip":
            return y * torch.flip(y, (0,))
        if self.way == "first":
            return y + y[:1]
        if self.way == "softmax":
            return y * torch.softmax(y, 0)
        if self.way == "cumsum":
            return torch.cumsum(y, 0)
        if self.way == "size":
            return y / y.shape[0] if y.shape[0] < 3 else torch.tanh(y)
        if self.way == "last":
            return y * y[-1].sigmoid()
        z = torch.zeros_like(y)
        z[0] = y[0]
        return z


@statistics
class Renormalised(Normalised):
    """Local response, divisive normalisation and contrast over a neighbourhood."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["response", "divisive", "contrast"])

    def forward(self, y: Tensor) -> Tensor:
        y = self.c(y)
        if self.way == "response":
            return F.local_response_norm(y, 3)
        if self.way == "divisive":
            return y / (0.1 + F.avg_pool2d(y.abs(), 5, 1, 2))
        return y - F.avg_pool2d(y, 3, 1, 1, count_include_pad=False)
