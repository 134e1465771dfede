"""Patches, offsets and boxes: unfold and fold, deformable sampling, gathering where values say."""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision import ops

from tests.conformance.fuzz.block import CHANNELS, Layered, later

C = CHANNELS


@later
class Patches(Layered):
    """Overlapping patches through a linear layer and back, by fold."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.linear = nn.Linear(9 * C, 9 * C)
        self.way = draw.choice(["fold", "tensor", "strided", "dilated"])

    def forward(self, y: Tensor) -> Tensor:
        h, w = y.shape[-2:]
        if self.way == "tensor":
            x = F.pad(y, (1, 1, 1, 1), "reflect").unfold(2, 3, 1).unfold(3, 3, 1)
            return (x * self.c.weight[:, 0].unsqueeze(1).unsqueeze(1)).sum((-1, -2)) + y
        if self.way == "strided":
            x = F.pad(y, (0, -w % 2 + 1, 0, -h % 2 + 1))
            side = x.shape[-2:]
            columns = self.linear(F.unfold(x, 3, stride=2).transpose(1, 2)).transpose(1, 2)
            return F.fold(columns, side, 3, stride=2)[..., :h, :w]
        spread = 2 if self.way == "dilated" else 1
        columns = F.unfold(y, 3, padding=spread, dilation=spread)
        columns = torch.tanh(self.linear(columns.transpose(1, 2))).transpose(1, 2)
        return F.fold(columns, (h, w), 3, padding=spread, dilation=spread)


@later
class Deformed(Layered):
    """A deformable convolution: a kernel's places follow from the picture."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.offset, self.mask = nn.Conv2d(C, 18, 3, padding=1), nn.Conv2d(C, 9, 3, padding=1)
        self.masked = draw.random() < 0.5

    def forward(self, y: Tensor) -> Tensor:
        mask = torch.sigmoid(self.mask(y)) if self.masked else None
        return ops.deform_conv2d(y, torch.tanh(self.offset(y)), self.c.weight, self.c.bias, padding=1, mask=mask)


@later
class Boxes(Layered):
    """Regions around the brightest pixel, pooled and laid over the picture."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["align", "pool", "slice", "gather"])

    def forward(self, y: Tensor) -> Tensor:
        h, w = y.shape[-2:]
        place = y.detach().mean(1).flatten(1).argmax(1)
        top, left = place // w, place % w
        if self.way in ("align", "pool"):
            pool = ops.roi_align if self.way == "align" else ops.roi_pool
            first = torch.arange(len(y)).to(y)
            box = torch.stack([first, left.to(y), top.to(y), left + 9.0, top + 9.0], 1).to(y.dtype)
            return self.c(y) + F.interpolate(pool(y, box, 4), (h, w), mode="nearest")
        if self.way == "slice":
            row, column = min(int(top[0]), h - 8), min(int(left[0]), w - 8)
            return self.c(y) + F.interpolate(y[..., row : row + 8, column : column + 8], (h, w), mode="bilinear")
        rows = (top[:, None] + torch.arange(h)) % h
        return self.c(y) + y.gather(2, rows[:, None, :, None].expand(-1, C, -1, w))


@later
class Flow(Layered):
    """Warped along a flow that the picture gives: sampled, or by hand from four neighbours."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.flow = nn.Conv2d(C, 2, 3, padding=1)
        self.way = draw.choice(["sample", "nearest", "bicubic", "hand", "reflected"])

    def forward(self, y: Tensor) -> Tensor:
        b, _, h, w = y.shape
        flow = 2 * torch.tanh(self.flow(y)).permute(0, 2, 3, 1)
        rows, columns = torch.meshgrid(torch.arange(h).to(y), torch.arange(w).to(y), indexing="ij")
        places = torch.stack([columns, rows], -1) + flow
        if self.way != "hand":
            grid = 2 * places / torch.tensor([w - 1, h - 1]).to(y) - 1
            mode = self.way if self.way in ("nearest", "bicubic") else "bilinear"
            padding = "reflection" if self.way == "reflected" else "border"
            return self.c(F.grid_sample(y, grid, mode=mode, padding_mode=padding, align_corners=True))
        low = places.detach().floor()
        share = (places - low).permute(3, 0, 1, 2).unsqueeze(2)
        flat = y.flatten(2)

        def at(right: int, down: int) -> Tensor:
            index = (low[..., 1] + down).clamp(0, h - 1) * w + (low[..., 0] + right).clamp(0, w - 1)
            return flat.gather(2, index.long().flatten(1).unsqueeze(1).expand(-1, C, -1)).view(b, C, h, w)

        x, z = share[0], share[1]
        above = at(0, 0) * (1 - x) + at(1, 0) * x
        return self.c(above * (1 - z) + (at(0, 1) * (1 - x) + at(1, 1) * x) * z)


@later
class Volumes(Layered):
    """Channels as the depth of a volume."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.volume, self.line = nn.Conv3d(1, 1, 3, padding=1), nn.Conv1d(C, C, 3, padding=1)
        self.way = draw.choice(["conv", "pool", "transposed", "line", "sample"])

    def forward(self, y: Tensor) -> Tensor:
        x = y.unsqueeze(1)
        if self.way == "conv":
            return self.volume(x).squeeze(1) + self.c(y)
        if self.way == "pool":
            return self.c(F.max_pool3d(x, 3, 1, 1).squeeze(1))
        if self.way == "transposed":
            return self.c(F.conv_transpose3d(x, self.volume.weight, padding=1).squeeze(1))
        if self.way == "line":
            rows = y.permute(0, 2, 1, 3).flatten(0, 1)
            return self.c(self.line(rows).unflatten(0, (y.shape[0], -1)).permute(0, 2, 1, 3))
        b, _, h, w = y.shape
        grid = F.affine_grid(torch.eye(3, 4).to(y).expand(b, 3, 4), [b, 1, C, h, w], align_corners=True)
        return self.c(F.grid_sample(x, grid * 0.999, align_corners=True).squeeze(1))


@later
class Filtered(Layered):
    """A kernel of its own for every pixel or picture."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.kernel = nn.Conv2d(C, 9, 1)
        self.way = draw.choice(["pixel", "picture", "bilateral"])
        self.local = self.way != "picture"

    def forward(self, y: Tensor) -> Tensor:
        b, _, h, w = y.shape
        patches = F.unfold(y, 3, padding=1).view(b, C, 9, h, w)
        if self.way == "pixel":
            return self.c((patches * self.kernel(y).softmax(1).unsqueeze(1)).sum(2))
        if self.way == "picture":
            weight = self.kernel(y.mean((2, 3), keepdim=True)).softmax(1).view(b, 1, 3, 3).repeat(1, C, 1, 1)
            x = F.conv2d(y.reshape(1, b * C, h, w), weight.view(b * C, 1, 3, 3), padding=1, groups=b * C)
            return self.c(x.view(b, C, h, w))
        near = torch.exp(-(patches - y.unsqueeze(2)).square().sum(1, keepdim=True))
        return self.c((patches * near).sum(2) / near.sum(2))
