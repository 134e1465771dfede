"""Other sizes: interpolation, sampling, pooling, shuffling, padding, tiles."""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.conformance.fuzz.block import CHANNELS, Block, family

C = CHANNELS
resizing = family("resizing")
dynamic = family("dynamic shapes")


@resizing
class UpAndDown(Block):
    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.up = draw.choice(["nearest", "bilinear", "bicubic", "nearest-exact"])
        self.down = draw.choice(["area", "bilinear", "antialias", "bicubic", "nearest"])
        self.c = nn.Conv2d(C, C, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        corners = {"align_corners": False} if self.up in ("bilinear", "bicubic") else {}
        big = self.c(F.interpolate(y, scale_factor=2, mode=self.up, **corners))
        if self.down == "antialias":
            return F.interpolate(big, y.shape[-2:], mode="bicubic", antialias=True)
        corners = {"align_corners": False} if self.down in ("bilinear", "bicubic") else {}
        return F.interpolate(big, size=y.shape[-2:], mode=self.down, **corners)


@resizing
class DownAndUp(Block):
    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.pool = draw.choice(
            [nn.AvgPool2d(2, 2, ceil_mode=True), nn.MaxPool2d(3, 2, 1), nn.LPPool2d(2, 2, ceil_mode=True)]
        )
        self.corners = draw.random() < 0.3
        self.local = not self.corners

    def forward(self, y: Tensor) -> Tensor:
        return y + F.interpolate(self.pool(y), size=y.shape[-2:], mode="bilinear", align_corners=self.corners)


@resizing
class Shuffled(Block):
    """pixel_unshuffle, a layer, pixel_shuffle; or channel_shuffle."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(4 * C, 4 * C, 3, padding=1, groups=4)

    def forward(self, y: Tensor) -> Tensor:
        h, w = y.shape[-2:]
        x = F.pixel_unshuffle(F.pad(y, (0, w % 2, 0, h % 2), "replicate"), 2)
        return F.pixel_shuffle(F.channel_shuffle(F.relu(self.c(x)), 4), 2)[..., :h, :w]


@resizing
class Sampled(Block):
    """grid_sample at the pixels' own places, moved a little by a flow."""

    local = False  # a flow is not bounded as far as anybody can see

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.flow = nn.Conv2d(C, 2, 3, padding=1)
        self.mode, self.pad = draw.choice(["bilinear", "bicubic"]), draw.choice(["zeros", "border", "reflection"])

    def forward(self, y: Tensor) -> Tensor:
        b, _, h, w = y.shape
        rows, columns = torch.meshgrid(torch.linspace(-1, 1, h).to(y), torch.linspace(-1, 1, w).to(y), indexing="ij")
        grid = torch.stack((columns, rows), 2).expand(b, -1, -1, -1) + 0.05 * self.flow(y).tanh().permute(0, 2, 3, 1)
        return F.grid_sample(y, grid, self.mode, self.pad, align_corners=True)


@resizing
class Affine(Block):
    """A spatial transformer: the picture says how it is turned."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.theta = nn.Linear(C, 6)

    def forward(self, y: Tensor) -> Tensor:
        same = torch.eye(2, 3).to(y)
        theta = same + 0.05 * self.theta(y.mean((2, 3))).view(-1, 2, 3)
        return F.grid_sample(y, F.affine_grid(theta, list(y.shape), align_corners=False), align_corners=False)


@resizing
class Pyramid(Block):
    """Pooling to fixed sizes, as PSPNet does."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(3 * C, C, 1)

    def forward(self, y: Tensor) -> Tensor:
        parts = [y]
        for side in (2, 3):
            small = F.adaptive_avg_pool2d(y, side) if side == 2 else F.adaptive_max_pool2d(y, side)
            parts.append(F.interpolate(small, y.shape[-2:], mode="bilinear"))
        return self.c(torch.cat(parts, 1))


@resizing
class Pooled(Block):
    """Pooling of all kinds with stride one or back to size."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["max", "average", "lp", "unpool", "min", "divisor", "strip"])
        self.local = self.way != "strip"

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "max":
            return F.max_pool2d(y, 3, 1, 1) - y
        if self.way == "average":
            return F.avg_pool2d(y, 3, 1, 1) + y
        if self.way == "lp":
            return F.lp_pool2d(F.pad(y, (1, 1, 1, 1)) ** 2 + 0.1, 2.0, 3, 1) + y
        if self.way == "unpool":
            x = F.pad(y, (0, y.shape[-1] % 2, 0, y.shape[-2] % 2))
            values, places = F.max_pool2d(x, 2, return_indices=True)
            return F.max_unpool2d(values, places, 2)[..., : y.shape[-2], : y.shape[-1]]
        if self.way == "min":
            return -F.max_pool2d(-y, 3, 1, 1, dilation=1) + y
        if self.way == "divisor":
            return F.avg_pool2d(y, 5, 1, 2, divisor_override=7) + y
        return y * torch.sigmoid(y.mean(-1, keepdim=True) + y.mean(-2, keepdim=True))


@resizing
class Padded(Block):
    """Pads of every mode around layers without padding; negative ones cut."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 5)
        self.mode = draw.choice(["constant", "reflect", "replicate", "cut"])

    def forward(self, y: Tensor) -> Tensor:
        if self.mode == "cut":
            return F.pad(self.c(F.pad(y, (4, 4, 4, 4), value=0.3)), (-2, -2, -2, -2))
        return self.c(F.pad(y, (2, 2, 2, 2), self.mode))


@resizing
class Lifted(Block):
    """nn.Upsample and a strided convolution back."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.up = nn.Upsample(scale_factor=2, mode=draw.choice(["nearest", "bicubic"]))
        self.back = nn.Conv2d(C, C, 4, stride=2, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        return self.back(F.leaky_relu(self.up(y), 0.1))


@dynamic
class Tiles(Block):
    """The picture in overlapping tiles, summed and divided by their number."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        _, _, h, w = y.size()
        tile, total, count = min(16, h, w), torch.zeros_like(y), torch.zeros_like(y)
        rows = [*range(0, h - tile, tile - 4), h - tile]
        columns = [*range(0, w - tile, tile - 4), w - tile]
        for i in rows:
            for j in columns:
                patch = self.c(y[..., i : i + tile, j : j + tile])
                total[..., i : i + tile, j : j + tile].add_(patch)
                count[..., i : i + tile, j : j + tile].add_(torch.ones_like(patch))
        return total.div_(count)


@dynamic
class Multiple(Block):
    """Padded to a multiple that follows from the size, cut afterwards."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.down, self.up = nn.Conv2d(C, C, 4, 4), nn.ConvTranspose2d(C, C, 4, 4)
        self.mode = draw.choice(["reflect", "constant"])

    def forward(self, y: Tensor) -> Tensor:
        h, w = y.size(2), y.size(3)
        x = F.pad(y, (0, (4 - w % 4) % 4, 0, (4 - h % 4) % 4), self.mode)
        return y + self.up(self.down(x).tanh())[:, :, :h, :w]


@dynamic
class Coordinates(Block):
    """Coordinates and a scale made of x.shape."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C + 2, C, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        b, _, h, w = y.shape
        rows = torch.arange(h, device=y.device).type_as(y).view(1, 1, h, 1).repeat(b, 1, 1, w) / h
        columns = torch.arange(w, device=y.device).type_as(y).view(1, 1, 1, w).repeat(b, 1, h, 1) / w
        return self.c(torch.cat([y, rows, columns], 1)) / (h * w) ** 0.25


@dynamic
class OddAndEven(Block):
    """Another way for odd sizes, and a strip joined again."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.a, self.b = nn.Conv2d(C, C, 3, padding=1), nn.Conv2d(C, C, 1)

    def forward(self, y: Tensor) -> Tensor:
        h = y.shape[-2]
        top, bottom = y[:, :, : h // 2], y[:, :, h // 2 :]
        bottom = self.b(bottom) if bottom.shape[-2] % 2 else self.a(bottom)
        return torch.cat([self.a(top), bottom], 2)


@dynamic
class Embedded(Block):
    """A learned position map of a fixed size, interpolated; of one picture."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.p = nn.Parameter(torch.randn(1, C, 16, 16))
        self.c = nn.Conv2d(C, C, 3, padding=1)
        self.join = draw.random() < 0.5
        self.j = nn.Conv2d(2 * C, C, 1)

    def forward(self, y: Tensor) -> Tensor:
        p = F.interpolate(self.p, y.shape[-2:], mode="bicubic", align_corners=False)
        return self.j(torch.cat([y, p], 1)) if self.join else self.c(y + p)


@dynamic
class NoiseLevel(Block):
    """A map of one noise level, for one picture."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C + 1, C, 3, padding=1)
        self.way = draw.choice(["new_full", "full", "buffer", "repeat"])
        self.register_buffer("sigma", torch.full((1, 1, 1, 1), 0.1))

    def forward(self, y: Tensor) -> Tensor:
        h, w = y.shape[-2:]
        if self.way == "new_full":
            m = y.new_full((1, 1, h, w), 0.1)
        elif self.way == "full":
            m = torch.full((1, 1, h, w), 0.1).to(y)
        elif self.way == "buffer":
            m = self.sigma.expand(1, 1, h, w)
        else:
            m = self.sigma.repeat(1, 1, h, w)
        return self.c(torch.cat((y, m), 1))


@dynamic
class ClassToken(Block):
    """A token of the parameters' own joined to those of one picture."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.token = nn.Parameter(torch.randn(1, 1, C))
        self.m = nn.MultiheadAttention(C, 1, batch_first=True)

    def forward(self, y: Tensor) -> Tensor:
        small = F.avg_pool2d(y, 4)
        t = torch.cat((self.token, small.flatten(2).transpose(1, 2)), dim=1)
        t = self.m(t, t, t)[0]
        return y * t[:, 0, :, None, None].sigmoid() + F.interpolate(
            t[:, 1:].transpose(1, 2).reshape(small.shape), y.shape[-2:]
        )
