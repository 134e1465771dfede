"""The two plain implementations that this project's attribution is measured against.

Both follow the reference rule of Local Attribution Maps (Gu & Dong, CVPR 2021) to the letter: 50 steps along σ from
1.2 to 0, gradients at the right end of each step, the gradient detector over the whole SR picture and cropped to the
window afterwards, one step at a time.

A, as published: the network's parameters ask for gradients, so that every step also computes those of the weights.
B: the same with frozen parameters.

They share no code with `lam_core.attribution`.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lam_core.model import SuperResolver

STEPS = 50
SIGMA = 1.2
KERNEL = 9


def unfrozen(model: SuperResolver) -> SuperResolver:
    """A copy whose parameters ask for gradients: the network of baseline A."""
    thawed = copy.copy(model)
    thawed.module = copy.deepcopy(model.module).requires_grad_(True)
    return thawed


def kernel(sigma: float) -> NDArray[np.float64]:
    """Isotropic Gaussian sampled on a 9×9 grid of integers, of sum 1."""
    axis = np.arange(KERNEL) - KERNEL // 2
    weights = np.exp(-(axis[:, None] ** 2 + axis[None, :] ** 2) / (2 * (sigma + 1e-5) ** 2))
    return weights / weights.sum()


def path(image: NDArray[np.floating], steps: int = STEPS) -> Iterator[tuple[NDArray, NDArray]]:
    """Of every step: the image [h, w, 3] at which the gradient is taken, and the increment it is multiplied by."""
    sigmas = np.linspace(SIGMA, 0, steps + 1)
    blurred = [cv2.filter2D(image, -1, kernel(sigma)) for sigma in sigmas]
    for before, after in itertools.pairwise(blurred):
        yield after, steps * (after - before)


def detector(output: Tensor, top: int, left: int, size: int) -> Tensor:
    """Sum of gradient magnitudes in the window; the root is taken of the whole picture and cropped afterwards."""
    down = torch.pow(output[:, :, :-1, :] - output[:, :, 1:, :], 2)
    right = torch.pow(output[:, :, :, :-1] - output[:, :, :, 1:], 2)
    magnitude = torch.pow(down[:, :, :, :-1] + right[:, :, :-1, :], 0.5)
    return magnitude[:, :, top : top + size, left : left + size].sum()


def gradient(model: SuperResolver, point: Tensor, top: int, left: int, size: int = 16) -> Tensor:
    """One step: the gradient [1, 3, h, w] of the window's detector at a point of the path.

    Parameters that ask for gradients get theirs too, added to what they hold, as in the published code.
    """
    point = point.detach().clone().requires_grad_(True)
    detector(model(point), top, left, size).backward()
    assert point.grad is not None
    return point.grad


def attribution_map(
    model: SuperResolver, image: NDArray[np.float32], top: int, left: int, size: int = 16, steps: int = STEPS
) -> NDArray[np.float64]:
    """The signed map [3, h, w] of an LR image [h, w, 3] in [0, 1], window at row `top`, column `left` of the SR."""
    total = np.zeros((3, *image.shape[:2]))
    for point, increment in path(image, steps):
        x = torch.from_numpy(np.ascontiguousarray(point.transpose(2, 0, 1))[None])
        x = x.to(device=model.device, dtype=torch.float32)
        slope = gradient(model, x, top, left, size)[0].double().cpu().numpy()
        total += np.nan_to_num(slope) * increment.transpose(2, 0, 1)
    return total / steps
