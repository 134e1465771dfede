"""State of rarer kinds: statistics in training, observers, buffers made on the way, types changed within."""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn
from torch.ao import quantization
from torch.nn import functional as F

from tests.conformance.fuzz.block import CHANNELS, Layered, later

C = CHANNELS


@later
class RunningStatistics(Layered):
    """Norms that follow the picture and update what they keep."""

    local = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["functional", "instance", "instance kept", "cumulative", "eps"])
        self.register_buffer("mean", torch.zeros(C))
        self.register_buffer("var", torch.ones(C))
        self.norm = nn.InstanceNorm2d(C, affine=True, track_running_stats=True)
        self.batch = nn.BatchNorm2d(C, momentum=None)
        self.local = self.way == "instance kept"

    def forward(self, y: Tensor) -> Tensor:
        y = self.c(y)
        if self.way == "functional":
            return F.batch_norm(y, self.mean, self.var, training=True, momentum=0.3)
        if self.way == "instance":
            return F.instance_norm(y, self.mean, self.var, use_input_stats=True, momentum=0.2)
        if self.way == "instance kept":
            return self.norm(y)
        if self.way == "cumulative":
            self.batch.train()
            y = self.batch(y)
            self.batch.eval()
            return y
        return F.batch_norm(y, None, None, training=True, eps=0.1)


@later
class Observed(Layered):
    """Quantised in pretence: fake quantisation, observers that go on counting, steps learned."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["fake", "channel", "observer", "learned", "moving"])
        self.fake = quantization.FakeQuantize(quantization.MinMaxObserver, quant_min=0, quant_max=255)
        self.fake(torch.rand(1, C, 8, 8) * 2 - 1)
        if self.way != "moving":
            self.fake.disable_observer()
        self.observer = quantization.HistogramObserver() if draw.random() < 0.5 else quantization.MinMaxObserver()
        self.step = nn.Parameter(torch.tensor([0.05]))
        self.local = self.way != "moving"
        self.single = self.way in ("fake", "moving", "channel", "learned")

    def forward(self, y: Tensor) -> Tensor:
        x = self.c(y)
        if self.way == "observer":
            self.observer(x.detach().float())
            return x + y
        if self.way == "channel":
            scale, zero = torch.full((C,), 0.02), torch.zeros(C, dtype=torch.int32)
            weight = torch.fake_quantize_per_channel_affine(self.c.weight.float(), scale, zero, 0, -128, 127)
            return F.conv2d(y, weight.to(y.dtype), self.c.bias, padding=1)
        if self.way == "learned":
            x = torch._fake_quantize_learnable_per_tensor_affine(
                x.float(), self.step.float(), torch.zeros(1), -128, 127, 1.0
            )
            return x.to(y.dtype) + y
        return self.fake(x.float()).to(y.dtype) + y


@later
class Integers(Layered):
    """Weights kept as eight-bit integers with a scale."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.register_buffer("kept", (torch.randn(C, C, 3, 3) * 40).round().clamp(-127, 127).to(torch.int8))
        self.register_buffer("scale", torch.rand(C, 1, 1, 1) * 0.01)
        self.way = draw.choice(["buffer", "quantised"])
        self.quantised = torch.quantize_per_tensor(torch.randn(C, C, 1, 1) * 0.3, 0.01, 0, torch.qint8)

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "quantised":
            return self.c(F.conv2d(y, self.quantised.dequantize().to(y.dtype)))
        return F.conv2d(y, (self.kept * self.scale).to(y.dtype), padding=1)


@later
class MadeOnTheWay(Layered):
    """Buffers, parameters, modules and attributes registered while running."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["buffer", "again", "parameter", "delete", "setattr", "swap"])

    def forward(self, y: Tensor) -> Tensor:
        if self.way in ("buffer", "again"):
            if self.way == "again" or not hasattr(self, "position"):
                self.register_buffer("position", torch.linspace(0, 1, y.shape[-1]).to(y), persistent=False)
            return self.c(y) + self.position
        if self.way == "parameter":
            self.gain = nn.Parameter(torch.full((1, C, 1, 1), 0.7).to(y), requires_grad=False)
            return self.c(y) * self.gain
        if self.way == "delete":
            self.register_buffer("scratch", y.detach().mean())
            y = self.c(y) + 0 * self.scratch
            del self.scratch
            return y
        if self.way == "setattr":
            setattr(self.c, "seen", tuple(y.shape))  # noqa: B010  as published code writes it
            return self.c(y) * (self.c.seen[1] / C)
        weight = self.c.weight
        self.c.weight = nn.Parameter(weight.flip(-1), requires_grad=False)
        y = self.c(y)
        self.c.weight = weight
        return y


@later
class Mixed(Layered):
    """Regions of automatic mixed precision in bfloat16, and islands of single precision in them."""

    single = True

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["bfloat", "island", "decorated", "weights"])

    def _layer(self, y: Tensor) -> Tensor:
        bias = None if self.c.bias is None else self.c.bias.float()
        return F.conv2d(y, self.c.weight.float(), bias, padding=1)

    @torch.autocast("cpu", dtype=torch.bfloat16)
    def _decorated(self, y: Tensor) -> Tensor:
        return torch.tanh(self._layer(y))

    def forward(self, y: Tensor) -> Tensor:
        if self.way == "decorated":
            return y + self._decorated(y.float()).to(y.dtype)
        if self.way == "weights":
            weight = self.c.weight.bfloat16().to(y.dtype)
            return y + F.conv2d(y, weight, padding=1).to(torch.bfloat16).to(y.dtype)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            x = self._layer(y.float())
            if self.way == "island":
                with torch.autocast("cpu", enabled=False):
                    x = self._layer(x.float())
        return y + x.to(y.dtype)


@later
class Memory(Layered):
    """Results kept by key, in a cache of functools, in a weak table or in a class."""

    seen: list[int] = []  # noqa: RUF012  published code keeps such lists in classes

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["class", "nested", "tensor attribute", "property"])
        self.tables: dict[str, dict[str, list[Tensor]]] = {"a": {"b": []}}

    @property
    def gain(self) -> float:
        self._gain = getattr(self, "_gain", 0.5)
        return self._gain

    def forward(self, y: Tensor) -> Tensor:
        x = self.c(y)
        if self.way == "class":
            type(self).seen.append(y.shape[-1])
        elif self.way == "nested":
            self.tables["a"]["b"] = [*self.tables["a"]["b"][-1:], x]
        elif self.way == "tensor attribute":
            self.c.weight.calls = getattr(self.c.weight, "calls", 0) + 1  # pyright: ignore
        return x * self.gain if self.way == "property" else x + y
