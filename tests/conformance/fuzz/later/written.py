"""More writing in place: expanded tensors, strided slices, lists of parts, foreach, detached and shared memory."""

from __future__ import annotations

import random

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.conformance.fuzz.block import CHANNELS, Layered, later

C = CHANNELS


@later
class Expanded(Layered):
    """An expanded tensor copied and written, and one written through where it was small."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["clone", "source", "zeros", "broadcast"])

    def forward(self, y: Tensor) -> Tensor:
        x = self.c(y)
        mean = x.mean(1, keepdim=True)
        if self.way == "clone":
            e = mean.expand(-1, C, -1, -1).clone()
            e[:, 1::2] *= 2
        elif self.way == "source":
            e = mean.expand(-1, C, -1, -1)
            mean.mul_(3)
        elif self.way == "zeros":
            e = torch.zeros(1, C, 1, 1).to(y).expand_as(y).contiguous()
            e[:, 2] += x[:, 1]
        else:
            e = x.clone()
            e += mean
            e *= torch.arange(1, C + 1).view(-1, 1, 1) / C
        return e + y


@later
class Strided(Layered):
    """Checkerboards and steps, unbound parts, diagonals, several views of one thing."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["checkers", "step", "unbound", "split", "diagonal", "swap", "real", "strided"])
        self.local = self.way != "step"

    def forward(self, y: Tensor) -> Tensor:
        x = self.c(y)
        if self.way == "checkers":
            x[..., ::2, ::2] = y[..., ::2, ::2]
            x[..., 1::2, 1::2] *= -1
        elif self.way == "step":
            for row in range(1, x.shape[2]):
                x[:, :, row] = x[:, :, row] + 0.3 * x[:, :, row - 1]
        elif self.way == "unbound":
            parts = list(x.unbind(1))
            parts[1] = parts[1] * parts[0]
            x = torch.stack(parts, 1)
        elif self.way == "split":
            for k, part in enumerate(x.unsafe_split(2, 1)):
                part.add_(0.1 * k)
        elif self.way == "diagonal":
            x.diagonal(dim1=2, dim2=3).mul_(0.5)
        elif self.way == "swap":
            x[:, [0, 1]] = x[:, [1, 0]]
        elif self.way == "real":
            z = torch.complex(x, y)
            z.real.mul_(2)
            z.imag += x
            x = z.real * z.imag
        else:
            x = x.contiguous()
            x.as_strided((x.shape[0], 2, *x.shape[2:]), x.stride()).mul_(0.5)
        return x + y


@later
class Grouped(Layered):
    """Lists of tensors changed by one call; values assigned behind a mask; memory handed over."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["foreach", "set data", "masked", "index add", "scatter", "assign", "clamp", "where"])

    def forward(self, y: Tensor) -> Tensor:
        x = self.c(y)
        if self.way == "foreach":
            parts = [x[:, k] * 1.0 for k in range(C)]
            torch._foreach_mul_(parts, [0.5 + 0.1 * k for k in range(C)])
            x = torch.stack(parts, 1)
        elif self.way == "set data":
            x.data = x.data.clamp(-0.5, 0.5)
        elif self.way == "masked":
            x[x < -0.1] = 0.05
        elif self.way == "index add":
            x.index_add_(1, torch.tensor([0, 0, 3]), y[:, :3], alpha=0.5)
        elif self.way == "scatter":
            x.scatter_add_(1, y.argsort(1), y)
        elif self.way == "assign":
            inner = F.avg_pool2d(x, 5, 1)
            x = x.clone() if self.twin else x
            x[:, :, 2:-2, 2:-2] = inner
        elif self.way == "clamp":
            torch.clamp_(x, -0.4, 0.4)
        else:
            torch.where(x > 0, x, y, out=None) if self.training else x.copy_(torch.where(x > 0, x, y))
        return x * 0.9 + 0.1 * y


@later
class Aside(Layered):
    """Parts computed in NumPy, without gradient, detached, or in inference mode."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["numpy gate", "numpy kernel", "shared", "inference", "no_grad", "item", "tolist"])
        self.local = self.way in ("inference", "no_grad")

    def forward(self, y: Tensor) -> Tensor:
        x = self.c(y)
        if self.way == "numpy gate":
            mask = np.abs(y.detach().cpu().numpy()).mean(1, keepdims=True) > 0.2
            return x * torch.from_numpy(mask).to(y) + y
        if self.way == "numpy kernel":
            size = float(np.std(y.detach().numpy())) + 0.5
            axis = np.arange(-2, 3)
            kernel = np.exp(-(axis[:, None] ** 2 + axis**2) / (2 * size**2))
            weight = torch.from_numpy(kernel / kernel.sum()).to(y).expand(C, 1, 5, 5)
            return x + F.conv2d(y, weight, padding=2, groups=C)
        if self.way == "shared":
            scratch = np.zeros(y.shape[-1])
            view = torch.from_numpy(scratch)
            scratch += np.linspace(0, 1, y.shape[-1])
            return x + view.to(y)
        if self.way == "inference":
            with torch.inference_mode():
                gate = torch.sigmoid(self.c(y))
            return x * gate.clone()
        if self.way == "no_grad":
            with torch.no_grad():
                gate = self.c(y).softmax(1)
            return x * gate + y
        if self.way == "item":
            return x * (1 + 0.1 * round(y.detach().abs().mean().item(), 3))
        largest = y.detach().abs().amax((0, 2, 3)).tolist()
        return x + y * torch.tensor(largest).to(y).view(-1, 1, 1)
