"""What a network can see, probed by gradients, and its size: depth, width, parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lam_core.attribution.checks.network_size import Anatomy, ReceptiveField
from lam_core.model import SuperResolver

STRIP = 16
"""Shorter side of the probed strip in LR pixels: reach along one axis needs no more of the other."""
SHORTEST, LONGEST = 64, 1024
"""Longer side of the first and of the last strip that is tried, in LR pixels; each is twice the one before."""
PROBES = 2
"""Random inputs whose gradients are joined, as a unit may be off on one of them."""

_LAYERS = ("ConvolutionBackward", "AddmmBackward", "MmBackward")
"""Autograd's names of what convolutions, deconvolutions and linear layers do."""


def receptive_field(model: SuperResolver) -> ReceptiveField:
    """Probes a network along both axes: the extent of the non-zero gradient on random input, in float64.

    The strip grows until its ends are not reached and the next longer one shows no more, since a dilated network may
    look past the ends of a short one; a network that reaches the ends of the longest strip is called global. Max
    pooling lets the gradient through at one place of many, so that there the extent is a lower bound.
    """
    precise = model.in_precision(torch.float64)
    return ReceptiveField(height=_reach(precise, vertical=True), width=_reach(precise, vertical=False))


def _reach(model: SuperResolver, *, vertical: bool) -> int | None:
    length, before = SHORTEST, None
    while length <= LONGEST:
        touched = np.flatnonzero(_touched(model, length, vertical=vertical))
        reach = int(touched[-1] - touched[0] + 1) if touched.size else 0
        if reach and (touched[0] == 0 or touched[-1] == length - 1):
            reach = None
        if reach is not None and reach == before:
            return reach
        length, before = 2 * length, reach
    return before


def _touched(model: SuperResolver, length: int, *, vertical: bool) -> np.ndarray:
    """Which places along a strip have a gradient of the middle LR pixel's SR pixels, [length]."""
    random = torch.Generator().manual_seed(0)
    shape = (length, STRIP) if vertical else (STRIP, length)
    rows, columns = (slice(side // 2 * model.scale, (side // 2 + 1) * model.scale) for side in shape)
    touched = np.zeros(length, bool)
    for _ in range(PROBES):
        x = torch.rand((1, 3, *shape), generator=random, dtype=torch.float64).to(model.device).requires_grad_(True)
        y = model(x)[..., rows, columns]
        # Unequal weights, so that no symmetry of the output cancels.
        weights = torch.rand(y.shape, generator=random, dtype=torch.float64).to(model.device)
        (gradient,) = torch.autograd.grad((y * weights).sum(), x, allow_unused=True)
        if gradient is not None:
            touched |= (gradient != 0).any(0).any(0).any(1 if vertical else 0).cpu().numpy()
        if touched[0] and touched[-1]:
            break
    return touched


def anatomy(model: SuperResolver, side: int = 24) -> Anatomy:
    """Depth, width and parameters of any network, read off one pass over `side`×`side` LR pixels."""
    channels: list[int] = []

    def note(layer: nn.Module, _: Any, output: Any) -> None:
        if isinstance(output, Tensor):
            channels.append(output.shape[-1] if isinstance(layer, nn.Linear) else output.shape[1])

    layers = {n: m for n, m in model.module.named_modules() if isinstance(m, nn.Linear | nn.modules.conv._ConvNd)}
    shifts = {layer.weight.data_ptr() for name, layer in layers.items() if name.endswith("_mean")}
    hooks = [layer.register_forward_hook(note) for name, layer in layers.items() if not name.endswith("_mean")]
    try:
        x = torch.rand(1, 3, side, side, dtype=model.dtype, device=model.device, requires_grad=True)
        depth = longest_way(model(x), shifts)
    finally:
        for hook in hooks:
            hook.remove()
    counts = Counter(channels)
    width = max(counts, key=lambda c: (counts[c], c)) if counts else 0
    return Anatomy(depth, width, model.parameters)


def longest_way(output: Tensor, without: Collection[int] = ()) -> int:
    """Most layers that lie one behind the other between an output and the leaves it depends on.

    `without`: addresses of convolution weights that do not count.
    """
    depth: dict[Any, int] = {None: 0}
    stack: list[Any] = [output.grad_fn]
    while stack:
        node = stack[-1]
        if node in depth:
            stack.pop()
            continue
        before = [source for source, _ in node.next_functions]
        waiting = [source for source in before if source not in depth]
        if waiting:
            stack += waiting
            continue
        counts = node.name().startswith(_LAYERS) and getattr(node, "_saved_weight", output).data_ptr() not in without
        depth[node] = max((depth[s] for s in before), default=0) + counts
        stack.pop()
    return depth[output.grad_fn]
