"""Features of n pictures under k degradations, in bounded memory whatever n, the layers and their sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np
import torch
from torch import Tensor

from lam_core.images import Pixels
from lam_core.images.degradations import Degradation
from lam_core.semantics.errors import DesignError, TooManyPointsError
from lam_core.semantics.space import FLATTENED, RAW, Features, Space, Tick
from lam_core.semantics.taps import Network, Tap

LARGEST_BATCH = 16
ALIVE = 8
"""Tensors as large as the largest tapped one that a forward pass is taken to hold at once."""


def collect(
    network: Network | None,
    images: Sequence[Pixels],
    degradations: Sequence[Degradation],
    layers: Sequence[str],
    *,
    space: Space = FLATTENED,
    seed: int = 0,
    batch: int = LARGEST_BATCH,
    memory: int = 1024**3,
    tick: Tick = lambda done, total: None,
) -> tuple[Features, ...]:
    """Features of every layer; `network` None gives those of the pixels (`RAW`).

    `images` are the network's inputs, uint8 [h, w, 3], all of one size. Picture i is degraded with the seed
    (`seed`, i), so that no two pictures share a noise pattern. At most `memory` bytes are held: the more points and
    layers, the shorter their sketches; the larger the pictures, the fewer pass at a time. Raises `DesignError` for
    pictures of several sizes, `TooManyPointsError` if even sketches of 64 numbers do not fit, `LayerError` for layers
    that cannot be tapped.
    """
    sizes = sorted({image.shape for image in images})
    if len(sizes) != 1:
        raise DesignError(
            f"the pictures have {len(sizes)} sizes ({sizes[0]} and {sizes[-1]} among them); crop them to one"
            if sizes
            else "there is no picture; give at least two"
        )
    height, width = sizes[0][:2]
    tap = Tap(network, layers, height, width) if network is not None else None
    shapes = dict(tap.shapes) if tap else {RAW: (3, height, width)}
    points = len(images) * len(degradations)
    limit = memory // (4 * points * len(shapes))
    if limit < 64:
        raise TooManyPointsError(
            f"{points} points in {len(shapes)} layers do not fit into {memory // 1024**2} MiB; "
            f"take fewer pictures or fewer layers"
        )
    sketches = {layer: _Sketch(space, shape, limit) for layer, shape in shapes.items()}
    held = {layer: np.empty((points, sketch.width), np.float32) for layer, sketch in sketches.items()}

    def keep(layer: str, output: Tensor) -> Tensor:
        return sketches[layer](output)

    parameter = next(network.module.parameters(), None) if network is not None else None
    batch = max(1, min(batch, memory // (4 * ALIVE * max(map(prod, shapes.values())))))
    for start in range(0, points, batch):
        index = range(start, min(start + batch, points))
        pictures = np.stack([_picture(images, degradations, i, seed) for i in index])
        x = torch.from_numpy(pictures.transpose(0, 3, 1, 2).astype(np.float32) / 255)
        if parameter is not None:
            x = x.to(parameter)
        outputs: Mapping[str, Tensor] = tap(x, keep) if tap else {RAW: keep(RAW, x)}
        for layer, output in outputs.items():
            held[layer][start : start + len(index)] = output.numpy()
        tick(index.stop, points)
    return tuple(
        Features(
            layer,
            held[layer].reshape(len(images), len(degradations), -1),
            space.words(shapes[layer], sketches[layer].width),
        )
        for layer in shapes
    )


def _picture(images: Sequence[Pixels], degradations: Sequence[Degradation], index: int, seed: int) -> Pixels:
    image, degradation = divmod(index, len(degradations))
    return degradations[degradation].apply(images[image], (seed, image))


class _Sketch:
    """Turns a layer's output [B, ...] into float32 points [B, width] on the CPU."""

    def __init__(self, space: Space, shape: tuple[int, ...], limit: int) -> None:
        self._space = space
        length = space.length(shape)
        self.width = min(length, limit, space.width or length)
        self._index, self._sign = torch.empty(0), torch.empty(0)
        if self.width < length:
            random = torch.Generator().manual_seed(space.seed)
            self._index = torch.randint(self.width, (length,), generator=random)
            self._sign = torch.randint(2, (length,), generator=random).float() * 2 - 1

    def __call__(self, output: Tensor) -> Tensor:
        values = output.detach().to("cpu", torch.float32)
        if self._space.reduction == "pooled" and values.ndim == 4:
            deviation = values.std((2, 3), correction=0)
            values = torch.cat([values.mean((2, 3)), torch.log(deviation + 1e-6)], 1)
        values = values.flatten(1)
        if self._space.unit_norm:
            values = values / values.norm(dim=1, keepdim=True).clamp_min(1e-20)
        if not len(self._index):
            return values.clone()
        return torch.zeros(len(values), self.width).index_add_(1, self._index, values * self._sign)
