"""Changes in place: views, slices, activations, copies."""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.conformance.fuzz.block import CHANNELS, Block, family

C = CHANNELS
in_place = family("in place")


class Layered(Block):
    """A convolution whose result is changed in place."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)
        self.w = nn.Parameter(torch.rand(1, C, 1, 1))


@in_place
class Activated(Layered):
    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["relu_", "leaky", "elu", "silu", "clamp_", "hardtanh", "functional"])
        act = {"leaky": nn.LeakyReLU(0.2, True), "elu": nn.ELU(inplace=True), "silu": nn.SiLU(True)}
        self.act = act.get(self.way) or nn.Hardtanh(-0.5, 0.5, inplace=True)

    def forward(self, y: Tensor) -> Tensor:
        y = self.c(y)
        if self.way == "relu_":
            return y.relu_()
        if self.way == "clamp_":
            return y.clamp_(-0.3, 0.3)
        return F.relu(y, inplace=True) if self.way == "functional" else self.act(y)


@in_place
class Sliced(Layered):
    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["multiply", "set", "rows", "narrow", "select", "diagonal"])

    def forward(self, y: Tensor) -> Tensor:
        y = self.c(y)
        if self.way == "multiply":
            y[:, ::2] *= 0.5
        elif self.way == "set":
            y[:, :, ::2, 1::3] = y[:, :, ::2, 1::3].tanh()
        elif self.way == "rows":
            y[:, :, 0] = 0
            y[:, :, -1] += 1
        elif self.way == "narrow":
            y.narrow(1, 1, 3).add_(0.1)
        elif self.way == "select":
            y.select(1, 0).copy_(y.select(1, 3))
        else:
            y[:, 0, :5, :5].fill_(0.25)
        return y


@in_place
class Filled(Layered):
    """An empty tensor filled piece by piece."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["empty", "zeros", "new", "like"])

    def forward(self, y: Tensor) -> Tensor:
        make = {
            "empty": lambda: torch.empty(y.shape, dtype=y.dtype, device=y.device),
            "zeros": lambda: torch.zeros(y.shape).to(y),
            "new": lambda: y.new_zeros(y.shape),
            "like": lambda: torch.empty_like(y),
        }
        out = make[self.way]()
        out[:, : C // 2] = self.c(y)[:, : C // 2]
        out[:, C // 2 :].copy_(y[:, C // 2 :])
        return out


@in_place
class Added(Layered):
    def forward(self, y: Tensor) -> Tensor:
        x = y
        y = self.c(y)
        y += x
        y.mul_(self.w).sub_(0.1).div_(2)
        return y.addcmul_(x, x, value=0.1)


@in_place
class Viewed(Layered):
    """A change of a view that shows in its base, and the other way round."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["view", "transpose", "base", "flat"])

    def forward(self, y: Tensor) -> Tensor:
        y = self.c(y)
        if self.way == "view":
            y.view(y.shape[0], 2, C // 2, *y.shape[-2:])[:, 0].mul_(2)
        elif self.way == "transpose":
            y.permute(0, 2, 3, 1).add_(torch.arange(C).to(y) / C)
        elif self.way == "base":
            part = y[:, 1:3]
            y.mul_(2)
            return torch.cat([y[:, :6], part], 1)
        else:
            y.flatten(2)[..., ::3] = 0
        return y


@in_place
class Own(Layered):
    """A product with what is made of itself, in place: the result is needed on the way back."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["exp_", "sigmoid_", "tanh_", "sqrt_"])

    def forward(self, y: Tensor) -> Tensor:
        y = self.c(y) * 0.5
        if self.way == "exp_":
            return y.exp_()
        if self.way == "sigmoid_":
            return y.sigmoid_()
        return y.tanh_() if self.way == "tanh_" else y.square().add_(1).sqrt_()


@in_place
class Unfollowed(Layered):
    """Changes that autograd refuses to go through: the result of an operation changed that its way back needs."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["softmax", "sigmoid", "input", "chunk"])

    def forward(self, y: Tensor) -> Tensor:
        y = self.c(y)
        if self.way == "softmax":
            p = y.softmax(1)
            return p * 0.5 if self.twin else p.mul_(0.5)
        if self.way == "sigmoid":
            p = y.sigmoid()
            return p * y if self.twin else p.mul_(y)
        if self.way == "input":
            q = y * y
            return q + (y + 1) if self.twin else q + y.add_(1)
        a, b = y.chunk(2, 1)
        return torch.cat([a * 0.5, b], 1) if self.twin else torch.cat([a.mul_(0.5), b], 1)


@in_place
class Silent(Layered):
    """Values changed behind autograd's back: the gradient knows nothing of it."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["data", "no_grad", "detached"])

    def forward(self, y: Tensor) -> Tensor:
        y = self.c(y)
        if self.way == "data":
            y.data.mul_(2)
        elif self.way == "no_grad":
            with torch.no_grad():
                y[:, 1:3].mul_(0.5)
        else:
            y.detach().add_(0.3)
        return y.square()


@in_place
class OutArgument(Layered):
    """out= where no gradient is wanted."""

    def forward(self, y: Tensor) -> Tensor:
        with torch.no_grad():
            buffer = torch.empty_like(y)
            torch.mul(y, self.w, out=buffer)
            torch.sigmoid(buffer, out=buffer)
        return self.c(y) * buffer


@in_place
class MaskedFill(Layered):
    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["fill", "where", "index", "scatter"])

    def forward(self, y: Tensor) -> Tensor:
        y = self.c(y)
        if self.way == "fill":
            return y.masked_fill_(y > 0.5, 0.5)
        if self.way == "where":
            y[y.abs() < 0.1] = 0.0
            return y
        if self.way == "index":
            return y.index_fill_(1, torch.tensor([1, 4]), 0.2)
        return y.scatter_(1, torch.zeros((y.shape[0], 1, *y.shape[-2:]), dtype=torch.long), 0.3)


@in_place
class Input(Block):
    """Writes over its own input, which others may read."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.c = nn.Conv2d(C, C, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        y = y * 1.0
        x = y.relu_() if y.requires_grad else F.relu(y)
        return self.c(x) + y


@in_place
class Reshaped(Layered):
    """Metadata changed in place."""

    def forward(self, y: Tensor) -> Tensor:
        y = self.c(y)
        y = y.unsqueeze_(1).squeeze_(1).transpose_(2, 3)
        y.swapaxes_(2, 3)
        return y.contiguous()


@in_place
class Accumulated(Layered):
    """Terms gathered in a Python list and summed in place."""

    def forward(self, y: Tensor) -> Tensor:
        total = torch.zeros_like(y)
        for shift in (-1, 0, 1):
            total += torch.roll(self.c(y), shift, 1) * self.w
        total[:, 0] -= y[:, 1]
        return total
