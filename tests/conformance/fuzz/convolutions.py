"""Convolutions of all kinds."""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations
from torchvision.ops import deform_conv2d

from tests.conformance.fuzz.block import CHANNELS, Block, family

C = CHANNELS
convolution = family("convolution")


@convolution
class Plain(Block):
    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        k, d = draw.choice([1, 3, 5]), draw.choice([1, 2])
        mode = draw.choice(["zeros", "reflect", "replicate"])
        groups = draw.choice([1, 1, 2, 4])
        self.c = nn.Conv2d(C, C, k, padding=k // 2 * d, dilation=d, padding_mode=mode, groups=groups)
        self.act = draw.choice([nn.ReLU(), nn.GELU(), nn.SiLU(), nn.LeakyReLU(0.1), nn.PReLU(C), nn.Tanh(), nn.Mish()])

    def forward(self, y: Tensor) -> Tensor:
        return self.act(self.c(y))


@convolution
class Circular(Block):
    local = False  # its borders meet

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1, padding_mode="circular")

    def forward(self, y: Tensor) -> Tensor:
        return self.c(y)


@convolution
class Separable(Block):
    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        k = draw.choice([3, 5, 7])
        self.rows = nn.Conv2d(C, C, (1, k), padding=(0, k // 2), groups=C, bias=draw.random() < 0.5)
        self.columns = nn.Conv2d(C, C, (k, 1), padding="same", groups=C)
        self.point = nn.Conv2d(C, C, 1)

    def forward(self, y: Tensor) -> Tensor:
        return self.point(self.columns(self.rows(y)))


@convolution
class DownAndUp(Block):
    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.down = nn.Conv2d(C, 2 * C, 3, stride=2, padding=1)
        k = draw.choice([2, 4])
        self.up = nn.ConvTranspose2d(2 * C, C, k, stride=2, padding=k // 2 - 1)

    def forward(self, y: Tensor) -> Tensor:
        h, w = y.shape[-2:]
        y = F.pad(y, (0, w % 2, 0, h % 2), mode="reflect")
        return self.up(F.relu(self.down(y)))[..., :h, :w]


@convolution
class Transposed(Block):
    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        groups = draw.choice([1, 2])
        self.c = nn.ConvTranspose2d(C, C, 3, padding=1, groups=groups)
        self.dilated = nn.ConvTranspose2d(C, C, 3, padding=2, dilation=2)

    def forward(self, y: Tensor) -> Tensor:
        return self.dilated(F.elu(self.c(y)))


@convolution
class Shuffled(Block):
    """Grouped convolution and a shuffle of channels."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1, groups=2)

    def forward(self, y: Tensor) -> Tensor:
        b, c, h, w = y.size()
        y = self.c(y).view(b, 2, c // 2, h, w)
        return torch.transpose(y, 1, 2).contiguous().view(b, -1, h, w)


@convolution
class Dynamic(Block):
    """Kernels computed of the picture itself, the batch folded into the groups."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.make = nn.Linear(C, C * 9)

    def forward(self, y: Tensor) -> Tensor:
        b, c, h, w = y.shape
        kernels = self.make(y.mean((2, 3))).view(b * c, 1, 3, 3).softmax(-1)
        return F.conv2d(y.reshape(1, b * c, h, w), kernels, padding=1, groups=b * c).view(b, c, h, w)


@convolution
class PerPixel(Block):
    """A kernel for every pixel, applied to unfolded neighbourhoods."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.make = nn.Conv2d(C, 9, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        b, c, h, w = y.shape
        kernels = self.make(y).softmax(1).view(b, 1, 9, h, w)
        return (F.unfold(y, 3, padding=1).view(b, c, 9, h, w) * kernels).sum(2)


@convolution
class Standardised(Block):
    """A weight that is made of another one at every pass."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        w = self.c.weight
        w = (w - w.mean((1, 2, 3), keepdim=True)) / (w.std((1, 2, 3), keepdim=True) + 1e-5)
        return F.conv2d(y, w * 0.2, self.c.bias, padding=1)


@convolution
class Parametrised(Block):
    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        wrap = draw.choice([parametrizations.weight_norm, parametrizations.spectral_norm, nn.utils.weight_norm])
        self.c = wrap(nn.Conv2d(C, C, 3, padding=1))

    def forward(self, y: Tensor) -> Tensor:
        return self.c(y)


@convolution
class FixedKernel(Block):
    """A Sobel filter kept in a buffer."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        sobel = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]) / 4
        self.register_buffer("kernel", torch.stack([sobel, sobel.t()])[:, None], persistent=draw.random() < 0.5)
        self.mix = nn.Conv2d(2 * C, C, 1)

    def forward(self, y: Tensor) -> Tensor:
        edges = F.conv2d(y, self.kernel.repeat(y.shape[1], 1, 1, 1), padding=1, groups=y.shape[1])
        return y + self.mix(edges)


@convolution
class Volume(Block):
    """Channels as the depth of a volume."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv3d(1, 2, 3, padding=1)
        self.back = nn.Conv3d(2, 1, (1, 3, 3), padding=(0, 1, 1))

    def forward(self, y: Tensor) -> Tensor:
        return self.back(F.relu(self.c(y.unsqueeze(1)))).squeeze(1)


@convolution
class Raster(Block):
    """A convolution along the rows, one after another."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv1d(C, C, 5, padding=2, groups=draw.choice([1, C]))

    def forward(self, y: Tensor) -> Tensor:
        return self.c(y.flatten(2)).view_as(y)


@convolution
class Deformable(Block):
    local = False  # offsets are not bounded

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.offsets = nn.Conv2d(C, 18, 3, padding=1)
        self.weight = nn.Parameter(torch.randn(C, C, 3, 3) * 0.1)

    def forward(self, y: Tensor) -> Tensor:
        return deform_conv2d(y, self.offsets(y), self.weight, padding=1)


@convolution
class LargeKernel(Block):
    """Part of the channels by a large kernel, as PLKSR does in training."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C // 4, C // 4, 9, padding=4)
        self.m = nn.Conv2d(C, C, 1)

    def forward(self, y: Tensor) -> Tensor:
        a, b = torch.split(y, [C // 4, C - C // 4], dim=1)
        return self.m(torch.cat([self.c(a), b], 1))


@convolution
class Overwriting(Block):
    """A slice written over by what a convolution makes of it: autograd cannot go through it."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C // 2, C // 2, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        if self.twin:
            return torch.cat([torch.sigmoid(self.c(y[:, : C // 2])), y[:, C // 2 :]], 1)
        y = y + 0
        y[:, : C // 2] = torch.sigmoid(self.c(y[:, : C // 2]))
        return y


@convolution
class Shifted(Block):
    """Groups of channels shifted by a pixel each, as ShuffleMixer and ECBSR's kin do."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.point = nn.Conv2d(C, C, 1)
        self.g = C // 4

    def forward(self, y: Tensor) -> Tensor:
        g, out = self.g, torch.zeros_like(y)
        out[:, :g, :, :-1] = y[:, :g, :, 1:]
        out[:, g : 2 * g, :, 1:] = y[:, g : 2 * g, :, :-1]
        out[:, 2 * g : 3 * g, :-1, :] = y[:, 2 * g : 3 * g, 1:, :]
        out[:, 3 * g :, 1:, :] = y[:, 3 * g :, :-1, :]
        return self.point(out)
