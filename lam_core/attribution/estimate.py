"""How long a run will take and how much memory, estimated before its first pass."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

from lam_core.attribution.cone import Cone
from lam_core.device import ran_out_of_memory
from lam_core.model import SuperResolver
from lam_core.module_state import undisturbed
from lam_core.randomness import seeded

LARGE_SECONDS, LARGE_MEMORY = 60.0, 4 * 2**30
"""A run that takes more of either is announced before it starts."""
BACK_AND_FORTH = 2
"""Times what a forward pass takes: forward and backward to the input."""
EFFICIENCY = 0.4
"""Speed of a whole network, with all that is not multiplied, by that of one large convolution."""
KEPT = 1.5
"""Numbers that a pass holds at its peak, by those that all layers give."""
SIDES = 24, 40
"""Sides of the pictures on which a network that has no plan is measured."""


@dataclass(frozen=True)
class Estimate:
    """What a run takes at most: where it ends early because its map is exact enough, it takes less."""

    seconds: float
    memory: int
    """Bytes beside the network that is loaded already."""

    @property
    def is_large(self) -> bool:
        """Whether whoever waits should be told before it starts."""
        return self.seconds > LARGE_SECONDS or self.memory > LARGE_MEMORY

    @property
    def sentence(self) -> str:
        """In words.

        >>> Estimate(250.0, 3_400_000_000).sentence
        'up to about 4 minutes and 3.4 GB of memory'
        """
        return f"up to about {_time(self.seconds)} and {_size(self.memory)} of memory"


def estimate_of(view: Cone, passes: int, at_once: int = 1) -> Estimate | None:
    """What so many passes take, and one of the whole network to check the plan; None where that cannot be told."""
    model, work = view.model, view.work
    if work is None:
        return _measured(model, view.height, view.width, passes)
    operations = passes * work.cost + work.whole_cost
    seconds = operations * BACK_AND_FORTH / (EFFICIENCY * _speed(model.dtype, str(model.device)))
    numbers = max(at_once * view.numbers, work.whole_numbers)
    return Estimate(seconds, int(KEPT * numbers * model.dtype.itemsize))


def _measured(model: SuperResolver, height: int, width: int, passes: int) -> Estimate | None:
    """From passes over two small pictures, continued as a power of the area: attention grows faster than it."""
    found = []
    for side in SIDES:
        if side**2 < height * width:
            try:
                found.append((side**2, *_one_pass(model, side)))
            except Exception as error:  # it may be anybody's network, and take no small pictures
                if ran_out_of_memory(error):
                    raise
    if len(found) < len(SIDES):
        return None
    (area, *small), (larger, *large) = found
    seconds, memory = (
        b * (height * width / larger) ** min(max(math.log(max(b, 1e-9) / max(a, 1e-9)) / math.log(larger / area), 1), 2)
        for a, b in zip(small, large, strict=True)
    )
    return Estimate(passes * seconds, int(KEPT * memory))


def _one_pass(model: SuperResolver, side: int) -> tuple[float, float]:
    """Seconds of a forward and a backward pass, and bytes kept between the two."""
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    x = torch.full((1, 3, side, side), 0.5, device=model.device, dtype=model.dtype, requires_grad=True)
    with undisturbed(model.module), seeded(model.device), torch.enable_grad():
        if side == SIDES[0]:  # the very first pass loads what the others find loaded
            model(x.detach())
        began = time.perf_counter()
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            y = model(x)
        y.sum().backward()
        _wait(model.device)
        seconds = time.perf_counter() - began
    weights = {p.untyped_storage().data_ptr() for p in model.module.parameters()}
    return seconds, float(sum(size for place, size in kept.items() if place not in weights))


@cache
def _speed(dtype: torch.dtype, device: str) -> float:
    """Multiply-adds a second of a large convolution here."""
    x = torch.ones(1, 64, 64, 64, dtype=dtype, device=device)
    weight = torch.ones(64, 64, 3, 3, dtype=dtype, device=device)
    times = []
    with torch.no_grad():
        for _ in range(4):
            began = time.perf_counter()
            F.conv2d(x, weight, padding=1)
            _wait(x.device)
            times.append(time.perf_counter() - began)
    return 64 * 64 * 64 * 64 * 9 / min(times)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _time(seconds: float) -> str:
    """One or two digits, in the unit that reads best."""
    for size, name in ((3600, "hours"), (60, "minutes")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{max(seconds, 1):.0f} s"


def _size(memory: int) -> str:
    return f"{memory / 1e9:.1f} GB" if memory >= 1e9 else f"{max(memory / 1e6, 1):.0f} MB"
